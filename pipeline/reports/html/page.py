"""What an HTML report shows, whatever it reports on: one page for diff, plan, findings, apply and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.manifests import ObjectId

Facts = tuple[tuple[str, str], ...]
"""Names and values, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Style:
    """How one sort of item looks: a sign, a word, and a tone (``good``, ``warn``, ``bad``, ``info`` or ``quiet``)."""

    sign: str
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the list, with a heading of its own."""

    title: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is worth a glance. It filters by its tag; without one it only counts."""

    tag: str
    label: str
    count: int
    tone: str


@dataclass(frozen=True, slots=True)
class ShownField:
    """A changed field as text; a side that is ``None`` is not there. Secrets' values are masked long before."""

    path: str
    before: str | None
    after: str | None
    marks: tuple[str, ...] = ()
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to another item, by its place in the list."""

    text: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the list, and what it shows when it is opened.

    Attributes:
        section: index of its section; items come in the order of these.
        style: index into the page's styles.
        tags: what tiles find it by.
        object_id: which object it is about; ``None`` where it is about no single one.
        title: a sentence, for items that are more than an object.
        note: a few words beside the name.
        place: where it is written, such as ``web.yaml:12``.
        group: what it is filtered by beside kind and namespace, such as a rule.
        facts: what else is known.
        fields: what changes.
        texts: longer texts with a heading each, such as log lines.
        links: other items that it has to do with, under a heading each.
        node: what the picture knows it by, where that is not its object.
    """

    section: int
    style: int
    tags: tuple[str, ...]
    object_id: ObjectId | None = None
    title: str = ""
    note: str = ""
    place: str = ""
    group: str = ""
    facts: Facts = ()
    fields: tuple[ShownField, ...] = ()
    texts: Facts = ()
    links: tuple[tuple[str, tuple[Link, ...]], ...] = ()
    node: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a panel; it leads to the object's item where there is one, or to what a search for ``query`` finds."""

    text: str
    detail: str = ""
    tone: str = ""
    object_id: ObjectId | None = None
    query: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A few lines above the list, such as what stands in the way."""

    title: str
    rows: tuple[Row, ...]
    tone: str = "quiet"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Panels:
    """Panels side by side under one heading; without a title each stands for itself."""

    title: str
    panels: tuple[Panel, ...]
    facts: Facts = ()


@dataclass(frozen=True, slots=True)
class SideCard:
    """One of the sides, or what was looked at."""

    label: str
    name: str
    facts: Facts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything on a page.

    Attributes:
        kind: such as ``Diff``.
        verdict: the whole report in a sentence.
        tone: of the verdict.
        sides: what is compared, or the one thing that was looked at.
        tiles: counts, the gravest first.
        notes: lines that the user should see.
        panels: what comes before the list.
        styles: how items look.
        sections: parts of the list, the gravest first.
        items: the list itself.
        columns: what the sides of a field are called.
        noun: what an item is called, one and many.
        group: what items' groups are called, such as ``Rule``; empty where they have none.
        nothing: what is said where there are no items.
        is_of_picture: whether the picture is what the page is about, and has all the room.
    """

    kind: str
    verdict: str
    tone: str
    sides: tuple[SideCard, ...]
    tiles: tuple[Tile, ...]
    styles: tuple[Style, ...]
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    panels: tuple[Panels, ...] = ()
    columns: tuple[str, str] = ("Before", "After")
    noun: tuple[str, str] = ("change", "changes")
    group: str = ""
    nothing: str = "Nothing to show."
    is_of_picture: bool = False
    places: Mapping[ObjectId, int] = field(default_factory=dict, hash=False)
    """At which place of the list an object is, for links to it."""


def places(items: tuple[Item, ...]) -> dict[ObjectId, int]:
    """Where each object first comes in the list."""
    found: dict[ObjectId, int] = {}
    for place, item in enumerate(items):
        if item.object_id is not None:
            found.setdefault(item.object_id, place)
    return found
