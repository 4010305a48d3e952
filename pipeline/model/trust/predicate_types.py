"""Short names of predicate types: those of ``cosign attest --type``, GitHub's and in-toto's, and our own.

Sources: cosign ``pkg/cosign/attestation`` (the short names), the in-toto attestation framework's ``spec/predicates``,
SLSA ``provenance/v1`` and ``verification_summary/v1``; GitHub files an SPDX document with its version in the type.
"""

from __future__ import annotations

from difflib import get_close_matches
from types import MappingProxyType

from pipeline.errors import ConfigurationError

SLSA_PROVENANCE_V1 = "https://slsa.dev/provenance/v1"
SLSA_PROVENANCE_V02 = "https://slsa.dev/provenance/v0.2"
CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"
PLAN = "https://gitless.dev/attestations/plan/v1"
DEPLOY_RECORD = "https://gitless.dev/attestations/deploy-record/v1"
ROLLBACK = "https://gitless.dev/attestations/rollback/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"

PREDICATE_TYPES = MappingProxyType(
    {
        "slsaprovenance1": SLSA_PROVENANCE_V1,
        "slsaprovenance": SLSA_PROVENANCE_V02,
        "slsaprovenance02": SLSA_PROVENANCE_V02,
        "cyclonedx": CYCLONEDX,
        "spdx": SPDX,
        "spdxjson": SPDX,
        "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "openvex": "https://openvex.dev/ns",
        "link": "https://in-toto.io/Link/v1",
        "custom": "https://cosign.sigstore.dev/attestation/v1",
        "plan": PLAN,
        "deploy-record": DEPLOY_RECORD,
        "rollback": ROLLBACK,
        "test-result": TEST_RESULT,
        "vsa": "https://slsa.dev/verification_summary/v1",
        "release": "https://in-toto.io/attestation/release/v0.1",
    }
)
"""What each short name writes; ``slsaprovenance`` means what it means to cosign, the old version 0.2."""

_ALSO = MappingProxyType(
    {
        SPDX: (f"{SPDX}/v2.2", f"{SPDX}/v2.3", f"{SPDX}/v3.0"),
        CYCLONEDX: tuple(f"{CYCLONEDX}/v1.{minor}" for minor in range(4, 8)),
        "https://openvex.dev/ns": ("https://openvex.dev/ns/v0.2.0",),
    }
)
"""Under which other types the same documents are filed."""


def predicate_type(name: str) -> str:
    """The URI that a short name stands for; a URI stands for itself.

    Raises:
        ConfigurationError: it is neither.
    """
    if "://" in name:
        return name
    if name not in PREDICATE_TYPES:
        near = get_close_matches(name, PREDICATE_TYPES, n=1)
        raise ConfigurationError(
            f"{ascii(name)[:120]} is no predicate type; expected a URI, or one of {', '.join(PREDICATE_TYPES)}",
            hint=f"did you mean '{near[0]}'?" if near else None,
        )
    return PREDICATE_TYPES[name]


def accepted_types(name: str) -> tuple[str, ...]:
    """Every URI that a demand for this type is met by; where a URI is named, only that one.

    Raises:
        ConfigurationError: it is neither a short name nor a URI.
    """
    uri = predicate_type(name)
    return (uri,) if "://" in name else (uri, *_ALSO.get(uri, ()))


def short_name(uri: str) -> str:
    """The short name of a type, or the type itself where it has none."""
    for name, known in PREDICATE_TYPES.items():
        if uri == known or uri in _ALSO.get(known, ()):
            return name
    return uri
