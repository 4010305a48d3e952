from __future__ import annotations

import pytest

from pipeline.model.artifact.reference import Repository
from pipeline.model.trust.evidence import RejectedSignature, SignatureFormat
from pipeline.model.trust.patterns import complaint, matches_any
from pipeline.model.trust.policy import (
    AllOf,
    AnyOf,
    Attested,
    FromRegistry,
    Identity,
    PublicKey,
    Rule,
    SignedBy,
    Signers,
    TrustPolicy,
)
from pipeline.model.trust.predicate_types import CYCLONEDX, TEST_RESULT
from tests.unit.trust.support import (
    BOTH,
    DAY,
    GITHUB,
    NOW,
    OTHER_DIGEST,
    OURS,
    RELEASE,
    SHOP,
    THEIRS,
    artifact,
    attestation,
    by_key,
    decided,
    keyless,
    ruled,
)

OURS_ALONE = Signers((OURS,))
SBOM = Attested("an SBOM", (CYCLONEDX,), OURS_ALONE)
TESTED = Attested("an attestation of type test-result", (TEST_RESULT,), OURS_ALONE, ("predicate.result == 'PASSED'",))


# The shorthand: any one of the keys and identities.


def test_any_one_of_the_policys_signers_is_enough() -> None:
    policy = TrustPolicy((OURS, THEIRS), (RELEASE,))

    for signature in (by_key(OURS), by_key(THEIRS), keyless()):
        decision = decided(policy, signature)
        assert (decision.passed, decision.signatures) == (True, (signature,))
        assert decision.found == f"signed by {signature.signer}"


def test_a_key_is_the_same_however_its_lines_are_broken() -> None:
    assert decided(TrustPolicy((PublicKey("our\r\npem\n", "copy.pub"),)), by_key(OURS)).passed


def test_a_signature_of_another_digest_counts_for_nothing() -> None:
    decision = decided(TrustPolicy((OURS,)), by_key(OURS, digest=OTHER_DIGEST))

    assert (decision.passed, decision.found) == (False, "it is not signed")


def test_an_attestation_is_no_signature_whoever_made_it() -> None:
    decision = decided(TrustPolicy((OURS,)), attestation(CYCLONEDX))

    assert not decision.passed
    assert f"it is an attestation of type '{CYCLONEDX}', not a signature" in decision.found


@pytest.mark.parametrize(
    "subject",
    [f"{SHOP}-evil", f"https://evil.test/?{SHOP}", f"{SHOP}\0", f" {SHOP}"],
    ids=["behind", "before", "nul", "blank"],
)
def test_an_identity_that_only_contains_the_wanted_one_is_refused_and_told(subject: str) -> None:
    decision = decided(TrustPolicy(identities=(RELEASE,)), keyless(subject))

    assert not decision.passed
    assert f"whose subject only contains '{SHOP}'; the whole of it must be that" in decision.found


def test_a_regular_expression_never_looks_at_less_than_the_whole_identity() -> None:
    anchored = TrustPolicy(identities=(Identity(subject_regexp=f"^{SHOP}$", issuer=GITHUB),))

    assert decided(anchored, keyless()).passed
    assert not decided(anchored, keyless(f"{SHOP}\0.evil.test")).passed
    assert not decided(anchored, keyless(f"{SHOP}\n")).passed


def test_the_right_subject_by_another_issuer_is_refused_and_told() -> None:
    decision = decided(TrustPolicy(identities=(RELEASE,)), keyless(issuer="https://evil.test"))

    assert not decision.passed
    assert f"whose issuer is https://evil.test and not {GITHUB}" in decision.found


def test_a_keyless_signature_is_by_no_key_and_a_key_by_no_identity() -> None:
    assert not decided(TrustPolicy((OURS,)), keyless()).passed
    assert not decided(TrustPolicy(identities=(RELEASE,)), by_key()).passed


def test_what_was_not_accepted_is_told_with_its_reason_and_cut_short() -> None:
    rejected = [RejectedSignature(SignatureFormat.BUNDLE, f"sha256:{n}", f"\x1b[31mreason {n}") for n in range(5)]

    found = decided(TrustPolicy((OURS,)), *rejected).found

    assert found.startswith("bundle signature in sha256:0: reason 0; bundle signature in sha256:1: reason 1; ")
    assert found.endswith("; and 2 more")


# Numbers of signers and ages.


def test_one_signer_counts_once_however_often_they_sign() -> None:
    two = ruled(SignedBy(BOTH, count=2))

    decision = decided(two, by_key(OURS), by_key(OURS))

    assert not decision.passed
    assert decision.found == "signed by 1 of 2 different ones: ours.pub (SHA256:ours.pub)"
    assert decision.needed == "a signature by another of them: ours.pub or theirs.pub"
    assert decided(two, by_key(OURS), by_key(THEIRS)).passed


