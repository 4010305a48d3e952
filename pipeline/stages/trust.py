"""Trust: judge what is found beside an artifact, decide by the policy, refuse with reasons; every door comes here."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.decision import Verdict
from pipeline.model.trust.evidence import Judgement
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Clock, Expressions, Registry, Verifier
from pipeline.stages.signature_decisions import REASONS_SHOWN
from pipeline.stages.signatures import growing_judgement, judge_signatures
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
    return _decided(artifact, judge_signatures(artifact, registry, ports.verifier, policy), ports, policy)


def require_passed(verdict: Verdict, policy: TrustPolicy) -> Verdict:
    """The verdict, if the artifact may be trusted.

    Raises:
        TrustError: it may not; the message says which rule, what was found and what would satisfy it.
    """
    if verdict.decision.passed:
        return verdict
    if not policy.rules:
        raise _no_accepted_signature(verdict, policy)
    raise _policy_refusal(verdict, policy)


def check_policy(policy: TrustPolicy) -> None:
    """Refuse to decide with nobody to trust.

    Raises:
        TrustError: the policy is empty.
    """
    if policy.is_empty:
        raise TrustError(
            f"no key and no identity is trusted{f' by {policy.source}' if policy.source else ''}, "
            "so no signature can be accepted",
            hint="name the signer: --key cosign.pub, GITLESS_KEY, --certificate-identity with "
            "--certificate-oidc-issuer, or --trust-policy FILE",
            code="trust.no-keys",
        )


def _decided(artifact: PinnedReference, judgement: Judgement, ports: TrustPorts, policy: TrustPolicy) -> Verdict:
    decision = decide(artifact, judgement, policy, ports.expressions, ports.clock.now())
    return Verdict(artifact, decision, judgement)


def _no_accepted_signature(verdict: Verdict, policy: TrustPolicy) -> TrustError:
    if verdict.judgement == Judgement():
        return TrustError(
            f"{verdict.artifact} is not signed",
            hint=f"sign it with `gitless sign {verdict.artifact} --key cosign.key`",
            code="trust.unsigned",
        )
    return TrustError(
        f"{verdict.artifact} has no signature by {policy.signers}: {verdict.decision.found}",
        hint="either it was not released by whom you trust, or the wrong signer is configured",
        code="trust.not-accepted",
    )


def _policy_refusal(verdict: Verdict, policy: TrustPolicy) -> TrustError:
    decision = verdict.decision
    # With several demands the decision is about all of them, and its words are those of the ones that failed.
    failed = [part for part in decision.parts if not part.passed] if len(decision.parts) > 1 else [decision]
    told = "; ".join(f"{part.requirement}: {part.found}" for part in failed[:REASONS_SHOWN])
    more = f"; and {len(failed) - REASONS_SHOWN} more" if len(failed) > REASONS_SHOWN else ""
    needs = list(dict.fromkeys(part.needed for part in failed[:REASONS_SHOWN] if part.needed))
    explained = "`gitless trust explain` shows every rule"
    return TrustError(
        f"{verdict.artifact} does not satisfy {policy.source or 'the trust policy'}: {told}{more}",
        hint=f"needed: {'; and '.join(needs)}; {explained}" if needs else explained,
        code="trust.policy",
    )
