"""What every signer and its verifier must do, whatever is behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest

from pipeline.errors import TrustError
from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.evidence import Signature, SignatureFormat, VerifiedSignature
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Signer, Verifier
from pipeline.signers.cosign import CosignVerifier
from pipeline.signers.keyless import keyless_signer
from pipeline.signers.verifier import SignatureVerifier
from pipeline.stages.sign import sign
from pipeline.stages.trust import require_trust
from pipeline.stages.trust_decisions import is_by
from pipeline.testing.registry import MemoryRegistry
from pipeline.testing.signing import NamedSigner, NamedVerifier
from tests.contract.registry.servers import Silent
from tests.platform.sigstore.deployment import SigstoreDeployment
from tests.trusting import signature_of, trusting
from tests.unit.sign.support import signer, stored_artifact

SUBJECT = PinnedReference(Repository("registry.test", "team/app"), "sha256:" + "12" * 32)
OTHER = "sha256:" + "34" * 32


@dataclass(frozen=True)
class Recipe:
    name: str
    signer: Callable[[str, SignatureFormat], Signer]
    verifier: Callable[[], Verifier]


RECIPES = {
    "in memory": Recipe("in memory", NamedSigner, NamedVerifier),
    "cosign": Recipe("cosign", signer, CosignVerifier),
    "all of cosign's": Recipe("all of cosign's", signer, lambda: SignatureVerifier({}, Silent())),
}
CASES = [*product(RECIPES, SignatureFormat), ("keyless", SignatureFormat.BUNDLE)]
"""Names of recipes with the formats that they can make."""


def keyless(deployment: SigstoreDeployment, folder: Path) -> Recipe:
    def made(name: str, signature_format: SignatureFormat) -> Signer:
        options = SigningOptions(
            keyless=True,
            identity_token_file=str(deployment.token_file(f"https://ci.test/{name}", "https://issuer.test")),
            trusted_root=str(deployment.trusted_root),
            signing_config=str(deployment.signing_config),
            format=signature_format.value,
        )
        return keyless_signer(options, {}, Silent())

    return Recipe("keyless", made, lambda: SignatureVerifier({}, Silent(), str(folder)))


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}, {case[1]}")
def case(request: pytest.FixtureRequest) -> tuple[str, SignatureFormat]:
    found: tuple[str, SignatureFormat] = request.param
    return found


@pytest.fixture
def recipe(case: tuple[str, SignatureFormat], request: pytest.FixtureRequest, tmp_path: Path) -> Recipe:
    if case[0] in RECIPES:
        return RECIPES[case[0]]
    return keyless(request.getfixturevalue("sigstore_deployment"), tmp_path)


@pytest.fixture
def signature_format(case: tuple[str, SignatureFormat]) -> SignatureFormat:
    return case[1]


def judged(recipe: Recipe, digest: str, signature: Signature, policy: TrustPolicy) -> VerifiedSignature:
    """What holds and is by one of the policy's signers: a verifier of identities leaves that to be decided."""
    verified = signature_of(recipe.verifier().verify(digest, signature, policy))
    if not is_by(verified, policy.signers, CelExpressions()):
        raise TrustError("it was not made by a trusted key or identity")
    return verified


def test_a_signer_says_its_format_and_keeps_to_it(recipe: Recipe, signature_format: SignatureFormat) -> None:
    made = recipe.signer("ours", signature_format)

    assert made.format is signature_format
    assert made.sign(SUBJECT).format is signature_format
    assert (made.sign(SUBJECT).signature is None) is (signature_format is SignatureFormat.BUNDLE)


def test_its_own_policy_accepts_it_with_what_is_known_of_it(recipe: Recipe, signature_format: SignatureFormat) -> None:
    made = recipe.signer("ours", signature_format)
    signature = replace(made.sign(SUBJECT), found_in=OTHER)

    verified = judged(recipe, SUBJECT.digest, signature, made.own_policy())

    assert (verified.digest, verified.format, verified.found_in) == (SUBJECT.digest, signature_format, OTHER)
    assert verified.fingerprint in verified.signer


def test_another_digest_is_refused(recipe: Recipe, signature_format: SignatureFormat) -> None:
    made = recipe.signer("ours", signature_format)

    with pytest.raises(TrustError, match="another digest"):
        recipe.verifier().verify(OTHER, made.sign(SUBJECT), made.own_policy())


def test_another_signers_policy_refuses_it(recipe: Recipe, signature_format: SignatureFormat) -> None:
    theirs = recipe.signer("theirs", signature_format).own_policy()
    ours = recipe.signer("ours", signature_format).sign(SUBJECT)

    with pytest.raises(TrustError, match="not made by a trusted key"):
        judged(recipe, SUBJECT.digest, ours, theirs)


def test_any_one_of_a_policys_signers_is_enough(recipe: Recipe, signature_format: SignatureFormat) -> None:
    ours, theirs = (recipe.signer(name, signature_format) for name in ("ours", "theirs"))
    first, second = theirs.own_policy(), ours.own_policy()
    both = replace(first, keys=first.keys + second.keys, identities=first.identities + second.identities)

    assert judged(recipe, SUBJECT.digest, ours.sign(SUBJECT), both).digest == SUBJECT.digest


def test_an_empty_policy_refuses_everything(recipe: Recipe, signature_format: SignatureFormat) -> None:
    with pytest.raises(TrustError, match=r"no (key|identity) is trusted"):
        judged(recipe, SUBJECT.digest, recipe.signer("ours", signature_format).sign(SUBJECT), TrustPolicy())


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b"null"])
def test_nonsense_is_a_trust_error(recipe: Recipe, signature_format: SignatureFormat, content: bytes) -> None:
    ours = recipe.signer("ours", signature_format).own_policy()

    with pytest.raises(TrustError):
        recipe.verifier().verify(SUBJECT.digest, Signature(signature_format, content, "AAAA"), ours)


def test_it_passes_through_the_sign_stage_and_back(recipe: Recipe, signature_format: SignatureFormat) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    made = recipe.signer("ours", signature_format)

    first = sign(artifact, registry, made, recipe.verifier())
    second = sign(artifact, registry, made, recipe.verifier())

    assert (first.signed, second.signed) == (True, False)
    assert (first.key_fingerprint, first.identity, first.signed_at) == (
        second.key_fingerprint,
        second.identity,
        second.signed_at,
    )
    trusted = require_trust(artifact, registry, trusting(recipe.verifier()), made.own_policy()).signatures[0]
    assert trusted.fingerprint == first.key_fingerprint
    assert (trusted.identity.subject if trusted.identity else "") == first.identity


def test_a_signature_by_others_is_no_reason_not_to_sign(recipe: Recipe, signature_format: SignatureFormat) -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry)
    sign(artifact, registry, recipe.signer("theirs", signature_format), recipe.verifier())
    ours = recipe.signer("ours", signature_format)

    assert sign(artifact, registry, ours, recipe.verifier()).signed
    require_trust(artifact, registry, trusting(recipe.verifier()), ours.own_policy())
