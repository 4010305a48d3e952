"""A report as a headline and sections of items, whole or as much as there is room for.

A report that is cut ends between two items, never inside one; it says how many are left out and where the whole is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.escaping import link, prose

_RESERVED = 900
"""Room for the last paragraph of a report that is cut."""
_NAMES = 60
"""Percent of the room that names may take before anything is shown in detail."""
_PATIENCE = 20
"""After so many details that had no room none is made any more: each takes a comparison of texts."""


@dataclass(frozen=True, slots=True)
class Item:
    """What there is to say about one object: a line of a list or table, and perhaps more, complete by itself.

    ``details`` say it instead of the line where there is room for them; they are only made where there could be.
    """

    line: str
    details: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Items under a title (our own words). ``header`` are the first lines of a table whose rows are the items."""

    title: str
    items: Sequence[Item]
    header: str = ""


def size(text: str) -> int:
    """How many characters GitHub and GitLab count: those outside the basic plane are two in their languages."""
    return len(text) + sum(character > "\uffff" for character in text)


def title(words: str, context: ReportContext, what: str = "") -> str:
    """The headline: what kind of report for what, and what it says."""
    label = f" for {prose(context.label)}" if context.label else ""
    return f"### {what}{label}: {words}"


def compose(head: Iterable[str], sections: Iterable[Section], context: ReportContext) -> str:
    """The report, ending with a newline; paragraphs of the head are short and always there.

    Where there is a limit, names come before details: what only has room for one of them is named.
    """
    opening = "\n\n".join(paragraph for paragraph in head if paragraph)
    present = [section for section in sections if section.items]
    if not context.limit:
        return "\n\n".join([opening, *map(_whole, present)]) + "\n"
    drafts = [_Draft(section) for section in present]
    _fill(drafts, context.limit - size(opening) - _RESERVED)
    written = [text for draft in drafts if (text := draft.text())]
    text = "\n\n".join([opening, *written, *_rest(drafts, context)]) + "\n"
    if size(text) <= context.limit:
        return text
    # A limit that not even the head fits in.
    return opening.partition("\n")[0][: context.limit - 1] + "\n"


@dataclass(frozen=True, slots=True)
class _Form:
    text: str
    is_line: bool


@dataclass(slots=True)
class _Draft:
    """A section, and in which form each of its items is shown, by number; those without one are left out."""

    section: Section
    forms: dict[int, _Form] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """How many items are not even named."""
        return len(self.section.items) - len(self.forms)

    def shortened(self) -> list[int]:
        """Which items are named, and have details that are not shown."""
        items = self.section.items
        return [index for index, form in self.forms.items() if form.is_line and items[index].details is not None]

    def name(self, room: int) -> int:
        """Name what is left out, as far as there is room; returns how much there is left."""
        for index, item in enumerate(self.section.items):
            needed = size(item.line) + 2 + (0 if self.forms else size(_opened(self.section)) + 2)
            if index not in self.forms and needed <= room:
                self.forms[index] = _line(item)
                room -= needed
        return room

    def text(self) -> str:
        """The section; empty where nothing of it is shown."""
        return _opened(self.section) + _joined(self.forms[index] for index in sorted(self.forms)) if self.forms else ""


def _fill(drafts: Sequence[_Draft], room: int) -> None:
    kept = room - room * _NAMES // 100
    room -= kept
    for draft in drafts:
        room = draft.name(room)
    room = _detail(drafts, room + kept)
    for draft in drafts:
        room = draft.name(room)


def _detail(drafts: Sequence[_Draft], room: int) -> int:
    misses = 0
    for draft in drafts:
        for index in draft.shortened():
            details = draft.section.items[index].details
            if details is None or misses == _PATIENCE:
                continue
            form = _Form(details(), is_line=False)
            more = size(form.text) - size(draft.forms[index].text)
            if more <= room:
                draft.forms[index] = form
                room -= more
            else:
                misses += 1
    return room


def _whole(section: Section) -> str:
    return _opened(section) + _joined(_Form(item.details(), is_line=False) if item.details else _line(item)
                                      for item in section.items)  # fmt: skip


def _opened(section: Section) -> str:
    return f"#### {section.title}\n\n" + (f"{section.header}\n" if section.header else "")


def _line(item: Item) -> _Form:
    return _Form(item.line, is_line=True)


def _joined(forms: Iterable[_Form]) -> str:
    """Lines stand close together, all else apart."""
    text, was_line = "", None
    for form in forms:
        if was_line is not None:
            text += "\n" if form.is_line and was_line else "\n\n"
        text += form.text
        was_line = form.is_line
    return text


def _rest(drafts: Sequence[_Draft], context: ReportContext) -> Iterable[str]:
    shortened = sum(len(draft.shortened()) for draft in drafts)
    left_out = [f"{draft.left_out} under “{draft.section.title}”" for draft in drafts if draft.left_out]
    if not shortened and not left_out:
        return
    words = [f"{shortened} shown without details"] if shortened else []
    words += [f"left out: {', '.join(left_out)}"] if left_out else []
    whole = f"; {link('the whole report', context.link)}" if context.link else ""
    yield f"**This report is cut**: {'; '.join(words)}{whole}."
