"""The upper part of the page: verdict, sides, counts, and what to know before reading the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from pipeline.reports.html.markup import Markup, cleaned, element, joined
from pipeline.reports.html.page import Facts, Page, Panel, Row, SideCard

_ROWS_SHOWN = 10
"""So many rows of a panel are shown at once; the others are folded away."""


def overview(page: Page, label: str) -> Markup:
    """Everything above the picture and the list."""
    eyebrow = element("p", page.kind, *([f" · {label}"] if label else []), class_="eyebrow")
    heading = element("h1", page.verdict, data_tone=page.tone)
    notes = [element("li", note) for note in page.notes]
    return joined(
        eyebrow,
        heading,
        element("div", *_between(map(_side, page.sides)), class_="sides"),
        element("ul", *notes, class_="notes", role="list") if notes else Markup(""),
        _tiles(page),
        *_panels(page),
    )


def facts_list(facts: Facts) -> Markup:
    """Names and values."""
    pairs = [element("div", element("dt", name), element("dd", value)) for name, value in facts]
    return element("dl", *pairs, class_="facts") if pairs else Markup("")


def _side(side: SideCard) -> Markup:
    return element(
        "section",
        element("h2", side.label),
        element("p", side.name, class_="name"),
        facts_list(side.facts),
        class_="side",
        aria_label=side.label,
    )


def _between(cards: Iterable[Markup]) -> Iterator[Markup]:
    for number, card in enumerate(cards):
        if number:
            yield element("span", "→", class_="arrow", aria_hidden="true")
        yield card


def _tiles(page: Page) -> Markup:
    tiles = []
    for tile in page.tiles:
        inside = joined(element("b", f"{tile.count:,}"), " ", element("span", tile.label))
        if tile.tag:
            button = element(
                "button", inside, type="button", class_="tile", data_tag=tile.tag, data_tone=tile.tone,
                aria_pressed="false",
            )  # fmt: skip
            tiles.append(element("li", button))
        else:
            tiles.append(element("li", element("div", inside, class_="tile", data_tone=tile.tone)))
    return element("ul", *tiles, class_="tiles", role="list", aria_label="Counts; choose some to filter the list")


def _panels(page: Page) -> Iterator[Markup]:
    for number, group in enumerate(page.panels):
        name = f"panels-{number}"
        cards = [_panel(panel, page, "h3" if group.title else "h2") for panel in group.panels]
        grid = joined(facts_list(group.facts), element("div", *cards, class_="panels") if cards else Markup(""))
        if group.title:
            yield element("section", element("h2", group.title, id=name), grid, aria_labelledby=name)
        else:
            yield grid


def _panel(panel: Panel, page: Page, heading: str) -> Markup:
    rows = [_row(row, page) for row in panel.rows]
    shown = element("ul", *rows[:_ROWS_SHOWN], role="list")
    left = rows[_ROWS_SHOWN:]
    more = element(
        "details", element("summary", f"{len(left):,} more"), element("ul", *left, role="list")
    ) if left else Markup("")  # fmt: skip
    hint = element("p", panel.hint, class_="hint") if panel.hint else Markup("")
    return element("section", element(heading, panel.title), hint, shown, more, class_="panel", data_tone=panel.tone)


def _row(row: Row, page: Page) -> Markup:
    place = page.places.get(row.object_id) if row.object_id is not None else None
    link = f"#q={quote(cleaned(row.query))}" if row.query else "" if place is None else f"#o-{place}"
    text = element("a", row.text, href=link) if link else element("span", row.text)
    detail = element("span", row.detail, class_="detail") if row.detail else Markup("")
    tone = {"data_tone": row.tone} if row.tone else {}
    return element("li", text, " ", detail, **tone)
