"""``GetResult`` as tables, one per kind, with the columns of the flux CLI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from pipeline.model.documents.printable import printable
from pipeline.model.flux.views import AnyView, KustomizationView, SourceView, describe_reference, kind_of
from pipeline.model.outcome.get import GetResult
from pipeline.reports.text.tables import table

_WIDTH = 200
_HEX = re.compile(r"\b[0-9a-f]{40,128}\b")
_SHORT = 8
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_TWO_DAYS = 2


def render(result: GetResult, *, color: bool) -> str:
    """One line per object; digests are cut short, as flux does."""
    del color
    return _tables(result, is_wide=False)


def render_wide(result: GetResult, *, color: bool) -> str:
    """With more columns, full digests in one of their own, and what drifted below."""
    del color
    lines = [
        line
        for item in result.objects
        if isinstance(item, KustomizationView) and item.drift
        for line in (f"Drift of {item.key}:", *(f"  {printable(line, _WIDTH)}" for line in item.drift))
    ]
    return _tables(result, is_wide=True) + ("\n" + "\n".join(lines) + "\n" if lines else "")


def age(seconds: float) -> str:
    """How long ago, in the largest unit of which there are two, or in seconds: ``90m``, ``36h``, ``12d``."""
    whole = max(0, int(seconds))
    return next((f"{whole // size}{unit}" for size, unit in _UNITS if whole >= _TWO_DAYS * size or size == 1), "0s")


def _tables(result: GetResult, *, is_wide: bool) -> str:
    parts = []
    for kind in (SourceView, KustomizationView):
        shown = [item for item in result.objects if isinstance(item, kind)]
        known = [item for item in result.alongside if isinstance(item, kind)]
        if not shown:
            continue
        parts.append(
            table(
                _headings(kind, result, is_wide=is_wide),
                [_row(item, result, is_wide=is_wide) for item in shown],
                alongside=[_row(item, result, is_wide=is_wide) for item in known],
                with_headings=result.with_header,
            )
        )
    return "\n".join(parts)


def _headings(kind: type[AnyView], result: GetResult, *, is_wide: bool) -> list[str]:
    more = ("DIGEST", "AGE", "LAST HANDLED") if is_wide else ()
    start = ["NAMESPACE"] if result.with_namespace else []
    if kind is SourceView:
        return [*start, "NAME", *(("URL", "SELECTS") if is_wide else ()), *_MIDDLE, *more, "MESSAGE"]
    places = [*(["SOURCE"] if is_wide or result.with_source else []), *(["PATH"] if is_wide else [])]
    return [*start, "NAME", *places, *_MIDDLE, *more, *(["DRIFT"] if is_wide else []), "MESSAGE"]


_MIDDLE = ("REVISION", "SUSPENDED", "READY")


def _row(item: AnyView, result: GetResult, *, is_wide: bool) -> list[str]:
    name = f"{kind_of(item).kind.lower()}/{item.key.name}" if result.with_kind else item.key.name
    start = [*([item.key.namespace] if result.with_namespace else []), name]
    middle = [_short(item.revision), str(item.is_suspended), item.ready]
    more = [item.digest, _age_of(item, result.now), item.handled] if is_wide else []
    if isinstance(item, SourceView):
        places = [item.url, describe_reference(item.reference)] if is_wide else []
        drift: list[str] = []
    else:
        source = f"{item.source_kind}/{item.source}"
        places = [*([source] if is_wide or result.with_source else []), *([item.path] if is_wide else [])]
        drift = [_drift(item)] if is_wide else []
    cells: Sequence[str] = (*start, *places, *middle, *more, *drift, _short(item.message))
    return [printable(cell, _WIDTH) or "-" for cell in cells]


def _short(text: str) -> str:
    return _HEX.sub(lambda found: found[0][:_SHORT], text)


def _age_of(item: AnyView, now: float) -> str:
    try:
        return age(now - datetime.fromisoformat(item.created).timestamp())
    except ValueError:
        return ""


def _drift(item: KustomizationView) -> str:
    """What the puller does about drift, or how much there is."""
    if item.drift:
        return f"{item.drifted_objects} drifted"
    return "none" if item.reports_drift else "corrected"
