"""Which targets a change touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.documents.untyped import mapping_at, text_at
from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.matrix.inputs import Tree, effective, inputs_of, missing_sources
from pipeline.model.outcome.matrix import MatrixEntry, MatrixResult
from pipeline.ports import Checkout, Reporter


@dataclass(frozen=True, slots=True)
class SettingsBody:
    """A settings file that was checked: where it is, and what it says."""

    file: str
    body: Mapping[str, Any]


def matrix(settings: Sequence[SettingsBody], checkout: Checkout, since: str | None, reporter: Reporter) -> MatrixResult:
    """The targets whose settings or sources differ from the commit that ``since`` and HEAD parted from.

    ``None`` asks for every target. Sources that are not there are warned of: a change cannot touch what has no files.

    Raises:
        UsageError: there is no such revision, or the history is too short.
        ToolError: git failed.
    """
    tree = Tree(checkout)
    every = [(found, target) for found in settings for target in _targets(found.body)]
    _warn_missing(every, tree, reporter)
    if since is None:
        return MatrixResult(since="", entries=tuple(_entry(found, target) for found, target in every))
    base = checkout.base(since)
    changed = checkout.changed_since(base)
    before = {found.file: _body_at(checkout, base, found.file) for found in settings if found.file in changed}
    entries = []
    for found, target in every:
        touched = tuple(_touched(found, target, tree, changed, before.get(found.file)))
        if touched:
            entries.append(_entry(found, target, touched))
    return MatrixResult(since=base, entries=tuple(entries), untouched=len(every) - len(entries))


def _warn_missing(every: Sequence[tuple[SettingsBody, str]], tree: Tree, reporter: Reporter) -> None:
    """Once for each path, whichever targets are built from it."""
    missing: dict[tuple[str, str], list[str]] = {}
    for found, target in every:
        for path in missing_sources(effective(found.body, target), found.file, tree):
            missing.setdefault((found.file, path), []).append(target)
    for (file, path), targets in missing.items():
        named = f"; {', '.join(targets)} cannot be built" if any(targets) else ""
        reporter.warn(f"{file}: '{path}' does not exist in this checkout{named}")


def _targets(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, mapping_at(body, "targets"))) or ("",)


def _entry(found: SettingsBody, target: str, touched: tuple[str, ...] = ()) -> MatrixEntry:
    return MatrixEntry(name=text_at(found.body, "name"), file=found.file, target=target, touched_by=touched)


def _touched(
    found: SettingsBody,
    target: str,
    tree: Tree,
    changed: tuple[str, ...],
    before: Mapping[str, Any] | None,
) -> Iterator[str]:
    settings = effective(found.body, target)
    if before is not None and effective(before, target) != settings:
        yield f"{found.file} (settings)"
    yield from inputs_of(settings, found.file, tree).touched(changed)


def _body_at(checkout: Checkout, commit: str, file: str) -> Mapping[str, Any]:
    """What the file said then; empty where it was not there, or nobody could read it."""
    content = checkout.read_at(commit, file)
    try:
        body = next((body for body, _ in read_documents(content or b"", file)), None)
    except ManifestError:
        return {}
    return body if isinstance(body, Mapping) else {}
