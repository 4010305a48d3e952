"""Pictures in the page: moved, enlarged, searched and walked through, by mouse, finger and keyboard."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from pipeline import wiring
from pipeline.model.graph.graph import Graph
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.graph import GraphResult
from pipeline.model.reporting import ReportContext
from tests import report_material as material
from tests.contract.pictures.graphs import GRAPHS
from tests.platform.binaries import binary
from tests.platform.chromium import Tab

from .conftest import Show

pytestmark = [pytest.mark.tool, pytest.mark.xdist_group("chromium")]

VIEW = "document.querySelector('.stage svg').getAttribute('viewBox')"
Drawn = Callable[..., Tab]


@pytest.fixture
def drawn(show: Show) -> Drawn:
    """The page of a graph with the picture that Graphviz lays out."""

    def drawn(graph: Graph, *, width: int = 1280, height: int = 900) -> Tab:
        picture = wiring.picture("svg", {**os.environ, "GITLESS_DOT": str(binary("dot"))}).draw(graph)
        result = GraphResult(graph=graph, side=Side(name="shop"))
        return show(result, ReportContext(picture=picture), width=width, height=height)

    return drawn


def names(tab: Tab, selector: str) -> list[str]:
    found: list[str] = tab.evaluate(
        f"[...document.querySelectorAll({selector!r})].map(card => card.dataset.object).sort()"
    )
    return found


def opened(tab: Tab, place: int) -> None:
    tab.evaluate(f"location.hash = '#o-{place}'")
    tab.settle()


def test_keys_move_and_enlarge_it(drawn: Drawn) -> None:
    tab = drawn(GRAPHS["large"])
    whole = tab.evaluate(VIEW)
    tab.evaluate("document.getElementById('picture').focus()")

    tab.press("+")
    enlarged = tab.evaluate(VIEW)
    tab.press("ArrowRight")
    assert len({whole, enlarged, tab.evaluate(VIEW)}) == 3
    tab.press("0")
    assert tab.evaluate(VIEW) == whole


def test_a_search_lights_up_what_it_finds(drawn: Drawn) -> None:
    tab = drawn(GRAPHS["large"])

    tab.press("/", *"app-39")

    assert tab.evaluate("document.getElementById('status').textContent") == "5 of 204 objects"
    assert len(names(tab, ".searching .card.found")) == 5
    tab.press("Escape")
    assert names(tab, ".searching .card") == []


def test_an_object_says_what_it_needs_and_what_needs_it_and_leads_there(drawn: Drawn) -> None:
    tab = drawn(material.graph().graph)

    opened(tab, 1)
    assert "SelectsDeployment.apps shop/web" in tab.evaluate("document.querySelector('#o-1 .details').textContent")
    tab.click("#o-1 .details a")

    assert tab.evaluate("document.activeElement.closest('.row').id") == "o-2"
    told = tab.evaluate("document.querySelector('#o-2 .details').textContent")
    assert "Selected byService shop/web" in told
    assert "Refers toConfigMap shop/gateway (volume)" in told


def test_from_the_list_into_the_picture_and_from_card_to_card_by_arrows(drawn: Drawn) -> None:
    tab = drawn(material.graph().graph)
    opened(tab, 2)

    tab.click("#o-2 .details .more")
    assert tab.evaluate("document.activeElement.dataset.object") == "Deployment.apps shop/web"
    assert names(tab, ".pointing .card.near") == [
        "ConfigMap shop/gateway", "Deployment.apps shop/web", "Service shop/web",
    ]  # fmt: skip
    tab.press("ArrowRight")
    assert tab.evaluate("document.activeElement.dataset.object") == "ConfigMap shop/gateway"
    assert tab.evaluate("document.querySelector('.told-card').textContent") == (
        "ConfigMap gateway in shop; missing: not in the artifact"
    )
    tab.press("Enter")
    assert tab.evaluate("document.activeElement.closest('.row').id") == "o-0"


def test_one_card_alone_is_a_stop_of_the_tab_key(drawn: Drawn) -> None:
    tab = drawn(GRAPHS["large"])

    assert tab.evaluate("document.querySelectorAll('.card[tabindex=\"0\"]').length") == 1


def test_a_finger_scrolls_the_page_until_the_picture_is_enlarged_and_two_enlarge_it(drawn: Drawn) -> None:
    tab = drawn(GRAPHS["large"], width=390, height=844)
    tab.evaluate("document.getElementById('picture').scrollIntoView({block: 'center'})")
    x, y = tab.evaluate(
        "(() => { const box = document.getElementById('picture').getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    touch = "getComputedStyle(document.getElementById('picture')).touchAction"
    assert tab.evaluate(touch) == "pan-x pan-y"

    def fingers(kind: str, *apart: int) -> None:
        points = [{"x": x + by, "y": y, "id": number} for number, by in enumerate(apart)]
        tab.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    tab.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    whole = tab.evaluate(VIEW)
    fingers("touchStart", -20, 20)
    fingers("touchMove", -60, 60)
    fingers("touchEnd")
    enlarged = tab.evaluate(VIEW)
    assert float(enlarged.split()[2]) < float(whole.split()[2])
    assert tab.evaluate(touch) == "none"

    fingers("touchStart", 0)
    fingers("touchMove", 40)
    fingers("touchEnd")
    assert float(tab.evaluate(VIEW).split()[0]) < float(enlarged.split()[0])


def test_on_paper_it_is_light_and_whole_whatever_the_screen_has(drawn: Drawn) -> None:
    tab = drawn(GRAPHS["large"])
    whole = tab.evaluate(VIEW)
    tab.click("#theme")
    tab.click("#theme")
    tab.click("[data-zoom=in]")
    frame = "getComputedStyle(document.querySelector('.frame')).fill"
    assert (tab.evaluate(frame), tab.evaluate(VIEW) == whole) == ("rgb(20, 25, 32)", False)

    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (tab.evaluate(frame), tab.evaluate(VIEW) == whole) == ("rgb(255, 255, 255)", True)

    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate(frame) == "rgb(20, 25, 32)"


def test_what_signs_and_lines_mean_stays_readable_below_it(drawn: Drawn) -> None:
    tab = drawn(GRAPHS["large"])

    assert tab.evaluate("document.querySelector('.stage .legend')") is None
    key = tab.evaluate("document.querySelector('.key text').getBoundingClientRect().height")
    heading = tab.evaluate("document.querySelector('.stage .heading').getBoundingClientRect().height")
    name = tab.evaluate("document.querySelector('.stage .name').getBoundingClientRect().height")
    assert key > 10
    assert heading > 1.5 * name
