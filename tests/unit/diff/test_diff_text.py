from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.plan import ABSENT, SENSITIVE, Action, Change, FieldChange, Plan
from pipeline.reports import render_result
from pipeline.reports.text.fields import field_lines
from pipeline.reports.text.values import Paint, cut_to_difference, inline

WEB = ObjectId("apps", "Deployment", "shop", "web")
CONFIG = ObjectId("", "ConfigMap", "shop", "web-5k2fm8gt4h")


def report(*changes: Change, unchanged: int = 0, color: bool = False, **fields: Any) -> str:  # noqa: ANN401
    plan = Plan(changes, unchanged)
    return render_result(
        DiffResult(before=Side(name="old"), after=Side(name="new"), plan=plan, **fields), "text", color=color
    )


def change(action: Action, *fields: FieldChange, **more: Any) -> Change:  # noqa: ANN401 - whatever a change has
    return Change(action, more.pop("object_id", WEB), "apps/v1", fields, **more)


def lines(field: FieldChange, *, is_full: bool = False) -> list[str]:
    return list(field_lines(field, Paint(color=False), is_full=is_full))


def test_nothing_to_tell_is_told_in_two_lines() -> None:
    assert report(unchanged=3) == "old → new\nNo differences, 3 unchanged\n"


def test_counts_come_first_and_deletions_before_everything_else() -> None:
    text = report(
        change(Action.CREATE, origin=Origin("web.yaml", 3)),
        change(Action.CONFIGURE, FieldChange("spec.replicas", 1, 2)),
        change(Action.RECREATE, reason="spec.selector is immutable"),
        change(Action.PRUNE),
        change(Action.SKIP, reason="prune: disabled"),
        unchanged=12,
    )
    assert text == (
        "old → new\n"
        "1 to create, 1 to configure, 1 to recreate, 1 to delete, 1 skipped, 12 unchanged\n"
        "\n- delete Deployment.apps shop/web\n"
        "\n± delete and create anew Deployment.apps shop/web  (spec.selector is immutable)\n"
        "\n+ create Deployment.apps shop/web  web.yaml:3\n"
        "\n~ configure Deployment.apps shop/web\n    ~ spec.replicas: 1 → 2\n"
        "\n· skip Deployment.apps shop/web  (prune: disabled)\n"
    )


def test_objects_with_nothing_more_to_tell_stand_together() -> None:
    ids = [ObjectId("", "Service", "shop", name) for name in "ab"]
    creations = [change(Action.CREATE, object_id=object_id) for object_id in ids]
    deletions = [change(Action.PRUNE, object_id=object_id) for object_id in ids]
    text = report(*creations, *deletions)
    assert text.endswith(
        "\n\n- delete Service shop/a\n- delete Service shop/b\n\n+ create Service shop/a\n+ create Service shop/b\n"
    )


def test_a_rename_is_told_once_and_counted_once() -> None:
    new = ObjectId("", "ConfigMap", "shop", "web-7bc5dh2g9k")
    text = report(
        change(Action.CREATE, FieldChange("data.a", "1", "2"), object_id=new, renamed_from=CONFIG),
        change(Action.PRUNE, object_id=CONFIG, renamed_to=new),
        change(Action.CONFIGURE, FieldChange("x", CONFIG.name, new.name, follows="a → b")),
    )
    assert "\n1 to configure, 1 renamed, 0 unchanged\n" in text
    assert "» rename ConfigMap shop/web-5k2fm8gt4h → web-7bc5dh2g9k\n" in text
    assert "(follows the rename)" in text
    assert "delete" not in text


def test_the_same_change_in_many_objects_is_told_once() -> None:
    shared, own = FieldChange("metadata.labels.env", "staging", "production"), FieldChange("spec.replicas", 1, 2)
    ids = [ObjectId("", "Service", "shop", f"svc{number}") for number in range(20)]
    changes = [change(Action.CONFIGURE, shared, object_id=object_id) for object_id in ids]
    changes.append(change(Action.CONFIGURE, own, shared))
    text = report(*changes)
    assert "\n21 to configure, 0 unchanged\n" in text
    assert text.count("staging → production") == 1
    assert "\n~ configure 21 objects alike\n" in text
    assert "      in Service shop/svc11\n      … and 9 more (--full shows them)\n" in text
    assert text.endswith("~ configure Deployment.apps shop/web\n    ~ spec.replicas: 1 → 2\n")
    assert report(*changes, is_full=True).count("staging → production") == 21


