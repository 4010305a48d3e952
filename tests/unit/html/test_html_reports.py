from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.outcome import Result
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.plan import ABSENT, Action, Change, FieldChange
from pipeline.model.reporting import BARE, ReportContext
from pipeline.model.trust.evidence import Judgement, RejectedSignature, SignatureFormat
from pipeline.reports import render_result
from pipeline.reports.html.page import ShownField
from pipeline.reports.html.values import shown
from pipeline.stages.diff import diff
from tests import report_material as material

RESULTS: list[Result] = [
    material.diff(), material.refused(), material.plan(), material.findings(), material.applied(), material.verdict(),
    material.graph(), material.run(),
]  # fmt: skip
every_kind = pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.kind)


def page(result: Result, context: ReportContext = BARE) -> str:
    return render_result(result, "html", context=context)


def data(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="report">(.*?)</script>', text, re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


class Addresses(HTMLParser):
    """Collects everything that a browser would fetch or follow."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "img"}
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "action", "srcset", "style"}]
        assert not [name for name, _ in attrs if name.startswith("on")]


@every_kind
def test_nothing_is_loaded_from_anywhere(result: Result) -> None:
    addresses = Addresses()
    addresses.feed(page(result, material.CONTEXT))
    assert all(address.startswith("#") for address in addresses.found)
    assert "url(" not in page(result)
    assert "@import" not in page(result)


@every_kind
def test_the_policy_allows_our_styles_and_our_script_by_their_hashes_and_nothing_else(result: Result) -> None:
    text = page(result, material.CONTEXT)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    allowed = dict(part.strip().partition(" ")[::2] for part in policy[1].replace("&#x27;", "'").split(";"))
    assert allowed["default-src"] == "'none'"
    for name, element in (("script-src", "script"), ("style-src", "style")):
        contents = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        hashes = {f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" for content in contents}
        assert set(allowed[name].split()) == hashes
    assert "unsafe" not in policy[1]


def test_lines_of_texts_stay_lines() -> None:
    [gateway] = [item for item in data(page(material.diff()))["items"] if item["name"] == "gateway"]
    [[path, before, after]] = gateway["fields"]
    assert (path, len(before.splitlines()), len(after.splitlines())) == ("data['nginx.conf']", 19, 20)


@every_kind
def test_the_same_result_gives_the_same_bytes(result: Result) -> None:
    assert page(result, material.CONTEXT) == page(result, material.CONTEXT)


def test_data_cannot_end_its_element_or_begin_another() -> None:
    nasty = "</script><!--<script>&\u2028\u2029"
    change = Change(Action.CONFIGURE, ObjectId("", "ConfigMap", "", "a"), "v1", (FieldChange(nasty, nasty, 1),))
    text = page(material.diff((change,)))
    block = text.partition('id="report">')[2].partition("</script>")[0]
    assert not set(block) & set("<>&\u2028\u2029")
    assert data(text)["items"][0]["fields"][0][0] == "</script><!--<script>&\\u2028\\u2029"


def test_control_characters_and_direction_marks_are_written_out() -> None:
    change = Change(Action.SKIP, ObjectId("", "ConfigMap", "", "a\u202eb"), "v1", reason="\x1b[31m\ud800")
    text = page(material.diff((change,)))
    assert not set(text) & set("\u202e\x1b\ud800")
    assert data(text)["items"][0]["name"] == "a\\u202eb"


@pytest.mark.parametrize("keys", ["data", "stringData"])
def test_values_of_secrets_are_nowhere_in_the_page(keys: str) -> None:
    def manifests(value: str) -> Manifests:
        text = b64encode(value.encode()).decode() if keys == "data" else value
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, keys: {"password": text}}
        return Manifests.of([Resource.from_body(body)])

    for is_full in (False, True):
        plan = diff(manifests("hunter2-before"), manifests("hunter2-after"), is_full=is_full)
        text = page(DiffResult(before=Side(name="a"), after=Side(name="b"), plan=plan, is_full=is_full))
        assert "data.password" in text
        assert "hunter2" not in text
        assert b64encode(b"hunter2-").decode()[:10] not in text


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (FieldChange("a", 1, "1"), ShownField("a", "1", '"1"')),
        (FieldChange("a", ABSENT, {"b": [1]}), ShownField("a", None, "{b: [1]}")),
        (FieldChange("a", ["x"] * 30, ABSENT), ShownField("a", "\n".join(["- x"] * 30), None)),
        (FieldChange("a", "one\ntwo\n", "one\n"), ShownField("a", "one\ntwo\n", "one\n")),
        (FieldChange("a", '{"b":1,"c":"' + "x" * 60 + '"}', '{"b":2}'),
         ShownField("a", '{\n  "b": 1,\n  "c": "' + "x" * 60 + '"\n}', '{\n  "b": 2\n}')),
        (FieldChange("a", ["name=x"], ["name=y"], is_order=True), ShownField("a", "x", "y", ("order",))),
        (FieldChange("a", None, ABSENT, manager="helm", is_drift=True, follows="a → b"),
         ShownField("a", "null", None, ("drifted", "set by helm", "follows the rename"))),
    ],
)  # fmt: skip
def test_values_are_shown_so_that_they_cannot_be_mistaken(field: FieldChange, expected: ShownField) -> None:
    assert shown(field) == expected


def test_a_value_without_end_is_cut_and_says_so() -> None:
    found = shown(FieldChange("a", ABSENT, "x" * 150_000)).after
    assert found is not None
    assert len(found) < 101_000
    assert found.endswith("\n… 50,000 more characters, which the JSON report has")


def test_a_page_that_would_be_too_large_leaves_fields_out_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reports.html.changes._MOST_TEXT", 400_000)

    def big(number: int) -> Change:
        fields = tuple(FieldChange(f"data.k{key}", ABSENT, "x" * 1_000) for key in range(100))
        return Change(Action.CONFIGURE, ObjectId("", "ConfigMap", "", f"c{number}"), "v1", fields)

    first, *_, last = data(page(material.diff(tuple(map(big, range(6))))))["items"]
    assert len(first["fields"]) == 100
    assert "fields" not in last
    assert ["Fields", "left out, for the page would be too large; the JSON report has them"] in last["facts"]
    assert last["note"].startswith("100 fields: k0")


def test_both_halves_of_a_rename_are_one_item() -> None:
    items = data(page(material.diff()))["items"]
    names = [item["name"] for item in items]
    assert "settings-8fk2m4t9bc" in names
    assert "settings-5k2fm8gt4h" not in names
    assert next(item for item in items if item["name"] == "settings-8fk2m4t9bc")["note"] == "was settings-5k2fm8gt4h"


def test_what_many_objects_have_in_common_is_told_once_above_the_list() -> None:
    text = page(material.many(100))
    assert "The same change in many objects" in text
    assert "in 50 objects" in text
    assert "The same change in many objects" not in page(material.diff())


def test_how_far_a_plan_reaches_leads_to_the_objects() -> None:
    text = page(material.plan())
    places = {item["name"]: number for number, item in enumerate(data(text)["items"])}
    assert f'<a href="#o-{places["cache"]}">PersistentVolumeClaim shop/cache</a>' in text
    assert "no Pod is left behind it" in text


def test_an_artifact_alone_shows_who_signed_it_and_what_else_lies_there() -> None:
    rejected = RejectedSignature(SignatureFormat.SIMPLE, "sha256:1", "by a stranger")
    result = VerifyArtifactResult(
        artifact=material.artifact("b"), source="", revision="",
        judgement=Judgement(accepted=(material.SIGNATURE,), rejected=(rejected,)),
    )  # fmt: skip
    found = data(page(result))["items"]
    assert [item["title"] for item in found] == ["release.yaml of acme/shop", "by a stranger"]


def test_no_changes_are_told_in_a_sentence() -> None:
    text = page(material.diff(()))
    assert "No differences" in text
    assert data(text)["nothing"] == "Both sides are the same: 27 objects, no difference."
