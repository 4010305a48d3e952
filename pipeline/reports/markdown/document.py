"""A report as a headline and sections of items, whole or as much as there is room for.

A report that is cut ends between two items, never inside one; it says how many are left out and where the whole is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.escaping import link, prose

_RESERVED = 900
"""Room for the last paragraph of a report that is cut."""


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
    """The report, ending with a newline; paragraphs of the head are short and always there."""
    opening = "\n\n".join(paragraph for paragraph in head if paragraph)
    present = [section for section in sections if section.items]
    if not context.limit:
        return "\n\n".join([opening, *map(_whole, present)]) + "\n"
    room = context.limit - size(opening) - _RESERVED
    parts, shortened, left_out = [opening], 0, []
    for section in present:
        fitting = _fitting(section, room)
        shortened += fitting.shortened
        if fitting.left_out:
            left_out.append(f"{fitting.left_out} under “{section.title}”")
        if fitting.text:
            parts.append(fitting.text)
            room -= size(fitting.text) + 2
    text = "\n\n".join([*parts, *_rest(shortened, left_out, context)]) + "\n"
    if size(text) <= context.limit:
        return text
    # A limit that not even the head fits in.
    return opening.partition("\n")[0][: context.limit - 1] + "\n"


@dataclass(frozen=True, slots=True)
class _Form:
    text: str
    is_line: bool


@dataclass(frozen=True, slots=True)
class _Fitting:
    text: str
    shortened: int
    left_out: int


def _whole(section: Section) -> str:
    return _opened(section) + _joined(_Form(item.details(), is_line=False) if item.details else _line(item)
                                      for item in section.items)  # fmt: skip


def _opened(section: Section) -> str:
    return f"#### {section.title}\n\n" + (f"{section.header}\n" if section.header else "")


def _fitting(section: Section, room: int) -> _Fitting:
    opened = _opened(section)
    room -= size(opened)
    kept: list[_Form] = []
    shortened = left_out = 0
    for item in section.items:
        for form in _forms(item, room):
            needed = size(form.text) + 2
            if needed <= room:
                kept.append(form)
                room -= needed
                shortened += form.is_line and item.details is not None
                break
        else:
            left_out += 1
    return _Fitting(opened + _joined(kept) if kept else "", shortened, left_out)


def _forms(item: Item, room: int) -> Iterator[_Form]:
    """The longest first; details are longer than the line, so where that has no room they need not be made."""
    if item.details is not None and len(item.line) < room:
        yield _Form(item.details(), is_line=False)
    yield _line(item)


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


def _rest(shortened: int, left_out: list[str], context: ReportContext) -> Iterable[str]:
    if not shortened and not left_out:
        return
    words = [f"{shortened} shown without details"] if shortened else []
    words += [f"left out: {', '.join(left_out)}"] if left_out else []
    whole = f"; {link('the whole report', context.link)}" if context.link else ""
    yield f"**This report is cut**: {'; '.join(words)}{whole}."