def test_one_expression_may_stand_for_several_different_people() -> None:
    team = Signers(identities=(Identity(subject_regexp="^.*@acme.test$", issuer=GITHUB),))
    two = ruled(SignedBy(team, count=2))

    assert not decided(two, keyless("ann@acme.test"), keyless("ann@acme.test")).passed
    assert decided(two, keyless("ann@acme.test"), keyless("bob@acme.test")).passed


def test_a_signature_older_than_allowed_is_refused_with_its_age() -> None:
    policy = ruled(SignedBy(OURS_ALONE, max_age=30 * DAY))

    assert decided(policy, by_key(signed_at=NOW - 29 * DAY)).passed
    decision = decided(policy, by_key(signed_at=NOW - 40 * DAY))
    assert decision.found == "signed by ours.pub (SHA256:ours.pub) 40 days ago"
    assert decision.needed == "a signature by ours.pub not older than 30 days"


def test_a_signature_of_unknown_age_is_too_old_for_any_limit() -> None:
    decision = decided(ruled(SignedBy(OURS_ALONE, max_age=30 * DAY)), by_key())

    assert not decision.passed
    assert "at an unknown time, which no maximum age lets pass" in decision.found


# Attestations and conditions.


def test_an_attestation_satisfies_by_type_and_signer() -> None:
    assert decided(ruled(SBOM), attestation(CYCLONEDX)).passed
    assert decided(ruled(SBOM), by_key()).found == "no SBOM; nothing is attested by anybody whom the policy names"
    assert decided(ruled(SBOM), attestation(TEST_RESULT)).found == "no SBOM; attested is: test-result"
    foreign = decided(ruled(SBOM), attestation(CYCLONEDX, signature=by_key(THEIRS)))
    assert foreign.found == "one by theirs.pub (SHA256:theirs.pub), who is not one of them"


def test_a_condition_is_told_with_how_it_failed() -> None:
    assert decided(ruled(TESTED), attestation(TEST_RESULT, {"result": "PASSED"})).passed

    wrong = decided(ruled(TESTED), attestation(TEST_RESULT, {"result": "FAILED"}))
    assert wrong.found.endswith("of which `predicate.result == 'PASSED'` is false")
    assert wrong.needed.endswith("by ours.pub where predicate.result == 'PASSED'")
    unknown = decided(ruled(TESTED), attestation(TEST_RESULT, {"outcome": "PASSED"}))
    assert "cannot be told: the CEL expression fails: no such key: result" in unknown.found


def test_all_conditions_must_hold_of_one_and_the_same_attestation() -> None:
    both = Attested("a test", (TEST_RESULT,), OURS_ALONE, ("predicate.a == 1", "predicate.b == 1"))

    assert not decided(
        ruled(both), attestation(TEST_RESULT, {"a": 1, "b": 2}), attestation(TEST_RESULT, {"a": 2, "b": 1})
    ).passed
    assert decided(ruled(both), attestation(TEST_RESULT, {"a": 2}), attestation(TEST_RESULT, {"a": 1, "b": 1})).passed


def test_a_condition_may_speak_of_digest_and_signer() -> None:
    speaking = Attested(
        "a test", (TEST_RESULT,), OURS_ALONE, ("subject.startsWith('sha256:ab')", "signer.startsWith('ours.pub')")
    )

    assert decided(ruled(speaking), attestation(TEST_RESULT)).passed


@pytest.mark.parametrize(
    "predicate", [{"result": "PASSED\0"}, {"result\0": "PASSED"}, {"result": "PASSED", "x": [{"y": "\0"}]}]
)
def test_a_predicate_whose_texts_cel_would_cut_is_not_judged(predicate: dict[str, object]) -> None:
    decision = decided(ruled(TESTED), attestation(TEST_RESULT, predicate))

    assert not decision.passed
    assert "in which a text has a NUL character" in decision.found


@pytest.mark.parametrize("value", [2**70, "\ud800", None, [], {}])
def test_a_value_that_cel_cannot_take_satisfies_nothing(value: object) -> None:
    assert not decided(ruled(TESTED), attestation(TEST_RESULT, {"result": value})).passed


def test_an_attestation_too_old_is_told() -> None:
    fresh = Attested("an SBOM", (CYCLONEDX,), OURS_ALONE, max_age=DAY)

    decision = decided(ruled(fresh), attestation(CYCLONEDX, signature=by_key(signed_at=NOW - 3 * DAY)))

    assert decision.found == "one by ours.pub (SHA256:ours.pub), signed 3 days ago"


def test_an_attestation_that_was_rejected_is_told_with_the_reason() -> None:
    rejected = RejectedSignature(SignatureFormat.BUNDLE, "sha256:x", "it was changed", CYCLONEDX)

    assert decided(ruled(SBOM), rejected).found == "one in sha256:x was not accepted: it was changed"


# Rules and how they are joined.


