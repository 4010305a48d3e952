"""What every picture promises, whatever is drawn."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest

from pipeline import wiring
from pipeline.errors import UsageError
from pipeline.model.graph.folding import MAX_DRAWN
from pipeline.model.graph.graph import Graph, Node
from pipeline.ports import Picture
from tests.contract.pictures.graphs import GRAPHS, HOSTILE
from tests.platform.binaries import binary

FORMATS = ("svg", "dot", "mermaid")


@pytest.fixture(scope="session")
def environment() -> Mapping[str, str]:
    return {**os.environ, "GITLESS_DOT": str(binary("dot"))}


@pytest.fixture(params=FORMATS)
def picture(request: pytest.FixtureRequest, environment: Mapping[str, str]) -> Picture:
    return wiring.picture(request.param, environment)


@pytest.fixture(params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return GRAPHS[request.param]


def test_the_same_graph_is_drawn_the_same_and_ends_with_a_line(picture: Picture, graph: Graph) -> None:
    first = picture.draw(graph)

    assert picture.draw(graph) == first
    assert first.endswith("\n")


def test_it_says_what_it_is(picture: Picture) -> None:
    assert picture.name in FORMATS


def test_no_control_character_of_anybody_comes_through(picture: Picture, graph: Graph) -> None:
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe]", picture.draw(graph)) is None


def test_every_name_is_there(picture: Picture) -> None:
    text = picture.draw(GRAPHS["colourful"])

    assert [name for name in ("created", "deleted", "progressing", "missing", "why", "shop") if name not in text] == []


def test_several_in_one_are_counted(picture: Picture) -> None:
    assert "\N{MULTIPLICATION SIGN}8" in picture.draw(GRAPHS["folded"]) or "#215;8" in picture.draw(GRAPHS["folded"])


def test_markup_holds_no_element_attribute_or_script_of_anybodys(environment: Mapping[str, str]) -> None:
    seen = _Elements()
    seen.feed(wiring.picture("svg", environment).draw(GRAPHS["hostile"]))

    assert seen.names <= {
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g", "circle",
    }  # fmt: skip
    assert not [attribute for attribute in seen.attributes if attribute.startswith("on") or attribute.endswith("href")]


def test_markup_asks_for_nothing_from_elsewhere(environment: Mapping[str, str]) -> None:
    text = wiring.picture("svg", environment).draw(GRAPHS["colourful"])

    assert re.findall(r"https?://[^\s\"'<]+|url\((?!#)", text.replace("http://www.w3.org/2000/svg", "")) == []


@pytest.mark.parametrize("name", ["svg", "mermaid"])
def test_more_than_can_be_looked_at_is_refused(name: str, environment: Mapping[str, str]) -> None:
    nodes = tuple(Node(id=str(index), title="Thing", label="x", detail=str(index)) for index in range(MAX_DRAWN + 1))

    with pytest.raises(UsageError, match="too many for one picture"):
        wiring.picture(name, environment).draw(Graph(nodes=nodes))


def test_long_names_are_cut() -> None:
    assert "x" * 301 not in wiring.picture("mermaid", {}).draw(GRAPHS["hostile"])
    assert "x" * 500 in HOSTILE


class _Elements(HTMLParser):
    """Which elements and attributes there are, read as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
