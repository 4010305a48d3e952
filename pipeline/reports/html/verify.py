"""What runs, verified, as a page: the verdict, and every object with its health, its drift, and what explains it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipeline.model.health import HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.verify import ObjectHealth, PodReport, Verdict, VerifyResult
from pipeline.model.plan import Action, Change
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.changes import artifact_facts, fields_in_words
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Facts, Item, Page, Panel, Panels, Row, Section, SideCard, Style, Tile, places
from pipeline.reports.html.values import shown
from pipeline.reports.text.pods import event_line
from pipeline.reports.text.signatures import in_words

_DRIFTED = "drifted"
_ORDER = (
    HealthStatus.FAILED.value, HealthStatus.NOT_FOUND.value, HealthStatus.IN_PROGRESS.value,
    HealthStatus.TERMINATING.value, _DRIFTED, HealthStatus.CURRENT.value,
)  # fmt: skip
_STYLES = (
    Style("✗", "failed", "bad"),
    Style("?", "missing", "bad"),
    Style("…", "in progress", "warn"),
    Style("…", "terminating", "warn"),
    Style("≠", "drifted", "warn"),
    Style("✓", "healthy", "good"),
)
_SECTIONS = (
    Section("Failed"),
    Section("Missing"),
    Section("In progress"),
    Section("Terminating"),
    Section("Drifted", "The cluster has other values than the artifact."),
    Section("Healthy"),
)
_TONES = {Verdict.PASSED: "good", Verdict.FAILED: "bad", Verdict.SKIPPED: "quiet", Verdict.UNKNOWN: "warn"}
_WHAT = {Action.CREATE: "is missing", Action.RECREATE: "differs where nothing can be changed in place"}


def render(result: VerifyResult, context: ReportContext) -> str:
    """The whole page."""
    return render_page(page_of(result), context)


def page_of(result: VerifyResult) -> Page:
    """The page of a verification."""
    items = tuple(sorted(_items(result), key=lambda item: item.section))
    counts = Counter(tag for item in items for tag in item.tags)
    return Page(
        kind="Verification",
        verdict="Verified" if result.is_verified else f"Not verified: {', '.join(result.failures)}",
        tone="good" if result.is_verified else "bad",
        sides=(_artifact(result), _cluster(result)),
        tiles=tuple(
            Tile(tag, style.word, counts[tag], style.tone)
            for tag, style in zip(_ORDER, _STYLES, strict=True)
            if counts[tag]
        ),
        panels=(Panels("", _panels(result)),),
        styles=_STYLES,
        sections=_SECTIONS,
        items=items,
        columns=("Live", "Artifact"),
        noun=("object", "objects"),
        nothing="No objects were looked at.",
        places=places(items),
    )


def _panels(result: VerifyResult) -> tuple[Panel, ...]:
    parts = [("Apply", Verdict.FAILED, result.incomplete)] if result.incomplete else []
    parts += [
        ("Signature", result.signature.verdict, result.signature.message),
        ("Drift", result.drift.verdict, result.drift.message),
        ("Health", result.health.verdict, result.health.message),
    ]
    rows = tuple(Row(f"{name} {verdict.value}", text, _TONES[verdict]) for name, verdict, text in parts)
    checks = Panel("Checks", rows)
    if not result.drift.problems:
        return (checks,)
    problems = tuple(Row(problem, tone="bad") for problem in result.drift.problems)
    return (Panel("What applying would run into", problems, "bad"), checks)


def _artifact(result: VerifyResult) -> SideCard:
    facts = artifact_facts(result.artifact, result.source, result.revision)[1 if result.artifact else 0 :]
    signed = tuple(("Signed by", in_words(item)) for item in result.signature.signatures)
    return SideCard("Artifact", str(result.artifact.repository) if result.artifact else "none recorded", facts + signed)


def _cluster(result: VerifyResult) -> SideCard:
    facts = (("Inventory", f"{result.namespace}/{result.inventory}"), ("Took", f"{result.elapsed:.1f} s"))
    return SideCard("Cluster", result.cluster, facts)


def _items(result: VerifyResult) -> Iterator[Item]:
    drifted = {change.object_id: change for change in result.drift.changes}
    for health in result.health.objects:
        yield _item(health.object_id, health.api_version, health, drifted.pop(health.object_id, None))
    for object_id, change in drifted.items():
        yield _item(object_id, change.api_version, None, change)


def _item(object_id: ObjectId, api_version: str, health: ObjectHealth | None, change: Change | None) -> Item:
    status = health.health.status.value if health else ""
    is_only_drifted = change is not None and (health is None or health.health.is_current)
    place = _ORDER.index(_DRIFTED if is_only_drifted else status)
    fields = tuple(map(shown, change.fields)) if change and change.action is not Action.CREATE else ()
    facts = [("API version", api_version)]
    facts += [(name, text) for name, text in _health_facts(health) if text]
    if change:
        facts.append(("Drift", _WHAT.get(change.action, "differs") + (f" ({change.reason})" if change.reason else "")))
    message = health.health.message if health and not health.health.is_current else ""
    return Item(
        section=place,
        style=place,
        tags=tuple(tag for tag in (status, _DRIFTED if change else "") if tag),
        object_id=object_id,
        note=message or fields_in_words(fields),
        facts=tuple(facts),
        fields=fields,
        texts=tuple(_texts(health)) if health else (),
    )


def _health_facts(health: ObjectHealth | None) -> Facts:
    if health is None:
        return ()
    status = f"{health.health.status.value}{f' ({health.health.reason})' if health.health.reason else ''}"
    more = health.findings.more_pods
    notes = tuple(("Note", note) for note in health.findings.notes)
    return (("Health", status), ("Message", health.health.message), *notes,
            ("Pods", f"{more} more in trouble" if more else ""))  # fmt: skip


def _texts(health: ObjectHealth) -> Iterator[tuple[str, str]]:
    if health.findings.events:
        yield "Events", "\n".join(map(event_line, health.findings.events))
    for pod in health.findings.pods:
        yield from _pod(pod)


def _pod(pod: PodReport) -> Iterator[tuple[str, str]]:
    lines = [pod.health.status.value + (f", {pod.health.message}" if pod.health.message else "")]
    lines += [event_line(event) for event in pod.events]
    yield f"Pod {pod.name}", "\n".join(lines)
    for container in pod.containers:
        run = " (last log lines of its previous run)" if container.is_previous else ""
        text = "\n".join((container.state, *container.lines))
        yield f"Pod {pod.name}, container {container.name}{run}", text
