"""What a policy makes of a judgement; pure but for regular expressions and CEL, which are a port."""

from __future__ import annotations

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import Judgement, VerifiedSignature
from pipeline.model.trust.policy import Identity, Signers, TrustPolicy
from pipeline.ports import Expressions


def decide(
    artifact: PinnedReference, judgement: Judgement, policy: TrustPolicy, expressions: Expressions, now: float
) -> Decision:
    """Everything that the policy asks for of this artifact; ``now`` is in seconds since the epoch."""
    del artifact, now
    by = tuple(item for item in judgement.accepted if is_by(item, policy.signers, expressions))
    wanted = f"signature by {policy.signers}"
    if by:
        return Decision(wanted, passed=True, found=f"signed by {by[0].signer}", signatures=by)
    return Decision(wanted, passed=False, found="no such signature", needed=wanted)


def is_by(signature: VerifiedSignature, signers: Signers, expressions: Expressions) -> bool:
    """Whether one of the signers made it."""
    if signature.key is not None:
        return signature.key.pem in {key.pem for key in signers.keys}
    return any(_is(signature, identity, expressions) for identity in signers.identities)


def _is(signature: VerifiedSignature, wanted: Identity, expressions: Expressions) -> bool:
    found = signature.identity
    return (
        found is not None
        and _fits(found.subject, wanted.subject, wanted.subject_regexp, expressions)
        and _fits(found.issuer, wanted.issuer, wanted.issuer_regexp, expressions)
    )


def _fits(found: str, exact: str, pattern: str, expressions: Expressions) -> bool:
    if exact and found != exact:
        return False
    if pattern and not expressions.finds(pattern, found):
        return False
    return bool(exact or pattern)
