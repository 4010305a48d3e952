"""What a policy makes of a judgement; pure but for regular expressions and CEL, which are a port."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import Judgement
from pipeline.model.trust.patterns import matches_any
from pipeline.model.trust.policy import (
    AllOf,
    Attested,
    FromRegistry,
    Provenance,
    Requirement,
    Rule,
    SignedBy,
    Signers,
    TrustPolicy,
)
from pipeline.ports import Expressions
from pipeline.stages.attestation_decisions import attested
from pipeline.stages.provenance_decisions import provenance
from pipeline.stages.signature_decisions import Evidence, is_by, signed_by

__all__ = ["decide", "is_by"]

_PATTERNS_SHOWN = 8
_Item = TypeVar("_Item")


def decide(
    artifact: PinnedReference, judgement: Judgement, policy: TrustPolicy, expressions: Expressions, now: float
) -> Decision:
    """Everything that the policy asks for of this artifact; ``now`` is in seconds since the epoch.

    It only ever asks whether something is there, so more evidence never makes a decision worse, and whoever can push
    cannot take trust away.
    """
    evidence = Evidence(artifact, judgement, expressions, now, policy.signers)
    rules = [rule for rule in policy.rules if matches_any(rule.artifacts, artifact.repository)]
    # The policy's signers are spelt out once, here.
    parts = [signed_by(SignedBy(policy.signers), replace(evidence, own=Signers()))] if policy.signers else []
    parts += [_rule(rule, evidence) for rule in rules]
    if not parts:
        return _nothing_asked(artifact, policy)
    decision = parts[0] if len(parts) == 1 else _all(f"everything that {_name(policy)} asks for", parts)
    if decision.passed and not decision.signatures:
        # No document can say so, but whoever builds policies in code can.
        needed = "a signature or an attestation by whom the policy trusts"
        return Decision(decision.requirement, passed=False, found="nobody signed", needed=needed, parts=decision.parts)
    return decision


def _rule(rule: Rule, evidence: Evidence) -> Decision:
    part = _requirement(rule.requirement, evidence)
    return Decision(
        f"rule '{rule.name}'",
        passed=part.passed,
        found=part.found,
        needed=part.needed,
        parts=(part,),
        signatures=part.signatures,
    )


def _requirement(requirement: Requirement, evidence: Evidence) -> Decision:
    if isinstance(requirement, SignedBy):
        return signed_by(requirement, evidence)
    if isinstance(requirement, Attested):
        return attested(requirement, evidence)
    if isinstance(requirement, Provenance):
        return provenance(requirement, evidence)
    if isinstance(requirement, FromRegistry):
        return _from_registry(requirement, evidence.artifact)
    parts = [_requirement(part, evidence) for part in requirement.parts]
    if isinstance(requirement, AllOf):
        return _all("all of these", parts)
    return _any("any of these", parts)


def _all(requirement: str, parts: list[Decision]) -> Decision:
    failed = [part for part in parts if not part.passed]
    if failed or not parts:
        return Decision(
            requirement,
            passed=False,
            found="; ".join(_distinct(part.found for part in failed)) or "nothing is asked for",
            needed="; and ".join(_distinct(part.needed for part in failed)),
            parts=tuple(parts),
        )
    signatures = _distinct(signature for part in parts for signature in part.signatures)
    return Decision(requirement, passed=True, found=f"all {len(parts)}", parts=tuple(parts), signatures=signatures)


def _any(requirement: str, parts: list[Decision]) -> Decision:
    held = [part for part in parts if part.passed]
    if not held:
        return Decision(
            requirement,
            passed=False,
            found="; ".join(_distinct(part.found for part in parts)) or "nothing would do",
            needed="either " + ", or ".join(_distinct(part.needed for part in parts)),
            parts=tuple(parts),
        )
    signatures = _distinct(signature for part in held for signature in part.signatures)
    found = f"{len(held)} of {len(parts)}"
    return Decision(requirement, passed=True, found=found, parts=tuple(parts), signatures=signatures)


def _from_registry(requirement: FromRegistry, artifact: PinnedReference) -> Decision:
    patterns = " or ".join(requirement.patterns)
    found = artifact.repository.name if not artifact.repository.is_layout else str(artifact.repository)
    if matches_any(requirement.patterns, artifact.repository):
        return Decision(f"from {patterns}", passed=True, found=f"it is in {found}")
    needed = f"the same artifact in {patterns} (`gitless copy` keeps its digest and signatures)"
    return Decision(f"from {patterns}", passed=False, found=f"it is in {found}", needed=needed)


def _nothing_asked(artifact: PinnedReference, policy: TrustPolicy) -> Decision:
    where = str(artifact.repository).removeprefix("oci://")
    patterns = _distinct(pattern for rule in policy.rules for pattern in rule.artifacts)
    shown = ", ".join(patterns[:_PATTERNS_SHOWN])
    more = f" and {len(patterns) - _PATTERNS_SHOWN} more" if len(patterns) > _PATTERNS_SHOWN else ""
    rules = f"rules are for {shown}{more}" if patterns else "it trusts nobody"
    return Decision(
        f"a rule of {_name(policy)} for {where}",
        passed=False,
        found=f"no rule of the policy is for {where}; {rules}",
        needed=f"a rule whose artifacts fit {where}, or keys or identities for every artifact",
    )


def _name(policy: TrustPolicy) -> str:
    return policy.source or "the policy"


def _distinct(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
