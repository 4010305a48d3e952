from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.gates.opa import OpaGate
from pipeline.model.manifests import Manifests
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.rego import judging_packages, query, read_answers, review


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("package main\n\ndeny contains msg if { msg := 1 }", ["main"]),
        ("# package other\n\npackage a.b\nwarn[msg] { true }", ["a.b"]),
        ('package k8s["x-y"].z\n  violation_labels contains 1 if true', ['k8s["x-y"].z']),
        ("package main\ndefault deny := false", ["main"]),
        ("package library\nhelper := 1\nxdeny := 2\n# deny", []),
        ("deny contains 1", []),
    ],
)
def test_packages_that_judge_are_found_by_their_rules(text: str, packages: list[str]) -> None:
    assert judging_packages([text]) == packages


def test_the_query_offers_only_what_policies_speak_of() -> None:
    plain = query(["main"], ["package main"])
    assert "data.main[name] with input as subject;" in plain
    assert "subject := input.objects[i]" in plain
    assert "object.union(input.objects[i], input.reviews[i])" in query(["main"], ["input.review.object.kind"])
    assert "with data.gitless.objects as everything" in query(["main"], ["data.gitless.objects"])


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (["a", "b"], [("a", ""), ("b", "")]),
        ("a", [("a", "")]),
        ({"msg": "a", "path": "spec.x", "details": {}}, [("a", "spec.x")]),
        ([{"message": "a"}], [("a", "")]),
        ({"a": True, "b": False}, [("a", "")]),
        (True, [("deny holds", "")]),
        (False, []),
        ([], []),
        ([1, None, True, {"reason": "a"}], [("1", ""), ("null", ""), ("true", ""), ('{"reason": "a"}', "")]),
        (None, []),
    ],
)
def test_every_form_of_a_rule_gives_its_messages(value: object, messages: list[tuple[str, str]]) -> None:
    found = list(read_answers([{"main": {"deny": value}}], 1))
    assert [(each.message, each.path) for each in found] == messages
    assert {each.rule_id for each in found} <= {"main/deny"}


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("deny", Severity.ERROR),
        ("violation_x", Severity.ERROR),
        ("warn", Severity.WARNING),
        ("warn_a_b", Severity.WARNING),
    ],
)
def test_the_rules_name_says_how_grave_it_is(rule: str, severity: Severity) -> None:
    (found,) = read_answers([{"main": {rule: "a"}}], 1)
    assert found.severity is severity


@pytest.mark.parametrize("answers", [None, {}, [], [{}, {}, {}]])
def test_an_answer_that_is_not_one_for_each_object_is_no_answer(answers: Any) -> None:  # noqa: ANN401
    with pytest.raises(TypeError, match="an answer for each object"):
        list(read_answers(answers, 2))


def test_gatekeepers_input_is_there() -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    found = review(body)
    assert found["review"]["object"] is body
    assert found["review"]["kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert found["parameters"] == {}


def test_without_opa_the_gate_is_not_configured() -> None:
    with pytest.raises(ConfigurationError, match="opa is not installed") as caught:
        OpaGate([Path("policy")], {"PATH": "/nowhere"}).check(Manifests(), None)
    assert caught.value.exit_code == 2
