"""Whatever a document says, it is read as a policy or refused with our own kind of error."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.policy_reading import read_trust_policy
from tests.unit.trust.support import attestation, by_key, decided

_WORDS = st.sampled_from(
    ["keys", "identities", "rules", "name", "artifacts", "require", "allOf", "anyOf", "signature", "provenance", "sbom",
     "attestation", "registries", "count", "maxAge", "where", "type", "format", "subject", "subjectRegExp", "issuer",
     "trustedRoot", "tuf", "url", "root", "transparencyLog", "none", "any", "**", "ghcr.io/acme/*", "{}", "1h", "^x$",
     "https://x", "vuln", "branch", "repository"]
)  # fmt: skip
_SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.floats() | st.text(max_size=5) | _WORDS
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.integers(), inner, max_size=4)
)
_REQUIREMENTS = st.recursive(
    st.sampled_from(["signature", "sbom", "provenance", "attestation", "registries"]).flatmap(
        lambda kind: st.fixed_dictionaries({kind: _VALUES | st.just({}) | st.just(["**"])})
    ),
    lambda inner: st.sampled_from(["allOf", "anyOf"]).flatmap(
        lambda kind: st.fixed_dictionaries({kind: st.lists(inner, max_size=3)})
    ),
    max_leaves=6,
)
_SPECS = _VALUES | st.fixed_dictionaries(
    {
        "keys": st.just(["ours.pub"]),
        "rules": st.lists(
            st.fixed_dictionaries({"name": _WORDS, "artifacts": st.just(["**"]), "require": _REQUIREMENTS}), max_size=2
        ),
    }
)


def read(spec: Any) -> TrustPolicy | None:  # noqa: ANN401 - that is the point
    document = {"apiVersion": "gitless.dev/v1", "kind": "TrustPolicy", "spec": spec}
    try:
        return read_trust_policy(document, source="p.yaml", read_file="pem of {}".format)
    except ConfigurationError:
        return None


@settings(max_examples=150, deadline=None)
@given(_SPECS)
def test_any_document_is_a_policy_or_refused(spec: Any) -> None:  # noqa: ANN401 - that is the point
    policy = read(spec)

    if policy is not None:
        # Nobody signed, so nothing may pass, whatever the policy says.
        assert not decided(policy).passed


@settings(max_examples=150, deadline=None)
@given(_SPECS)
def test_nothing_passes_by_strangers(spec: Any) -> None:  # noqa: ANN401 - that is the point
    policy = read(spec)

    if policy is not None:
        strangers = by_key(digest=f"sha256:{'cd' * 32}"), attestation(signature=by_key())
        assert not decided(policy, *strangers).passed
