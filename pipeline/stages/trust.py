"""Trust: judge what is found beside an artifact, decide by the policy, refuse with reasons; every door comes here."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.decision import Decision, Verdict
from pipeline.model.trust.evidence import Judgement
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Clock, Expressions, Registry, Verifier
from pipeline.stages.signatures import growing_judgement
from pipeline.stages.trust_decisions import decide


@dataclass(frozen=True, slots=True)
class TrustPorts:
    """What a decision needs of the world."""

    verifier: Verifier
    expressions: Expressions
    clock: Clock


def require_trust(artifact: PinnedReference, registry: Registry, ports: TrustPorts, policy: TrustPolicy) -> Verdict:
    """Decide with as little reading as possible: it stops as soon as the policy is satisfied.

    Raises:
        TrustError: the policy is not satisfied; the message says what was there and why it did not do.
        RegistryError: the registry could not be asked.
    """
    check_policy(policy)
    verdict = None
    for judgement in growing_judgement(artifact, registry, ports.verifier, policy):
        verdict = _decided(artifact, judgement, ports, policy)
        if verdict.decision.passed:
            break
    return require_passed(verdict or _decided(artifact, Judgement(), ports, policy), policy)


def evaluate_trust(artifact: PinnedReference, registry: Registry, ports: TrustPorts, policy: TrustPolicy) -> Verdict:
    """Judge everything there is, and decide; for who wants to see it all.

    Raises:
        TrustError: the policy trusts nobody, or there is more beside the artifact than we are willing to read.
        RegistryError: the registry could not be asked.
    """
    check_policy(policy)
    judgement = Judgement()
    for judgement in growing_judgement(artifact, registry, ports.verifier, policy):  # noqa: B007 - the last has it all
        pass
    return _decided(artifact, judgement, ports, policy)


def require_passed(verdict: Verdict, policy: TrustPolicy) -> Verdict:
    """The verdict, if the artifact may be trusted.

    Raises:
        TrustError: it may not; the message says which rule, what was found and what would satisfy it.
    """
    if verdict.decision.passed:
        return verdict
    if not policy.rules:
        raise _no_accepted_signature(verdict, policy)
    raise _policy_refusal(verdict)


def check_policy(policy: TrustPolicy) -> None:
    """Refuse to decide with nobody to trust.

    Raises:
        TrustError: the policy is empty.
    """
    if policy.is_empty:
        raise TrustError(
            "no key and no identity is trusted, so no signature can be accepted",
            hint="name the signer: --key cosign.pub, GITLESS_KEY, --certificate-identity with "
            "--certificate-oidc-issuer, or trust in gitless.yaml",
            code="trust.no-keys",
        )


def _decided(artifact: PinnedReference, judgement: Judgement, ports: TrustPorts, policy: TrustPolicy) -> Verdict:
    decision = decide(artifact, judgement, policy, ports.expressions, ports.clock.now())
    return Verdict(artifact, decision, judgement)


def _no_accepted_signature(verdict: Verdict, policy: TrustPolicy) -> TrustError:
    found = _found(verdict.judgement)
    if not found:
        return TrustError(
            f"{verdict.artifact} is not signed",
            hint=f"sign it with `gitless sign {verdict.artifact} --key cosign.key`",
            code="trust.unsigned",
        )
    reasons = "; ".join(found[:_REASONS_SHOWN])
    more = f"; and {len(found) - _REASONS_SHOWN} more" if len(found) > _REASONS_SHOWN else ""
    return TrustError(
        f"{verdict.artifact} has no signature by {policy.signers}: {reasons}{more}",
        hint="either it was not released by whom you trust, or the wrong signer is configured",
        code="trust.not-accepted",
    )


def _policy_refusal(verdict: Verdict) -> TrustError:
    failed = [leaf for leaf in verdict.decision.leaves() if not leaf.passed]
    told = "; ".join(f"{leaf.requirement}: {leaf.found}" for leaf in failed[:_REASONS_SHOWN])
    more = f"; and {len(failed) - _REASONS_SHOWN} more" if len(failed) > _REASONS_SHOWN else ""
    return TrustError(
        f"{verdict.artifact} does not satisfy the trust policy: {told}{more}",
        hint="; ".join(_needs(failed)[:_REASONS_SHOWN]) or None,
        code="trust.policy",
    )


def _needs(failed: list[Decision]) -> list[str]:
    return list(dict.fromkeys(leaf.needed for leaf in failed if leaf.needed))


def _found(judgement: Judgement) -> list[str]:
    accepted = [f"{item.format} signature in {item.found_in} is by {item.signer}" for item in judgement.accepted]
    attested = [
        f"{item.signature.format} signature in {item.signature.found_in}: it is an attestation of type "
        f"{ascii(item.predicate_type)[:120]}, not a signature"
        for item in judgement.attestations
    ]
    rejected = [f"{item.format} signature in {item.found_in}: {item.reason}" for item in judgement.rejected]
    return [*accepted, *attested, *rejected]


_REASONS_SHOWN = 3
