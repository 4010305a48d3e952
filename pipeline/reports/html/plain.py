"""The list for browsers without JavaScript: everything in a small report, the beginning of a large one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice

from pipeline.reports.html.markup import Markup, element, joined
from pipeline.reports.html.overview import facts_list
from pipeline.reports.html.page import Item, Page, ShownField

ITEMS = 100
_FIELDS = 60
_CHARACTERS = 2_000
"""So much of each is in the plain list; it comes on top of the data that the script reads."""


def plain_list(page: Page) -> Markup:
    """The list, and a line that says what is left out of it."""
    left_out = len(page.items) - ITEMS
    words = "Without JavaScript there is no search, and long values are cut."
    if left_out > 0:
        words += f" It ends after {ITEMS:,} of {len(page.items):,} {page.noun[1]}: allow scripts to see them all."
    return joined(element("p", words, class_="hint"), *_sections(page))


def _sections(page: Page) -> Iterator[Markup]:
    for section, items in groupby(islice(page.items, ITEMS), key=lambda item: item.section):
        rows = [element("li", _item(item, page)) for item in items]
        yield element("h2", page.sections[section].title)
        yield element("ul", *rows, class_="plain", role="list")


def _item(item: Item, page: Page) -> Markup:
    style = page.styles[item.style]
    badge = element("span", f"{style.sign} {style.word}", class_="badge", data_tone=style.tone)
    name = str(item.object_id) if item.object_id is not None else ""
    summary = element("summary", badge, " ", element("b", name), " ", item.title)
    fields = [_field(field) for field in item.fields[:_FIELDS]]
    left = len(item.fields) - len(fields)
    more = element("p", f"… and {left:,} more fields", class_="hint") if left else Markup("")
    texts = [joined(element("h3", title), element("pre", _cut(text))) for title, text in item.texts]
    heads = element("tr", *(element("th", text, scope="col") for text in ("Field", *page.columns)))
    table = element("table", element("thead", heads), element("tbody", *fields)) if fields else Markup("")
    links = tuple((title, "\n".join(link.text for link in links)) for title, links in item.links)
    return element("details", summary, facts_list(item.facts + links), table, more, *texts, open="")


def _field(field: ShownField) -> Markup:
    marks = f" ({', '.join(field.marks)})" if field.marks else ""
    sides = [element("td", element("pre", _cut(side or ""))) for side in (field.before, field.after)]
    return element("tr", element("th", field.path + marks, scope="row"), *sides)


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}\n…"
