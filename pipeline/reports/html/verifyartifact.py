"""A verified artifact as a page: who signed it, what is attested about it, and what else lies beside it."""

from __future__ import annotations

from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.reporting import ReportContext
from pipeline.model.trust.evidence import VerifiedSignature
from pipeline.model.trust.predicate_types import short_name
from pipeline.reports.html.changes import artifact_facts
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Facts, Item, Page, Section, SideCard, Style, Tile
from pipeline.reports.text.signatures import witnesses

_STYLES = (Style("✓", "signature", "good"), Style("✓", "attestation", "good"), Style("·", "not accepted", "quiet"))
_SECTIONS = (
    Section("Signatures", "By whom the policy accepts."),
    Section("Attestations", "What the same signers say about it."),
    Section("Not accepted", "Kept where signatures are kept; it neither helps nor harms."),
)
_TAGS = ("signature", "attestation", "not-accepted")
_LABELS = ("signatures", "attestations", "not accepted")


def render(result: VerifyArtifactResult, context: ReportContext) -> str:
    """The whole page."""
    judgement = result.judgement
    items = [_item(0, item.signer, _facts(item)) for item in judgement.accepted]
    items += [
        _item(1, short_name(item.predicate_type), (("Predicate type", item.predicate_type), *_facts(item.signature)))
        for item in judgement.attestations
    ]
    items += [_item(2, item.reason, (("Found in", item.found_in),)) for item in judgement.rejected]
    numbers = [sum(item.section == section for item in items) for section in range(len(_SECTIONS))]
    # It is named by repository and digest already.
    facts = artifact_facts(None, result.source, result.revision)
    page = Page(
        kind="Verification",
        verdict="Verified",
        tone="good",
        sides=(SideCard("Artifact", str(result.artifact), facts),),
        tiles=tuple(
            Tile(tag, label, number, style.tone)
            for tag, label, number, style in zip(_TAGS, _LABELS, numbers, _STYLES, strict=True)
            if number
        ),
        styles=_STYLES,
        sections=_SECTIONS,
        items=tuple(items),
        noun=("piece of evidence", "pieces of evidence"),
    )
    return render_page(page, context)


def _item(section: int, title: str, facts: Facts) -> Item:
    return Item(section=section, style=section, tags=(_TAGS[section],), title=title, facts=facts)


def _facts(signature: VerifiedSignature) -> Facts:
    facts = (
        ("Signed by", signature.signer),
        ("Format", signature.format.value),
        ("When", witnesses(signature)),
        ("Found in", signature.found_in),
    )
    return tuple((name, value) for name, value in facts if value)
