"""Whether an artifact was built by whom, from what and how a policy asks for."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import VerifiedAttestation
from pipeline.model.trust.patterns import matches_text
from pipeline.model.trust.policy import Attested, Provenance
from pipeline.model.trust.predicate_types import SLSA_PROVENANCE_V02, SLSA_PROVENANCE_V1
from pipeline.model.trust.provenance_reading import ProvenanceFacts, read_provenance, repository_url, whole_ref
from pipeline.stages.attestation_decisions import best_of, complaint_about
from pipeline.stages.signature_decisions import Evidence, max_age_text

_TYPES = (SLSA_PROVENANCE_V1, SLSA_PROVENANCE_V02)
_NAME = "SLSA provenance"
_TEXT_SHOWN = 160


def provenance(requirement: Provenance, evidence: Evidence) -> Decision:
    """Whether one provenance says all of it, and is by a wanted signer."""
    asked = Attested(_NAME, _TYPES, requirement.signers, requirement.conditions, requirement.max_age)

    def complaint(item: VerifiedAttestation) -> str:
        def facts() -> str:
            return _contradiction(requirement, read_provenance(item.predicate_type, item.predicate), evidence)

        return complaint_about(item, asked, evidence, facts)

    return best_of(_wanted(requirement, evidence), _NAME, _TYPES, evidence, complaint)


def _wanted(requirement: Provenance, evidence: Evidence) -> str:
    builder = requirement.builder or (f"/{requirement.builder_regexp}/" if requirement.builder_regexp else "")
    said = (
        (" of a build by ", builder),
        (" from ", requirement.repository),
        (" at ", whole_ref(requirement.branch)),
        (" by the workflow ", requirement.workflow),
    )
    told = "".join(f"{word}{value}" for word, value in said if value)
    conditions = "".join(f" where {condition}" for condition in requirement.conditions)
    return (
        f"{_NAME}{told}, signed by {evidence.named(requirement.signers)}{max_age_text(requirement.max_age)}{conditions}"
    )


def _contradiction(wanted: Provenance, facts: ProvenanceFacts, evidence: Evidence) -> str:
    """The first thing that is not as asked for; what a provenance does not say is never as asked for."""
    if wanted.builder and facts.builder != wanted.builder:
        return _told("builder", facts.builder, wanted.builder, facts)
    pattern = wanted.builder_regexp
    if pattern and not (facts.builder and evidence.expressions.finds(pattern, facts.builder)):
        return _told("builder", facts.builder, f"/{pattern}/", facts)
    if wanted.repository:
        if len(facts.repositories) > 1:
            found = printable(", ".join(facts.repositories), 2 * _TEXT_SHOWN)
            return f"provenance that names several source repositories, {found}, and so no single one"
        found = facts.repositories[0] if facts.repositories else ""
        if found != repository_url(wanted.repository):
            return _told("source repository", found, repository_url(wanted.repository), facts)
    if wanted.branch and not (facts.ref and matches_text(whole_ref(wanted.branch), facts.ref)):
        return _told("ref", facts.ref, whole_ref(wanted.branch), facts)
    if wanted.workflow and facts.workflow != wanted.workflow:
        return _told("workflow", facts.workflow, wanted.workflow, facts)
    return ""


def _told(what: str, found: str, wanted: str, facts: ProvenanceFacts) -> str:
    if found:
        return f"provenance whose {what} is {printable(found, _TEXT_SHOWN)} and not {wanted}"
    kind = printable(facts.build_type, _TEXT_SHOWN) or "none"
    return f"provenance that does not say its {what} where the build type ({kind}) would have it"
