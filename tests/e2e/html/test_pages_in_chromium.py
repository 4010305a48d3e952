"""The page in a real browser: what it shows, finds and tells, by mouse and keyboard, on paper, to screen readers."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.model.outcome import Result
from pipeline.model.plan import Action
from tests import report_material as material
from tests.platform.binaries import binary
from tests.platform.chromium import Tab

from .conftest import Show

pytestmark = [pytest.mark.tool, pytest.mark.xdist_group("chromium")]

EVERY_KIND: list[Result] = [
    material.diff(),
    material.plan(),
    material.findings(),
    material.applied(),
    material.verdict(),
    material.graph(),
    material.run(),
]
by_kind = pytest.mark.parametrize("result", EVERY_KIND, ids=[result.kind for result in EVERY_KIND])


def heads(tab: Tab) -> list[str]:
    """Text of every row that is in the page, in its order."""
    found: list[str] = tab.evaluate("[...document.querySelectorAll('.row .head')].map(head => head.textContent)")
    return found


def text(tab: Tab, selector: str) -> str:
    found: str = tab.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")
    return found


def type_into_search(tab: Tab, words: str) -> None:
    tab.evaluate(
        "(() => { const field = document.getElementById('search');"
        f" field.value = {json.dumps(words)}; field.dispatchEvent(new Event('input')); }})()"
    )
    tab.settle()


def choose(tab: Tab, key: str, value: str) -> None:
    tab.evaluate(
        f"(() => {{ const choice = document.querySelector('select[data-filter={key}]');"
        f" choice.value = {json.dumps(value)}; choice.dispatchEvent(new Event('change')); }})()"
    )
    tab.settle()


def focused(tab: Tab) -> str:
    found: str = tab.evaluate("document.activeElement.textContent")
    return found


def test_deletions_come_first_and_every_change_is_there(show: Show) -> None:
    tab = show(material.diff())
    assert text(tab, "h1") == "2 deletions and 6 other changes"
    rows = heads(tab)
    assert len(rows) == 9  # ten changes, of which two are the halves of one rename
    assert "delete PersistentVolumeClaim shop/cache" in rows[0]
    assert "recreate" in rows[1]
    assert text(tab, "#status") == "9 changes"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cache", ["shop/cache"]),  # a name
        ("secret", ["shop/database"]),  # a kind, whatever the case
        ("readinessprobe", ["shop/web"]),  # a field path
        ("proxy_read_timeout 60s", ["shop/gateway"]),  # words of a value
        ("5k2fm8gt4h", ["shop/settings-8fk2m4t9bc"]),  # the name before a rename
        ("nowhere", []),
    ],
)
def test_the_search_finds_by_kind_name_path_and_value(show: Show, words: str, found: list[str]) -> None:
    tab = show(material.diff())
    type_into_search(tab, words)
    assert tab.evaluate("[...document.querySelectorAll('.row .object')].map(name => name.textContent)") == found
    assert text(tab, "#status") == f"{len(found)} of 9 changes"
    assert ("Nothing matches." in text(tab, "#rows")) is (not found)


def test_a_row_that_was_found_by_a_value_shows_that_value(show: Show) -> None:
    tab = show(material.diff())
    type_into_search(tab, "periodseconds")
    assert "readinessProbe: …" in text(tab, ".note")
    assert "periodSeconds" in text(tab, ".note")
    type_into_search(tab, "")
    assert "periodSeconds" not in text(tab, "#rows")


def test_tiles_and_choices_filter_together_and_are_cleared_together(show: Show) -> None:
    tab = show(material.diff())
    tab.click("button.tile[data-tag=create]")
    tab.click("button.tile[data-tag=prune]")
    assert text(tab, "#status") == "3 of 9 changes"
    choose(tab, "kind", "Service")
    assert text(tab, "#status") == "1 of 9 changes"
    assert tab.evaluate("document.querySelector('button.tile[data-tag=create]').ariaPressed") == "true"
    tab.click("#clear")
    assert text(tab, "#status") == "9 changes"
    choose(tab, "namespace", "(cluster-wide)")
    assert text(tab, "#status") == "1 of 9 changes"


def test_details_show_both_sides_beside_each_other(show: Show) -> None:
    tab = show(material.diff())
    type_into_search(tab, "shop/web.yaml:3")
    tab.click(".head")
    cells = tab.evaluate("[...document.querySelectorAll('.field [role=cell]')].map(cell => cell.textContent)")
    assert cells[:4] == ["9", "4", "ghcr.io/acme/web:1.4.2@sha256:1f0c", "ghcr.io/acme/web:1.5.0@sha256:9be2"]
    assert tab.evaluate("[...document.querySelectorAll('.after mark')].map(mark => mark.textContent)")[:3] == [
        "5",
        "0",
        "9be2",
    ]
    left, right = tab.evaluate(
        "[...document.querySelectorAll('.field:nth-child(3) [role=cell]')].map(cell => cell.getBoundingClientRect().x)"
    )
    assert left < right
    marks = tab.evaluate("[...document.querySelectorAll('.mark')].map(mark => mark.textContent)")
    assert marks == ["drifted", "set by kube-controller-manager", "order"]


def test_long_texts_are_held_against_each_other_line_by_line(show: Show) -> None:
    tab = show(material.diff())
    type_into_search(tab, "gateway.yaml")
    tab.click(".head")
    changed = "[...document.querySelectorAll('.line.{} {}')].map(line => line.textContent.trim())"
    assert tab.evaluate(changed.format("del", "del")) == [
        "removed:       proxy_read_timeout 30s;", "removed:       return 200;",
    ]  # fmt: skip
    assert [line.split(":")[1].strip() for line in tab.evaluate(changed.format("ins", "ins"))] == [
        "proxy_read_timeout 60s;", "access_log off;", "return 204;",
    ]  # fmt: skip
    assert tab.evaluate("[...document.querySelectorAll('.line.del mark')].map(mark => mark.textContent)") == ["30s"]
    before = tab.evaluate("document.querySelectorAll('.pair').length")
    assert text(tab, ".fold") == "5 unchanged lines"
    tab.click(".fold")
    assert tab.evaluate("document.querySelectorAll('.pair').length") == before + 5
    assert tab.evaluate("document.querySelectorAll('.lines.split').length") == 1
    tab.resize(390, 844)
    tab.settle()
    assert tab.evaluate(
        "[document.querySelectorAll('.pair').length, document.querySelectorAll('.line.del').length]"
    ) == [
        0,
        2,
    ]


def test_values_of_secrets_are_not_there_and_it_is_told_that_they_change(show: Show) -> None:
    tab = show(material.diff())
    type_into_search(tab, "shop/database")
    tab.click(".head")
    assert tab.evaluate("[...document.querySelectorAll('.field [role=cell]')].map(cell => cell.textContent)") == [
        "(sensitive)", "(sensitive)", "not there—", "(sensitive)",
    ]  # fmt: skip


def test_the_keyboard_alone_is_enough(show: Show) -> None:
    tab = show(material.diff())
    tab.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"
    tab.press(*"gateway", "Enter")
    assert "shop/gateway" in focused(tab)
    tab.press("Enter")
    assert tab.evaluate("document.activeElement.ariaExpanded") == "true"
    assert text(tab, ".details code") == "data['nginx.conf']"
    tab.press("Escape")
    assert tab.evaluate("document.activeElement.ariaExpanded") == "false"
    tab.press("/", "Escape")
    assert text(tab, "#status") == "9 changes"
    tab.press("Escape", "j")
    first = focused(tab)
    tab.press("j")
    assert focused(tab) == heads(tab)[1] != first
    tab.press("k")
    assert focused(tab) == first
    tab.press("?")
    assert tab.evaluate("document.querySelector('dialog').open")
    tab.press("Escape")
    assert not tab.evaluate("document.querySelector('dialog').open")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_first_stop_of_the_tab_key_skips_to_the_list(show: Show) -> None:
    tab = show(material.diff())
    tab.press("Tab")
    assert focused(tab) == "Skip to the list"
    tab.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "list"


def test_links_and_nodes_of_the_picture_lead_to_their_object(show: Show) -> None:
    tab = show(material.plan(), material.CONTEXT)
    tab.click("button.tile[data-tag=create]")
    tab.click(".panel a[href]")
    assert "shop/cache" in focused(tab)
    assert text(tab, "#status") == "9 changes"
    tab.click("[data-object='Deployment.apps shop/web'] rect")
    assert "shop/web" in focused(tab)
    assert "changed" in text(tab, ".history")
    assert tab.evaluate("document.querySelectorAll('.linked').length") == 2
    before = tab.evaluate("document.querySelector('.stage svg').getAttribute('viewBox')")
    tab.click("[data-zoom=in]")
    assert tab.evaluate("document.querySelector('.stage svg').getAttribute('viewBox')") != before
    tab.click("[data-zoom=fit]")
    assert tab.evaluate("document.querySelector('.stage svg').getAttribute('viewBox')") == before


@by_kind
def test_light_and_dark_are_both_readable(show: Show, result: Result) -> None:
    contrasts = {}
    for scheme in ("light", "dark"):
        tab = show(result, material.CONTEXT, scheme=scheme)
        tab.click("#expand")
        contrasts[scheme] = tab.evaluate(LEAST_CONTRAST)
        background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", background))) > 128) is (scheme == "light")
    assert {scheme: found for scheme, found in contrasts.items() if found[0] < 4.5} == {}


def test_the_theme_can_be_chosen(show: Show) -> None:
    tab = show(material.diff())
    colours = []
    for _ in range(3):
        tab.click("#theme")
        colours.append(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] == colours[2] != colours[1]
    assert text(tab, "#theme") == "Theme: automatic"


@by_kind
def test_nothing_is_wider_than_a_telephone(show: Show, result: Result) -> None:
    tab = show(result, material.CONTEXT, width=390, height=844)
    tab.click("#expand")
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    assert tab.evaluate(STICKING_OUT) == []


@by_kind
def test_assistive_technology_is_told_names_of_everything(show: Show, result: Result) -> None:
    tab = show(result, material.CONTEXT)
    tab.click("#expand")
    names = tab.names()
    roles = {role for role, _ in names}
    assert {"main", "banner", "search", "heading", "list", "listitem", "button", "status"} <= roles
    nameless = {
        "button",
        "link",
        "combobox",
        "searchbox",
        "heading",
        "table",
        "columnheader",
        "rowheader",
        "RootWebArea",
    }
    assert [role for role, name in names if role in nameless and not name.strip()] == []
    expanded = tab.evaluate("[...document.querySelectorAll('.head')].map(head => head.ariaExpanded)")
    assert set(expanded) == {"true"}
    levels = tab.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(heading => Number(heading.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@by_kind
def test_axe_finds_nothing_that_keeps_anybody_out(show: Show, result: Result) -> None:
    rules = (binary("axe-core") / "axe-core" / "axe.min.js").read_text()
    tab = show(result, material.CONTEXT)
    tab.click("#expand")
    tab.evaluate(f"{rules}; 0")
    found = tab.evaluate(
        "axe.run(document).then(report => report.violations.map("
        "rule => [rule.id, rule.help, rule.nodes.map(node => node.html.slice(0, 200)).slice(0, 3)]))"
    )
    assert found == []


def test_everything_is_opened_for_printing_and_closed_again(show: Show, tmp_path: Path) -> None:
    tab = show(material.diff())
    tab.emulate(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate("document.querySelectorAll('.details:not([hidden])').length") == 9
    assert not tab.evaluate("document.getElementById('toolbar').checkVisibility()")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.querySelectorAll('.details:not([hidden])').length") == 0
    tab.pdf(tmp_path / "printed.pdf")
    assert (tmp_path / "printed.pdf").read_bytes().count(b"/Type /Page\n") >= 2


def test_a_large_report_is_printed_whole_and_says_how_much_of_it_has_details(show: Show) -> None:
    tab = show(material.many(1500))
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert text(tab, "#status") == "1,500 changes; the first 200 with details"
    assert tab.evaluate("[...document.querySelectorAll('.row')].filter(row => row.checkVisibility()).length") == 1500
    assert tab.evaluate("document.querySelectorAll('.details:not([hidden])').length") == 200
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert text(tab, "#status") == "1,500 changes"


def test_of_a_huge_report_as_much_is_printed_as_can_be_and_it_says_so(show: Show) -> None:
    tab = show(material.many(300))
    tab.evaluate("PRINTED.rows = 100; dispatchEvent(new Event('beforeprint'))")
    assert text(tab, "#status") == "300 changes; the first 100 are printed; the first 200 with details"
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.querySelectorAll('.chunk[hidden]').length") == 0


def test_without_scripts_it_is_a_plain_list(show: Show) -> None:
    tab = show(material.diff(), scripts=False)
    whole = tab.evaluate("document.body.innerText")
    assert "PersistentVolumeClaim shop/cache" in whole
    assert "ghcr.io/acme/web:1.5.0@sha256:9be2" in whole
    assert "proxy_read_timeout 60s" in whole
    assert not tab.evaluate("document.getElementById('theme').checkVisibility()")


def test_a_large_report_without_scripts_says_what_it_leaves_out(show: Show) -> None:
    tab = show(material.many(300), scripts=False)
    assert "It ends after 100 of 300 changes" in tab.evaluate("document.body.innerText")
    assert tab.evaluate("document.querySelectorAll('.plain > li').length") == 100


def test_findings_stand_by_severity_with_what_is_suppressed_or_not_evaluated_apart(show: Show) -> None:
    tab = show(material.findings())
    assert text(tab, "h1") == "Not passed: 1 error, 1 warning"
    assert tab.evaluate("[...document.querySelectorAll('#rows h3')].map(title => title.textContent)") == [
        "Errors 1", "Warnings 1", "Notes 1", "Suppressed 1", "Not evaluated 1",
    ]  # fmt: skip
    tab.click("#expand")
    error, suppressed = (
        tab.evaluate(f"document.querySelectorAll('.details')[{number}].textContent") for number in (0, 3)
    )
    for told in ("image-latest: Images have a version", "chart shop-1.5.0, templates/web.yaml:14",
                 "The tag latest moves", "here it could be 1.5.0\nName a version, or better a digest."):  # fmt: skip
        assert told in error
    assert "pinned by the mirror" in suppressed
    assert "gitless.yaml:12" in suppressed
    choose(tab, "group", "require-team")
    assert text(tab, "#status") == "1 of 5 findings"


def test_a_verdict_shows_health_drift_and_what_explains_it_in_one_place(show: Show) -> None:
    tab = show(material.verdict())
    assert text(tab, "h1") == "Not verified: drift, health"
    tiles = tab.evaluate("[...document.querySelectorAll('.tile')].map(tile => tile.textContent)")
    assert tiles == ["1 failed", "1 missing", "3 drifted", "2 healthy"]
    tab.click(".head")
    details = text(tab, ".details")
    for told in ("ProgressDeadlineExceeded", "its ReplicaSet is stuck", "Warning FailedCreate (x7): quota exceeded",
                 "cannot reach database", "set by kubectl"):  # fmt: skip
        assert told in details
    tab.click("button.tile[data-tag=drifted]")
    assert text(tab, "#status") == "3 of 4 objects"


def test_an_apply_says_who_signed_and_that_it_was_a_rollback(show: Show) -> None:
    whole = show(material.applied()).evaluate("document.body.innerText")
    assert "release.yaml of acme/shop, signed 2025-11-24T16:00:00Z (as the log says)" in whole
    assert "This is a rollback" in whole


def test_what_stands_in_the_way_comes_before_everything_else(show: Show) -> None:
    tab = show(material.refused())
    assert text(tab, "h1") == "Applying this would be refused"
    assert "owned by kubectl" in text(tab, ".panel")
    assert "--force-conflicts takes it" in text(tab, ".panel")


def test_among_5000_changes_exactly_the_right_ones_are_found(show: Show) -> None:
    result = material.many(5000)
    tab = show(result)
    assert text(tab, "#status") == "5,000 changes"
    assert tab.evaluate("document.querySelectorAll('.row').length") <= 300
    type_into_search(tab, "team-07 image")
    expected = [
        str(change.object_id)
        for action in (Action.CREATE, Action.CONFIGURE)
        for change in result.plan.changes
        if change.object_id.namespace == "team-07" and change.action is action
    ]
    assert heads_of(tab) == expected
    tab.click("button.tile[data-tag=prune]")
    choose(tab, "namespace", "team-07")
    type_into_search(tab, "")
    gone = [change for change in result.plan.changes if change.object_id.namespace == "team-07"]
    assert text(tab, "#status") == f"{sum(change.action is Action.PRUNE for change in gone):,} of 5,000 changes"


def test_a_search_from_far_below_shows_the_first_of_what_it_finds(show: Show) -> None:
    tab = show(material.many(5000))
    tab.evaluate("scrollTo(0, 100000)")
    tab.settle()
    type_into_search(tab, "service")
    assert 0 <= tab.evaluate("document.querySelector('.row').getBoundingClientRect().y") < 900


def test_the_last_of_5000_changes_can_be_reached_by_scrolling_and_by_link(show: Show) -> None:
    tab = show(material.many(5000))
    tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    for _ in range(3):
        tab.settle()
    assert tab.evaluate("document.querySelectorAll('#o-4999').length") == 1
    tab.evaluate("location.hash = '#o-2500'")
    tab.settle()
    place = tab.evaluate("document.getElementById('o-2500').getBoundingClientRect().y")
    assert 0 <= place < 900
    assert tab.evaluate("document.querySelector('#o-2500 .head').ariaExpanded") == "true"


def heads_of(tab: Tab) -> list[str]:
    """Every row's object, as its kind and name."""
    found: list[str] = tab.evaluate(
        "[...document.querySelectorAll('.row')].map(row => "
        "`${row.querySelector('.kind').textContent} ${row.querySelector('.object').textContent}`)"
    )
    return found


# Relative luminance and contrast as WCAG 2.2 defines them, of every text against the surfaces below it.
LEAST_CONTRAST = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const read = (colour, below) => {
    canvas.fillStyle = `rgb(${below.join(',')})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const known = new Map([[null, [255, 255, 255]]]);
  const behind = (element) => {
    if (!known.has(element)) {
      const colour = getComputedStyle(element).backgroundColor;
      const below = behind(element.parentElement);
      known.set(element, colour === 'rgba(0, 0, 0, 0)' ? below : read(colour, below));
    }
    return known.get(element);
  };
  const light = (rgb) => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let least = [99, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest('svg, script, noscript') || !element.checkVisibility()) continue;
    const below = behind(element);
    const [one, two] = [light(read(getComputedStyle(element).color, below)), light(below)];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < least[0]) least = [contrast, `${element.className || element.tagName}: ${node.data.slice(0, 40)}`];
  }
  return least;
})()
"""
STICKING_OUT = """
[...document.querySelectorAll('main *')].filter(element => !element.closest('svg') && element.checkVisibility()
  && !element.closest('.unseen, .heads')
  && element.getBoundingClientRect().right > innerWidth + 0.5).map(element => element.className || element.tagName)
"""
