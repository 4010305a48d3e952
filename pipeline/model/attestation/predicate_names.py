"""Short names of predicate types, as cosign's ``--type`` has them and as people say them."""

from __future__ import annotations

import re

SLSA_PROVENANCE_1 = "https://slsa.dev/provenance/v1"
SLSA_PROVENANCE_02 = "https://slsa.dev/provenance/v0.2"

_CYCLONEDX = "https://cyclonedx.org/bom"
_SPDX = "https://spdx.dev/Document"
_NAMES = {
    SLSA_PROVENANCE_1: "provenance",
    SLSA_PROVENANCE_02: "provenance",
    "https://slsa.dev/provenance/v0.1": "provenance",
    "https://slsa.dev/verification_summary/v1": "verification-summary",
    "https://in-toto.io/Link/v1": "link",
    "https://cosign.sigstore.dev/attestation/v1": "custom",
    "https://cosign.sigstore.dev/attestation/vuln/v1": "vuln",
    "https://sigstore.dev/cosign/sign/v1": "signature",
}
_ALIASES = {
    "slsaprovenance": (SLSA_PROVENANCE_02,),
    "slsaprovenance02": (SLSA_PROVENANCE_02,),
    "slsaprovenance1": (SLSA_PROVENANCE_1,),
    "spdxjson": (_SPDX,),
}
_LAST_WORD = re.compile(r"https://(?:in-toto\.io|gitless\.dev)/(?:attestations?/)?([a-z][a-z0-9-]{0,40})/v[0-9.]+")


def short_name(predicate_type: str) -> str:
    """``provenance``, ``cyclonedx``, ``vuln``, …; the type itself where nobody has a shorter name for it."""
    for prefix, name in ((_CYCLONEDX, "cyclonedx"), (_SPDX, "spdx"), ("https://openvex.dev/ns", "openvex")):
        if predicate_type == prefix or predicate_type.startswith(f"{prefix}/"):
            return name
    if predicate_type in _NAMES:
        return _NAMES[predicate_type]
    word = _LAST_WORD.fullmatch(predicate_type)
    return word[1] if word else predicate_type


def is_called(predicate_type: str, wanted: str) -> bool:
    """Whether somebody who asks for ``wanted`` (a type, a short name, or ``sbom``) means this type."""
    if wanted in _ALIASES:
        return predicate_type in _ALIASES[wanted]
    return wanted in {predicate_type, short_name(predicate_type)} or (wanted == "sbom" and is_sbom(predicate_type))


def is_sbom(predicate_type: str) -> bool:
    """Whether the predicate is a bill of materials."""
    return short_name(predicate_type) in {"cyclonedx", "spdx"}


def is_provenance(predicate_type: str) -> bool:
    """Whether the predicate is SLSA provenance."""
    return short_name(predicate_type) == "provenance"
