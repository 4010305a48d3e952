"""A trace for people: one paragraph per step, from the object up to the source."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.flux.conditions import Condition
from pipeline.model.flux.lineage import KustomizationStep, SourceStep
from pipeline.model.outcome.trace import InventoryStep, TraceResult
from pipeline.reports.text.values import Paint, printable

_WIDTH = 16


def render(result: TraceResult, *, color: bool) -> str:
    """The paragraphs, divided by empty lines."""
    paint = Paint(color)
    paragraphs = [list(_object(result, paint))]
    for step in result.kustomizations:
        paragraphs.append(list(_kustomization(step, paint)))
        if step.source is not None:
            paragraphs.append(list(_source(step.source, paint)))
    if result.inventory is not None:
        paragraphs.append(list(_inventory(result.inventory, paint)))
    return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"


def _object(result: TraceResult, paint: Paint) -> Iterator[str]:
    yield _line("Object", paint("bold", printable(str(result.object_id))))
    for above in result.through:
        yield _line("Made by", printable(str(above)))
    if result.other_owner is not None:
        yield _line("Managed by", printable(str(result.other_owner)))
    elif not result.kustomizations and result.inventory is None:
        yield _line("Managed by", paint("yellow", "nobody: no Kustomization and no gitless inventory"))


def _kustomization(step: KustomizationStep, paint: Paint) -> Iterator[str]:
    yield _line("Kustomization", paint("bold", printable(f"{step.namespace}/{step.name}")))
    if not step.found:
        yield _line("Status", paint("red", "does not exist"))
        return
    yield _line("Path", printable(step.path))
    if step.target_namespace:
        yield _line("Target", printable(step.target_namespace))
    yield _line("Revision", printable(step.revision) or "none applied yet")
    if step.origin_revision:
        yield _line("Origin", printable(step.origin_revision))
    if step.attempted_revision not in {"", step.revision}:
        yield _line("Attempted", printable(step.attempted_revision))
    yield from _status(step.ready, paint, suspended=step.suspended)
    if not step.lists:
        yield _line("Inventory", paint("yellow", "does not list the object: its labels were copied, or are left over"))


def _source(step: SourceStep, paint: Paint) -> Iterator[str]:
    yield _line(step.kind or "Source", paint("bold", printable(f"{step.namespace}/{step.name}")))
    if not step.found:
        yield _line("Status", paint("red", "does not exist"))
        return
    yield _line("URL", printable(step.url))
    if step.reference:
        yield _line("Reference", printable(step.reference))
    yield _line("Revision", printable(step.revision) or "none fetched yet")
    if step.origin_source:
        yield _line("Origin source", printable(step.origin_source))
    if step.origin_revision:
        yield _line("Origin", printable(step.origin_revision))
    if step.verified is not None and step.verified.is_true:
        yield _line("Verified", paint("green", printable(_one_line(step.verified.message) or step.verification)))
    elif step.verification:
        # What is refused is the newest artifact, not the one in use.
        refused = step.verified is not None and bool(step.revision)
        why = _one_line(step.verified.message) if step.verified is not None else f"{step.verification} has not yet"
        text = f"the newest artifact is refused: {why}" if refused else f"no: {why}"
        yield _line("Verified", paint("red", printable(text)))
    else:
        yield _line("Verified", paint("yellow", "no: its spec asks for no verification"))
    yield from _status(step.ready, paint, suspended=step.suspended)


def _inventory(step: InventoryStep, paint: Paint) -> Iterator[str]:
    yield _line("Inventory", paint("bold", printable(f"{step.namespace}/{step.name}")))
    found = step.inventory
    if found is None:
        yield _line("Status", paint("red", "does not exist"))
        return
    rows = (
        ("Artifact", f"{found.repository}@{found.digest}" if found.digest else ""),
        ("Source", found.source),
        ("Revision", found.revision),
        ("Applied by", found.writer),
        ("Applied at", found.written_at),
    )
    for label, text in rows:
        if text:
            yield _line(label, printable(text))
    yield _line("Verified", printable(", ".join(found.verified_by)) or paint("yellow", "no: verification was skipped"))
    if not step.lists:
        yield _line("Objects", paint("yellow", "does not list the object: its labels were copied, or are left over"))


def _status(ready: Condition | None, paint: Paint, *, suspended: bool) -> Iterator[str]:
    if suspended:
        yield _line("Suspended", paint("yellow", "yes"))
    if ready is None:
        yield _line("Status", paint("yellow", "not reconciled yet"))
        return
    style, word = {"True": ("green", "ready"), "False": ("red", "not ready")}.get(
        ready.status, ("yellow", "in progress")
    )
    since = f" since {ready.last_transition_time}" if ready.last_transition_time else ""
    yield _line("Status", paint(style, f"{word}, {printable(ready.reason)}") + printable(since))
    if ready.message:
        yield _line("Message", printable(_one_line(ready.message)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(label: str, text: str) -> str:
    return f"{printable(label) + ':':<{_WIDTH}} {text}"