def test_the_policys_signers_and_every_rule_that_fits_must_all_be_satisfied() -> None:
    policy = TrustPolicy(
        (OURS,), rules=(Rule("sbom", ("ghcr.io/acme/*",), SBOM), Rule("else", ("quay.io/**",), TESTED))
    )

    assert decided(policy, by_key(), attestation(CYCLONEDX)).passed
    without = decided(policy, by_key())
    assert [(part.requirement, part.passed) for part in without.parts] == [
        ("signature by ours.pub", True),
        ("rule 'sbom'", False),
    ]
    assert not decided(policy, attestation(CYCLONEDX)).passed


def test_a_repository_that_no_rule_is_for_is_refused_under_rules_alone() -> None:
    decision = decided(ruled(SBOM, "ghcr.io/acme/shop", "quay.io/**"), by_key(), of=artifact("ghcr.io/other/shop"))

    assert not decision.passed
    assert decision.found == (
        "no rule of the policy is for ghcr.io/other/shop; rules are for ghcr.io/acme/shop, quay.io/**"
    )
    assert "a rule whose artifacts fit ghcr.io/other/shop" in decision.needed


def test_nobody_trusted_is_nothing_trusted() -> None:
    assert not decided(TrustPolicy(), by_key()).passed


def test_all_of_names_only_what_is_missing_and_any_of_every_way_out() -> None:
    everything = AllOf((SignedBy(OURS_ALONE), AnyOf((SBOM, TESTED))))

    decision = decided(ruled(everything), by_key())

    assert decision.needed == (
        "either an SBOM by ours.pub, or an attestation of type test-result by ours.pub"
        " where predicate.result == 'PASSED'"
    )
    assert "signed by" not in decision.found
    passed = decided(ruled(everything), by_key(), attestation(CYCLONEDX))
    assert passed.passed
    assert len(passed.signatures) == 1  # the key's; its attestation is by the same


def test_a_registry_can_be_demanded_but_never_stands_for_a_signature() -> None:
    here = AllOf((FromRegistry(("ghcr.io/acme/**",)), SignedBy(OURS_ALONE)))

    assert decided(ruled(here, "**"), by_key()).passed
    elsewhere = decided(ruled(here, "**"), by_key(), of=artifact("evil.test/acme/shop"))
    assert elsewhere.found == "it is in evil.test/acme/shop"
    alone = decided(ruled(FromRegistry(("ghcr.io/acme/**",)), "**"))
    assert (alone.passed, alone.found) == (False, "nobody signed")


def test_joined_out_of_nothing_is_refused() -> None:
    assert not decided(ruled(AllOf(())), by_key()).passed
    assert not decided(ruled(AnyOf(())), by_key()).passed


@pytest.mark.parametrize(
    ("pattern", "repository", "fits"),
    [
        ("ghcr.io/acme/shop", "ghcr.io/acme/shop", True),
        ("oci://ghcr.io/acme/shop", "ghcr.io/acme/shop", True),
        ("ghcr.io/acme/shop", "ghcr.io/acme/shop2", False),
        ("ghcr.io/acme/*", "ghcr.io/acme/shop", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/shop/web", False),
        ("ghcr.io/acme/*", "ghcr.io/acme-evil/shop", False),
        ("ghcr.io/acme/**", "ghcr.io/acme/shop/web", True),
        ("ghcr.io/**/web", "ghcr.io/acme/shop/web", True),
        ("ghcrxio/acme/*", "ghcr.io/acme/shop", False),
        ("*.acme.test/shop", "registry.acme.test/shop", True),
        ("*.acme.test/shop", "evil.test/x.acme.test/shop", False),
        ("localhost:5000/**", "localhost:5000/shop", True),
        ("**", "anything.test/at/all", True),
        ("ghcr.io/acme/*", "GHCR.io/acme/shop", True),
        ("GHCR.io:443/acme/*", "ghcr.io/acme/shop", True),
        ("ghcr.io/acme/*", "ghcr.io:443/acme/shop", True),
        ("ghcr.io/acme/*", "ghcr.io:8443/acme/shop", False),
        ("docker.io/acme/*", "registry-1.docker.io/acme/shop", True),
        ("index.docker.io/nginx", "docker.io/library/nginx", True),
        ("docker.io/**", "docker.io/nginx", True),
    ],
)
def test_patterns_stop_where_a_part_of_the_path_does(pattern: str, repository: str, fits: bool) -> None:  # noqa: FBT001
    host, _, path = repository.partition("/")

    assert complaint(pattern) == ""
    assert matches_any([pattern], Repository(host, path)) is fits


def test_a_layout_folder_is_only_named_with_its_scheme() -> None:
    folder = Repository("", "ghcr.io/acme/shop")

    assert not matches_any(["ghcr.io/acme/shop", "ghcr.io/**"], folder)
    assert matches_any(["oci-layout:**"], folder)


@pytest.mark.parametrize(
    "pattern", ["ghcr.io", "ghcr.io/", "ghcr.io*/acme", "ghcr.io/acme**", "ghcr.io/a:1", "ghcr.io/a@sha256:1"]
)
def test_patterns_that_mean_something_else_than_they_seem_to_are_refused(pattern: str) -> None:
    assert complaint(pattern)
