"""Attacks on what a policy asks for besides a signature: attestations, provenance, and several signers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pipeline.errors import TrustError
from pipeline.model.trust.policy import (
    Attested,
    Identity,
    Provenance,
    Requirement,
    Rule,
    SignedBy,
    Signers,
    TrustPolicy,
)
from tests.integration.sign.attacks import Scene
from tests.integration.sign.keyless import PREDICATE_TYPE
from tests.platform.sigstore.deployment import ISSUER, SUBJECT

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

JANE = "jane@example.org"
MALLORY = "https://github.com/mallory/shop"
TRUSTED = Signers(identities=(Identity(subject=SUBJECT, issuer=ISSUER), Identity(subject=JANE, issuer=ISSUER)))
REPOSITORY = "https://github.com/acme/shop"
PREDICATE: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {
                "ref": "refs/heads/main",
                "repository": REPOSITORY,
                "path": ".github/workflows/release.yml",
            }
        },
        "resolvedDependencies": [],
    },
    "runDetails": {"builder": {"id": f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"}},
}

ATTESTED = Attested("a review", ("https://example.org/review/v1",), TRUSTED, ("predicate.approved == true",))
BUILT = Provenance(signers=TRUSTED, repository=REPOSITORY, branch="main")
TWO = SignedBy(TRUSTED, count=2)
REVIEW = "https://example.org/review/v1"


def attested(scene: Scene, predicate_type: str, predicate: object, subject: str = SUBJECT, about: str = "") -> None:
    forger = scene.forger(subject=subject)
    digest = about or scene.artifact.digest
    scene.attach(forger.sign_digest(digest, predicateType=predicate_type, predicate=predicate))


def signed(scene: Scene, subject: str = SUBJECT) -> None:
    scene.attach(scene.forger(subject=subject).sign_digest(scene.artifact.digest))


def built(scene: Scene, **changes: str) -> None:
    """Provenance by somebody trusted, with these values of its workflow."""
    definition = PREDICATE["buildDefinition"]
    workflow = {**definition["externalParameters"]["workflow"], **changes}
    attested(
        scene,
        PREDICATE_TYPE,
        {**PREDICATE, "buildDefinition": {**definition, "externalParameters": {"workflow": workflow}}},
    )


@dataclass(frozen=True)
class Row:
    """What is required, what is there instead, and our answer."""

    name: str
    requirement: Requirement
    done: Callable[[Scene], object]
    refused: str
    cosign: tuple[str, bool] | None = None
    """The type of attestation that cosign is asked for, and its answer; nothing where it cannot be asked."""


def both_signatures_by_one(scene: Scene) -> None:
    signed(scene)
    signed(scene)


def one_signature_by_a_stranger(scene: Scene) -> None:
    signed(scene)
    signed(scene, MALLORY)


def an_attestation_for_the_second_signature(scene: Scene) -> None:
    signed(scene)
    attested(scene, REVIEW, {"approved": True}, JANE)


def two_halves_of_one_approval(scene: Scene) -> None:
    attested(scene, REVIEW, {"approved": False})
    attested(scene, REVIEW, {"approved": True}, MALLORY)


ROWS = [
    Row("no attestation", ATTESTED, signed, "no review; nothing is attested", (REVIEW, False)),
    Row(
        "attestation by a stranger",
        ATTESTED,
        lambda scene: attested(scene, REVIEW, {"approved": True}, MALLORY),
        rf"one by {MALLORY} \(issuer {ISSUER}\), who is not one of them",
        (REVIEW, False),
    ),
    Row(
        "attestation of another artifact",
        ATTESTED,
        lambda scene: attested(scene, REVIEW, {"approved": True}, about=scene.another().artifact.digest),
        "the signed statement is about another digest",
        (REVIEW, False),
    ),
    Row(
        "attestation of another type",
        ATTESTED,
        lambda scene: attested(scene, f"{REVIEW}/x", {"approved": True}),
        f"no review; attested is: {REVIEW}/x",
        (REVIEW, False),
    ),
    Row(
        "signature for an attestation",
        ATTESTED,
        both_signatures_by_one,
        "no review; nothing is attested",
        (REVIEW, False),
    ),
    Row(
        "attestation that says no",
        ATTESTED,
        lambda scene: attested(scene, REVIEW, {"approved": False}),
        "of which `predicate.approved == true` is false",
    ),
    Row(
        "attestation that says it in another type of value",
        ATTESTED,
        lambda scene: attested(scene, REVIEW, {"approved": "true"}),
        "of which `predicate.approved == true` is false",
    ),
    Row(
        "yes by a stranger and no by somebody trusted",
        ATTESTED,
        two_halves_of_one_approval,
        "predicate.approved == true` is false",
    ),
    Row(
        "provenance from another repository",
        BUILT,
        lambda scene: built(scene, repository="https://github.com/mallory/shop"),
        f"whose source repository is {MALLORY} and not {REPOSITORY}",
    ),
    Row(
        "provenance from a repository that begins with the wanted one",
        BUILT,
        lambda scene: built(scene, repository=f"{REPOSITORY}-mallory"),
        f"whose source repository is {REPOSITORY}-mallory and not",
    ),
    Row(
        "provenance from another branch",
        BUILT,
        lambda scene: built(scene, ref="refs/heads/mallory/main"),
        "whose ref is refs/heads/mallory/main and not refs/heads/main",
    ),
    Row(
        "provenance by a stranger",
        BUILT,
        lambda scene: attested(scene, PREDICATE_TYPE, PREDICATE, MALLORY),
        rf"one by {MALLORY} \(issuer {ISSUER}\), who is not one of them",
        (PREDICATE_TYPE, False),
    ),
    Row("two signatures by one", TWO, both_signatures_by_one, "signed by 1 of 2 different ones"),
    Row("second signature by a stranger", TWO, one_signature_by_a_stranger, "signed by 1 of 2 different ones"),
    Row(
        "attestation for the second signature",
        TWO,
        an_attestation_for_the_second_signature,
        "signed by 1 of 2 different ones",
    ),
    Row("signature that is too old", SignedBy(TRUSTED, max_age=0.001), signed, "less than an hour ago"),
]


def policy(scene: Scene, requirement: Requirement) -> TrustPolicy:
    usual = scene.keyless.policy()
    return replace(usual, identities=(), rules=(Rule("all", ("**",), requirement),))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_does_not_satisfy_the_rule_is_refused(scene: Scene, row: Row) -> None:
    row.done(scene)

    with pytest.raises(TrustError, match=f"does not satisfy the trust policy: .*({row.refused})") as refused:
        scene.require(policy(scene, row.requirement))

    assert refused.value.exit_code == 4
    if row.cosign is not None:
        wanted, accepted = row.cosign
        scene.keyless.verify_attestation(3, scene.artifact, predicate_type=wanted, accepted=accepted)


def test_what_satisfies_all_rules_is_accepted_among_all_of_it(scene: Scene) -> None:
    for row in ROWS:
        row.done(scene)
    signed(scene)
    signed(scene, JANE)
    attested(scene, REVIEW, {"approved": True})
    attested(scene, PREDICATE_TYPE, PREDICATE)

    for requirement in (ATTESTED, BUILT, TWO):
        assert scene.require(policy(scene, requirement)).decision.passed
    for wanted in (REVIEW, PREDICATE_TYPE):
        scene.keyless.verify_attestation(3, scene.artifact, predicate_type=wanted)


def test_a_policy_of_nothing_refuses_what_everybody_has_signed(scene: Scene) -> None:
    signed(scene)

    with pytest.raises(TrustError, match="no key and no identity is trusted"):
        scene.require(TrustPolicy(trusted_root=scene.keyless.policy().trusted_root))
