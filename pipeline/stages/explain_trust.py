"""Explain: the whole decision about an artifact, and not only whether it is for or against it."""

from __future__ import annotations

from pipeline.model.artifact.reference import Reference
from pipeline.model.outcome.trust_explain import TrustExplainResult
from pipeline.model.trust.decision import Verdict
from pipeline.model.trust.evidence import Judgement
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry
from pipeline.stages.fetch import pin
from pipeline.stages.trust import TrustPorts, evaluate_trust
from pipeline.stages.trust_decisions import decide


def explain_trust(
    reference: Reference, registry: Registry, ports: TrustPorts, policy: TrustPolicy
) -> TrustExplainResult:
    """Judge everything beside the artifact and decide; a refusal is a result like any other.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: there is more beside it than we are willing to read.
        RegistryError: the registry could not be read.
    """
    artifact = pin(reference, registry)
    if policy.is_empty:
        nothing = Judgement()
        decision = decide(artifact, nothing, policy, ports.expressions, ports.clock.now())
        return TrustExplainResult(verdict=Verdict(artifact, decision, nothing), policy=policy.source)
    return TrustExplainResult(verdict=evaluate_trust(artifact, registry, ports, policy), policy=policy.source)
