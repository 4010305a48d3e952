"""What every signer and its verifier must do, whatever is behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Signer, Verifier
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from pipeline.stages.trust import require_trust
from pipeline.testing.registry import MemoryRegistry
from pipeline.testing.signing import NamedSigner, NamedVerifier
from tests.trusting import signature_of, trusting
from tests.unit.sign.support import signer, stored_artifact

SUBJECT = PinnedReference(Repository("registry.test", "team/app"), "sha256:" + "12" * 32)
OTHER = "sha256:" + "34" * 32


@dataclass(frozen=True)
class Recipe:
    name: str
    signer: Callable[[str, SignatureFormat], Signer]
    verifier: Callable[[], Verifier]


RECIPES = (
    Recipe("in memory", NamedSigner, NamedVerifier),
    Recipe("cosign", signer, CosignVerifier),
)


@pytest.fixture(params=RECIPES, ids=lambda recipe: recipe.name)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    found: Recipe = request.param
    return found


@pytest.fixture(params=list(SignatureFormat))
def signature_format(request: pytest.FixtureRequest) -> SignatureFormat:
    found: SignatureFormat = request.param
    return found


def test_a_signer_says_its_format_and_keeps_to_it(recipe: Recipe, signature_format: SignatureFormat) -> None:
    made = recipe.signer("ours", signature_format)

    assert made.format is signature_format
    assert made.sign(SUBJECT).format is signature_format
    assert (made.sign(SUBJECT).signature is None) is (signature_format is SignatureFormat.BUNDLE)


def test_its_own_policy_accepts_it_with_what_is_known_of_it(recipe: Recipe, signature_format: SignatureFormat) -> None:
    made = recipe.signer("ours", signature_format)
    signature = replace(made.sign(SUBJECT), found_in=OTHER)

    verified = signature_of(recipe.verifier().verify(SUBJECT.digest, signature, made.own_policy()))

    assert (verified.digest, verified.format, verified.found_in) == (SUBJECT.digest, signature_format, OTHER)
    assert verified.fingerprint in verified.signer


def test_another_digest_is_refused(recipe: Recipe, signature_format: SignatureFormat) -> None:
    made = recipe.signer("ours", signature_format)

    with pytest.raises(TrustError, match="another digest"):
        recipe.verifier().verify(OTHER, made.sign(SUBJECT), made.own_policy())


def test_another_signers_policy_refuses_it(recipe: Recipe, signature_format: SignatureFormat) -> None:
    theirs = recipe.signer("theirs", signature_format).own_policy()

    with pytest.raises(TrustError, match="not made by a trusted key"):
        signature_of(
            recipe.verifier().verify(SUBJECT.digest, recipe.signer("ours", signature_format).sign(SUBJECT), theirs)
        )


def test_any_one_of_a_policys_keys_is_enough(recipe: Recipe, signature_format: SignatureFormat) -> None:
    ours, theirs = (recipe.signer(name, signature_format) for name in ("ours", "theirs"))
    both = TrustPolicy(theirs.own_policy().keys + ours.own_policy().keys)

    assert signature_of(recipe.verifier().verify(SUBJECT.digest, ours.sign(SUBJECT), both)).digest == SUBJECT.digest


def test_an_empty_policy_refuses_everything(recipe: Recipe, signature_format: SignatureFormat) -> None:
    with pytest.raises(TrustError, match="no key is trusted"):
        signature_of(
            recipe.verifier().verify(
                SUBJECT.digest, recipe.signer("ours", signature_format).sign(SUBJECT), TrustPolicy()
            )
        )


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
    assert require_trust(artifact, registry, trusting(recipe.verifier()), made.own_policy()).signatures[
        0
    ].fingerprint == (first.key_fingerprint)
