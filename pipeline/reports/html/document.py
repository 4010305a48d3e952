"""The page as one file: markup, styles, script and data, and a policy that lets nothing else in."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from pipeline.model.deployments.record import ObjectEvent
from pipeline.model.documents.times import format_time
from pipeline.model.manifests import ObjectId
from pipeline.model.reporting import ReportContext
from pipeline.reports.html.markup import Markup, element, joined, json_block
from pipeline.reports.html.overview import overview
from pipeline.reports.html.page import Item, Page, ShownField
from pipeline.reports.html.plain import plain_list

_STYLES = ("base.css", "overview.css", "list.css", "print.css")
_SCRIPTS = ("difference.js", "details.js", "list.js", "filters.js", "picture.js", "cards.js", "keys.js", "start.js")
_STYLE_ELEMENT = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


def render_page(page: Page, context: ReportContext) -> str:
    """The whole file."""
    style, script = _static(_STYLES), _static(_SCRIPTS)
    label = context.label
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script, context.picture)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{page.kind}: {page.verdict}" + (f" · {label}" if label else "")),
        element("style", style),
    )
    body = element(
        "body",
        element("a", "Skip to the list", class_="skip", href="#list"),
        _top(),
        element(
            "main",
            element("div", overview(page, label), class_="overview"),
            _picture(context.picture),
            _list(page),
            id="main",
            **({"class_": "of-picture"} if page.is_of_picture else {}),
        ),
        element("script", json_block(_data(page, context.history)), type="application/json", id="report"),
        element("script", script),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _top() -> Markup:
    theme = element("button", "Theme: automatic", type="button", id="theme", hidden="")
    keys = element("button", "Keys", type="button", id="keys", hidden="", aria_haspopup="dialog")
    tools = element("div", theme, keys, class_="tools")
    return element("header", element("span", "gitless", class_="brand"), tools, class_="top")


def _picture(picture: str) -> Markup:
    if not picture:
        return Markup("")
    signs = (("+", "in", "Zoom in"), ("\N{MINUS SIGN}", "out", "Zoom out"))
    buttons = [
        *(element("button", sign, type="button", data_zoom=name, aria_label=words) for sign, name, words in signs),
        element("button", "Fit", type="button", data_zoom="fit", title="Show all of it"),
    ]
    tools = element("div", *buttons, class_="zoom", hidden="")
    # An XML prolog has no place inside a page.
    drawing = Markup(picture[max(0, picture.find("<svg")) :])
    stage = element("div", drawing, class_="stage", id="picture")
    return element(
        "section", element("h2", "Picture", id="picture-title"), tools, stage,
        class_="picture", aria_labelledby="picture-title",
    )  # fmt: skip


def _list(page: Page) -> Markup:
    plain = element("noscript", plain_list(page) if page.items else element("p", page.nothing))
    title = element("h2", page.noun[1].capitalize(), id="list-title")
    toolbar = element("div", id="toolbar", hidden="")
    rows = element("div", id="rows")
    status = element("p", role="status", id="status")
    return element(
        "section", title, toolbar, status, rows, plain, id="list", tabindex="-1", aria_labelledby="list-title"
    )


def _data(page: Page, history: Mapping[ObjectId, tuple[ObjectEvent, ...]]) -> dict[str, Any]:
    return {
        "columns": page.columns,
        "noun": page.noun,
        "group": page.group,
        "nothing": page.nothing,
        "styles": [{"sign": style.sign, "word": style.word, "tone": style.tone} for style in page.styles],
        "sections": [{"title": section.title, "hint": section.hint} for section in page.sections],
        "items": [dict(_item(item, history)) for item in page.items],
    }


def _item(item: Item, history: Mapping[ObjectId, tuple[ObjectEvent, ...]]) -> Iterator[tuple[str, Any]]:
    """What is empty is left out: a large report has thousands of these."""
    yield "section", item.section
    yield "style", item.style
    yield "tags", item.tags
    if (object_id := item.object_id) is not None:
        yield "kind", f"{object_id.kind}.{object_id.group}" if object_id.group else object_id.kind
        if object_id.namespace:
            yield "namespace", object_id.namespace
        yield "name", object_id.name
        if events := history.get(object_id, ()):
            yield "history", [_event(event) for event in events]
    texts = {"title": item.title, "note": item.note, "place": item.place, "group": item.group}
    yield from ((name, text) for name, text in texts.items() if text)
    if item.node:
        yield "node", item.node
    if item.links:
        yield "links", [(title, [(link.text, link.place) for link in links]) for title, links in item.links]
    lists = {"facts": item.facts, "fields": tuple(map(_field, item.fields)), "texts": item.texts}
    yield from ((name, entries) for name, entries in lists.items() if entries)


def _field(field: ShownField) -> tuple[Any, ...]:
    short = (field.path, field.before, field.after)
    return (*short, field.marks, field.is_sensitive) if field.marks or field.is_sensitive else short


def _event(event: ObjectEvent) -> tuple[str, str, str, str]:
    return format_time(event.time), event.change, event.revision, event.digest


def _policy(style: Markup, script: Markup, picture: str) -> str:
    styles = [style, *_STYLE_ELEMENT.findall(picture)]
    allowed = " ".join(dict.fromkeys(map(_hash, styles)))
    return (
        f"default-src 'none'; style-src {allowed}; script-src {_hash(script)}; img-src data:;"
        " base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _static(names: tuple[str, ...]) -> Markup:
    folder = resources.files("pipeline.reports.html") / "static"
    return joined(*(Markup((folder / name).read_text(encoding="utf-8")) for name in names))
