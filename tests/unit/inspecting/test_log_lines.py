from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.model.flux.log_lines import LogFilter, read_log_line
from pipeline.reports.text.logs import line

OURS = {
    "ts": "2026-11-25T18:00:00.5Z",
    "level": "info",
    "msg": "applied",
    "kind": "Kustomization",
    "namespace": "shop",
    "name": "web",
    "revision": "1.0@sha256:ab",
}
FLUX = {
    "level": "error",
    "ts": "2026-11-25T18:00:01.123Z",
    "msg": "Reconciler error",
    "controller": "kustomization",
    "controllerGroup": "kustomize.toolkit.fluxcd.io",
    "controllerKind": "Kustomization",
    "Kustomization": {"name": "apps", "namespace": "flux-system"},
    "namespace": "flux-system",
    "name": "apps",
    "reconcileID": "1",
    "error": "no such\nthing",
}


def shown(entry: dict[str, Any] | str) -> str:
    return line(read_log_line(entry if isinstance(entry, str) else json.dumps(entry)), color=False)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (OURS, "2026-11-25T18:00:00.5Z info Kustomization/web.shop - applied\n"),
        (FLUX, "2026-11-25T18:00:01.123Z error Kustomization/apps.flux-system - Reconciler error no such thing\n"),
        ({"ts": 0.25, "level": "info", "msg": "x"}, "1970-01-01T00:00:00.250Z info - x\n"),
        ({"time": "2026-11-25T18:00:00Z", "level": "warning", "message": "x"}, "2026-11-25T18:00:00Z warn - x\n"),
        (
            {"level": "info", "msg": "x", "OCIRepository": {"name": "a", "namespace": "b"}},
            "info OCIRepository/a.b - x\n",
        ),
        ("panic: no more memory", "panic: no more memory\n"),
        ("{not json", "{not json\n"),
        ("[1]", "[1]\n"),
        ("{" * 5000, "{" * 5000 + "\n"),
        ({"level": "info", "msg": "a\x1b[2Jb\u202e"}, "info - a\\u001b[2Jb\\u202e\n"),
        ("plain \x1b[31m", "plain \\u001b[31m\n"),
    ],
)
def test_a_line_is_shown_as_flux_shows_it(entry: dict[str, Any] | str, expected: str) -> None:
    assert shown(entry) == expected


@pytest.mark.parametrize("value", [True, None, [], "yesterday", 1e300, {}])
def test_a_time_that_makes_no_sense_is_no_time(value: object) -> None:
    found = read_log_line(json.dumps({"ts": value, "level": "info", "msg": "x"}))

    assert found.time is None
    assert not found.is_plain


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (LogFilter(), (True, True, True, True)),
        (LogFilter(level="error"), (False, True, False, False)),
        (LogFilter(kind="kustomization"), (True, True, False, False)),
        (LogFilter(kind="OCIRepository"), (False, False, False, False)),
        (LogFilter(name="web"), (True, False, False, False)),
        (LogFilter(namespace="shop"), (True, False, True, True)),
    ],
)
def test_lines_are_chosen_by_level_and_object(wanted: LogFilter, passes: tuple[bool, ...]) -> None:
    about_nothing = {"level": "info", "msg": "starting"}
    lines = [*(read_log_line(json.dumps(entry)) for entry in (OURS, FLUX, about_nothing)), read_log_line("plain")]

    assert tuple(wanted.lets_through(found) for found in lines) == passes


def test_the_document_has_the_text_of_a_plain_line() -> None:
    assert read_log_line("plain").document()["message"] == "plain"
    assert read_log_line(json.dumps(OURS)).document() == {
        "time": "2026-11-25T18:00:00.5Z",
        "level": "info",
        "kind": "Kustomization",
        "namespace": "shop",
        "name": "web",
        "message": "applied",
        "error": "",
        "revision": "1.0@sha256:ab",
    }