def test_hidden_values_are_never_called_alike_and_a_reason_is_never_lost() -> None:
    hidden = FieldChange("data.password", SENSITIVE, SENSITIVE)
    ids = [ObjectId("", "Secret", "shop", f"s{number}") for number in range(5)]
    assert (
        report(*(change(Action.CONFIGURE, hidden, object_id=object_id) for object_id in ids)).count("(sensitive)") == 5
    )
    shared = FieldChange("a", 1, 2)
    text = report(*(change(Action.CONFIGURE, shared, object_id=object_id, reason="taken over") for object_id in ids))
    assert text.count("taken over") == 5


def test_no_line_is_shown_behind_the_last_line_break_unless_only_one_text_has_it() -> None:
    ends_alike = list(field_lines(FieldChange("data.a", "one\ntwo\n", "one\nTWO\n"), Paint(color=False), is_full=False))
    assert ends_alike == ["~ data.a:", "  @ line 1", "    one", "  - two", "  + TWO"]
    ends_otherwise = list(
        field_lines(FieldChange("data.a", "one\ntwo", "one\ntwo\n"), Paint(color=False), is_full=False)
    )
    assert ends_otherwise == ["~ data.a:", "  @ line 1", "    one", "    two", "  +"]


def test_each_hint_stands_below_those_that_it_helps_with() -> None:
    obstacles = (Obstacle("a", "is owned", "take it"), Obstacle("b", "is protected", "override it"),
                 Obstacle("c", "is owned", "take it"), Obstacle("d", "is invalid"))  # fmt: skip
    sides = Side(name="live", is_live=True), Side(name="new")
    text = render_result(DiffResult(before=sides[0], after=sides[1], plan=Plan(), obstacles=obstacles), "text")
    assert text.partition("refused:\n")[2].splitlines() == [
        "! a: is owned", "! c: is owned", "  take it", "! b: is protected", "  override it", "! d: is invalid",
    ]  # fmt: skip


def test_drift_managers_and_obstacles_are_named() -> None:
    text = report(
        change(Action.CONFIGURE, FieldChange("spec.replicas", 5, 2, manager="kubectl-scale", is_drift=True)),
        obstacles=(Obstacle("Deployment.apps shop/web", "kubectl owns spec.replicas", "--force-conflicts takes it"),),
        notes=("1 object goes to 'default'",),
    )
    assert "drifted: the cluster has other values than were applied" in text
    assert "~ spec.replicas: 5 → 2  (set by kubectl-scale)" in text
    assert "Applying this would be refused:\n! Deployment.apps shop/web: kubectl owns spec.replicas\n" in text
    assert "note: 1 object goes to 'default'" in text


def test_colour_changes_nothing_but_colour() -> None:
    changes = [change(action, FieldChange("a", "1", "2")) for action in Action]
    colored = report(*changes, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == report(*changes)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (1, "1", '~ f: 1 → "1"'),
        (True, "true", '~ f: true → "true"'),
        ("web:1", "web:2", "~ f: web:1 → web:2"),
        (None, "", '~ f: null → ""'),
        ("a b", "no", '~ f: a b → "no"'),
        (["a", 1], [], "~ f: [a, 1] → []"),
        (ABSENT, {"a": {"b": "c: d"}}, '+ f: {a: {b: "c: d"}}'),
        ("x", ABSENT, "- f: x"),
        (SENSITIVE, SENSITIVE, "~ f: (sensitive) changed"),
        (ABSENT, SENSITIVE, "+ f: (sensitive) added"),
        (SENSITIVE, ABSENT, "- f: (sensitive) removed"),
    ],
)
def test_short_values_stand_on_one_line_and_types_can_be_told_apart(before: Any, after: Any, line: str) -> None:  # noqa: ANN401
    assert lines(FieldChange("f", before, after)) == [line]


