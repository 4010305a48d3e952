"""Pictures as the programs see them that they are made for: an XML parser, Graphviz, Chromium, Mermaid."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pipeline import wiring
from pipeline.errors import ConfigurationError, ToolError
from pipeline.model.graph.graph import Edge, Graph, Node, Relation
from tests.contract.pictures.graphs import GRAPHS, HOSTILE
from tests.platform.binaries import binary
from tests.platform.chromium import Chromium

pytestmark = pytest.mark.tool
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="session")
def environment() -> Mapping[str, str]:
    return {**os.environ, "GITLESS_DOT": str(binary("dot"))}


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium.start(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return GRAPHS[request.param]


def test_the_svg_is_well_formed_and_says_what_it_shows(graph: Graph, environment: Mapping[str, str]) -> None:
    root = ET.fromstring(wiring.picture("svg", environment).draw(graph))

    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
    named = root.get("aria-labelledby", "").split()
    assert [root.find(f"*[@id='{name}']") is not None for name in named] == [True, True]
    assert all(card.find(f"{SVG}title") is not None for card in root.iter(f"{SVG}g") if card.get("data-object"))


def test_no_card_lies_on_another_and_all_are_on_the_canvas(environment: Mapping[str, str]) -> None:
    root = ET.fromstring(wiring.picture("svg", environment).draw(GRAPHS["large"]))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    boxes = []
    for card in root.iter(f"{SVG}g"):
        body = card.find(f"{SVG}rect[@class='body']")
        if card.get("data-object") and body is not None:
            x, y = map(float, card.get("transform", "").removeprefix("translate(").rstrip(")").split())
            boxes.append((x, y, x + float(body.get("width", "")), y + float(body.get("height", ""))))

    assert len(boxes) == 204
    assert all(x >= 0 and y >= 0 and right <= width and low <= height for x, y, right, low in boxes)
    overlapping = [
        (a, b)
        for index, a in enumerate(boxes)
        for b in boxes[index + 1 :]
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
    assert overlapping == []
    assert 0.4 < height / width < 1.2


def test_chromium_shows_the_svg_as_an_image_and_nothing_in_it_runs(
    graph: Graph, environment: Mapping[str, str], browser: Chromium, tmp_path: Path
) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(wiring.picture("svg", environment).draw(graph))

    tab = browser.open(file)

    assert (tab.complaints, tab.requests) == ([], [file.as_uri()])
    assert tab.evaluate("document.documentElement.nodeName") == "svg"
    shown = tab.evaluate("[...document.querySelectorAll('text')].map(text => text.textContent).join()")
    assert ("script" in shown) == ("script" in graph.title)
    tab.close()


def test_names_stay_within_their_cards(environment: Mapping[str, str], browser: Chromium, tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(wiring.picture("svg", environment).draw(GRAPHS["hostile"]))

    tab = browser.open(file)

    assert tab.evaluate(
        "[...document.querySelectorAll('.card')].filter(card => {"
        " const body = card.querySelector('.body').getBBox();"
        " return [...card.querySelectorAll('text')].some(text => {"
        "  const box = text.getBBox(); return box.x + box.width > body.x + body.width; }); }).length"
    ) == 0  # fmt: skip
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_what_the_reader_prefers(
    scheme: str, environment: Mapping[str, str], browser: Chromium, tmp_path: Path
) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(wiring.picture("svg", environment).draw(GRAPHS["colourful"]))

    tab = browser.open(file, scheme=scheme)
    red, green, blue = json.loads(
        tab.evaluate(
            "JSON.stringify(getComputedStyle(document.querySelector('.canvas')).fill.match(/\\d+/g).map(Number))"
        )
    )

    assert (red + green + blue > 3 * 128) == (scheme == "light")
    tab.close()


def test_graphviz_reads_the_dot_and_finds_every_text_as_it_was(graph: Graph) -> None:
    source = wiring.picture("dot", {}).draw(graph)

    done = subprocess.run([binary("dot"), "-Tjson0"], input=source, capture_output=True, text=True, check=True)

    assert done.stderr == ""
    found = json.loads(done.stdout)
    nodes = [item for item in found.get("objects", ()) if "nodes" not in item and "subgraphs" not in item]
    assert len(nodes) == {"folded": 1}.get(graph.title or "folded", len(graph.nodes))
    if graph.title.startswith(HOSTILE[0]):
        assert len(found.get("edges", ())) == len(graph.edges)


def test_mermaid_draws_the_flowchart_with_every_text_as_it_was(graph: Graph, browser: Chromium, tmp_path: Path) -> None:
    script = binary("mermaid") / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
    source = wiring.picture("mermaid", {}).draw(graph)
    page = tmp_path / "mermaid.html"
    page.write_text(f'<!doctype html><meta charset="utf-8"><script src="{script.as_uri()}"></script><p id="out"></p>')
    tab = browser.open(page)

    drawn = tab.evaluate(
        "(async () => { mermaid.initialize({startOnLoad: false, securityLevel: 'strict'});"
        f" const {{svg}} = await mermaid.render('x', {json.dumps(source)});"
        " document.querySelector('#out').innerHTML = svg;"
        " return [document.querySelectorAll('g.node').length,"
        " document.querySelectorAll('#out img, #out script').length,"
        " [...document.querySelectorAll('g.node')].map(node => node.textContent).join('\\n')]; })()"
    )

    assert drawn[:2] == [1 if not graph.title else len(graph.nodes), 0]
    if graph.title.startswith(HOSTILE[0]):
        assert [text for text in HOSTILE[:12] if text.replace("\n", " ") not in drawn[2]] == []
    assert tab.complaints == []
    tab.close()


def test_without_graphviz_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="dot is not installed; it lays out pictures of graphs") as raised:
        wiring.picture("svg", {"PATH": str(tmp_path)}).draw(GRAPHS["colourful"])

    assert raised.value.hint is not None
    assert "graphviz.org" in raised.value.hint


def test_a_tangle_is_laid_out_all_the_same(environment: Mapping[str, str]) -> None:
    numbers = random.Random(3)
    nodes = tuple(
        Node(id=f"n{number}", title="Thing", label=f"thing-{number}", detail=str(number)) for number in range(390)
    )
    ends = {tuple(numbers.sample(range(len(nodes)), 2)) for _ in range(780)}
    edges = tuple(Edge(f"n{one}", f"n{other}", Relation.OWNER) for one, other in sorted(ends))

    root = ET.fromstring(wiring.picture("svg", environment).draw(Graph(nodes=nodes, edges=edges)))

    assert len([path for path in root.iter(f"{SVG}path") if path.get("data-from")]) == len(edges)


def test_what_takes_too_long_is_stopped_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr("pipeline.pictures.layout._TIMEOUT", 0.3)

    with pytest.raises(ToolError, match="did not end within") as raised:
        wiring.picture("svg", {"PATH": f"{tmp_path}:{os.environ['PATH']}"}).draw(GRAPHS["colourful"])

    assert raised.value.hint is not None
    assert "too tangled" in raised.value.hint


def test_what_is_no_graphviz_is_said_to_be_none(tmp_path: Path) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)

    with pytest.raises(ToolError, match="expected all of them as JSON"):
        wiring.picture("svg", {"PATH": f"{tmp_path}:{os.environ['PATH']}"}).draw(GRAPHS["colourful"])
