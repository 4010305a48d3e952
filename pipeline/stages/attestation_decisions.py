"""Whether there is an attestation as asked for, and if not, what is wrong with each that comes near."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.errors import ExpressionError
from pipeline.model.documents.printable import printable
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import VerifiedAttestation
from pipeline.model.trust.policy import Attested, Signers
from pipeline.model.trust.predicate_types import short_name
from pipeline.stages.signature_decisions import (
    REASONS_SHOWN,
    Evidence,
    age_text,
    is_by,
    max_age_text,
    signer_text,
    too_old,
    why_not,
)

VARIABLES = ("predicate", "subject", "signer")
"""What a condition over an attestation may speak of."""
_TEXT_SHOWN = 120


def attested(requirement: Attested, evidence: Evidence) -> Decision:
    """Whether one attestation has a wanted type, is by a wanted signer, young enough, and all conditions are true."""
    wanted = f"{requirement.name} by {evidence.named(requirement.signers)}{max_age_text(requirement.max_age)}"
    wanted += "".join(f" where {condition}" for condition in requirement.conditions)
    return best_of(
        wanted,
        requirement.name,
        requirement.predicate_types,
        evidence,
        lambda item: complaint_about(item, requirement, evidence),
    )


def best_of(
    wanted: str,
    name: str,
    types: Sequence[str],
    evidence: Evidence,
    complaint: Callable[[VerifiedAttestation], str],
) -> Decision:
    """The first attestation of the types that there is no complaint about; else all complaints."""
    candidates = [item for item in evidence.attestations if item.predicate_type in types]
    complaints = []
    for item in candidates:
        problem = complaint(item)
        if not problem:
            found = f"{printable(short_name(item.predicate_type), _TEXT_SHOWN)} by {signer_text(item.signature)}"
            return Decision(wanted, passed=True, found=found, signatures=(item.signature,))
        complaints.append(problem)
    found = "; ".join(dict.fromkeys(complaints[:REASONS_SHOWN]))
    if len(complaints) > REASONS_SHOWN:
        found += f"; and {len(complaints) - REASONS_SHOWN} more"
    return Decision(wanted, passed=False, found=found or _none_of(name, types, evidence), needed=wanted)


def complaint_about(
    item: VerifiedAttestation, requirement: Attested, evidence: Evidence, facts: Callable[[], str] = str
) -> str:
    """Why one attestation does not do, the cheapest check first; ``facts`` is a check of more before the conditions."""
    return (
        _not_by(item, requirement.signers, evidence)
        or _age_complaint(item, requirement.max_age, evidence)
        or facts()
        or _unfulfilled(item, requirement.conditions, evidence)
    )


def _not_by(item: VerifiedAttestation, signers: Signers, evidence: Evidence) -> str:
    if is_by(item.signature, signers, evidence.expressions):
        return ""
    why = why_not(item.signature, signers, evidence.expressions) or "who is not one of them"
    return f"one by {signer_text(item.signature)}, {why}"


def _age_complaint(item: VerifiedAttestation, max_age: float | None, evidence: Evidence) -> str:
    if not too_old(item.signature, max_age, evidence.now):
        return ""
    return f"one by {signer_text(item.signature)}, signed {age_text(item.signature, evidence.now)}"


def _unfulfilled(item: VerifiedAttestation, conditions: Sequence[str], evidence: Evidence) -> str:
    variables = {
        "predicate": item.predicate,
        "subject": evidence.artifact.digest,
        "signer": item.signature.signer,
    }
    if conditions and _holds_nul(variables):
        # CEL's runtime takes it for the end of a text: good\0evil would pass for good.
        return f"one by {signer_text(item.signature)}, in which a text has a NUL character, so no condition can be told"
    for condition in conditions:
        try:
            is_true = evidence.expressions.evaluate(condition, variables)
        except ExpressionError as error:
            return f"one by {signer_text(item.signature)}, of which `{condition}` cannot be told: {error.message}"
        if not is_true:
            return f"one by {signer_text(item.signature)}, of which `{condition}` is false"
    return ""


def _holds_nul(value: object) -> bool:
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, str):
            if "\0" in here:
                return True
        elif isinstance(here, Mapping):
            pending += here.keys()
            pending += here.values()
        elif isinstance(here, list):
            pending += here
    return False


def _none_of(name: str, types: Sequence[str], evidence: Evidence) -> str:
    claimed = [item for item in evidence.judgement.rejected if item.predicate_type in types]
    if claimed:
        reason = printable(claimed[0].reason, 2 * _TEXT_SHOWN)
        return f"one in {claimed[0].found_in} was not accepted: {reason}"
    found = sorted({printable(short_name(item.predicate_type), _TEXT_SHOWN) for item in evidence.attestations})
    what = name.removeprefix("an ").removeprefix("a ")
    if found:
        return f"no {what}; attested is: {', '.join(found[: 2 * REASONS_SHOWN])}"
    return f"no {what}; nothing is attested by anybody whom the policy names"