def test_texts_of_several_lines_are_told_line_by_line() -> None:
    text = "\n".join(f"line {number}" for number in range(9))
    assert lines(FieldChange("f", text, text.replace("line 4", "other"))) == [
        "~ f:",
        "  @ line 3",
        "    line 2",
        "    line 3",
        "  - line 4",
        "  + other",
        "    line 5",
        "    line 6",
    ]


def test_a_changed_end_of_a_text_is_visible() -> None:
    assert lines(FieldChange("f", "a\nb\n", "a\nb"))[-1] == "  -"


def test_json_in_one_line_is_told_line_by_line() -> None:
    before = '{"panels": [' + ", ".join(f'"{number:04d}"' for number in range(30)) + "]}"
    shown = lines(FieldChange("f", before, before.replace("0007", "7000")))
    assert '  -     "0007",' in shown
    assert '  +     "7000",' in shown
    assert len(shown) < 10


def test_long_lists_are_told_item_by_item() -> None:
    before = [f"--flag-number-{number}" for number in range(20)]
    assert lines(FieldChange("args", before, [*before, "--new"]))[-1] == "  + - --new"


def test_long_values_are_cut_to_what_differs_and_whole_on_request() -> None:
    before, after = "a" * 500 + "1" + "b" * 500, "a" * 500 + "2" + "b" * 500
    _, removed, added = lines(FieldChange("f", before, after))
    assert removed == f"  - …{'a' * 40}1{'b' * 40}…"
    assert added == f"  + …{'a' * 40}2{'b' * 40}…"
    assert lines(FieldChange("f", before, after), is_full=True)[1:] == [f"  - {before}", f"  + {after}"]


@pytest.mark.parametrize(("before", "after"), [("a" * 200, "a" * 300), ("", "b" * 400), ("ab" * 200, "ab" * 201)])
def test_a_cut_never_hides_the_difference(before: str, after: str) -> None:
    one, other = cut_to_difference(before, after)
    assert one != other


def test_many_lines_are_limited_and_say_how_many_are_missing() -> None:
    value = {f"key{number:03d}": "x" * 5 for number in range(100)}
    shown = lines(FieldChange("f", ABSENT, value))
    assert len(shown) == 42
    assert shown[-1] == "  … 60 more lines (--full shows them)"
    assert len(lines(FieldChange("f", ABSENT, value), is_full=True)) == 101


@pytest.mark.parametrize("nasty", ["\x1b[31mred", "a\rb", "a\x07", "x\u202ey", "a\x9bb", "\x1b]0;t\x07\nline"])
def test_nothing_in_a_manifest_can_draw_on_the_terminal(nasty: str) -> None:
    text = report(
        change(
            Action.CONFIGURE,
            FieldChange(nasty, nasty, "x"),
            FieldChange("p", "y" * 200, nasty + "y" * 200),
            FieldChange("q", ABSENT, {nasty: [nasty] * 30}),
            FieldChange("r", [nasty], ["z"], manager=nasty, is_order=True),
            object_id=ObjectId("", "ConfigMap", "shop", nasty),
            reason=nasty,
            origin=Origin(nasty),
        ),
        obstacles=(Obstacle(nasty, nasty, nasty),),
        notes=(nasty,),
    )
    assert not set(text) & set("\x1b\r\x07\x9b\u202e")


def test_bare_text_is_never_mistaken() -> None:
    for text in ("--port", "256Mi", "100m", "a b", "/", "oci://x:1", "1.2.3-rc1", "2026w1"):
        assert inline(text) == text
    for text in (
        "1",
        "1e3",
        "1.2",
        "0x1f",
        "12:30:00",
        "2026-01-01",
        "yes",
        "null",
        "-",
        "- a",
        "a: b",
        "a #b",
        "{a}",
        "it's",
        "",
        " a",
        "a ",
        "~",
    ):
        assert inline(text) == f'"{text}"'
