from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.manifests import Manifests, ObjectId, Origin, Resource
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Rule, Severity
from pipeline.model.validation.options import IgnoredRule, ValidationOptions
from pipeline.model.validation.suppressing import apply_settings, settle

WHY = "the vendor publishes no digest"
ORIGIN = Origin("deploy/web.yaml", 7)


def rule(name: str, gate: str = "lint", severity: Severity = Severity.WARNING) -> Rule:
    return Rule(id=name, gate=gate, title=name, reason="because", fix="do it", severity=severity)


LINT_RULES = (rule("image-latest"), rule("image-digest"))


def manifests(annotations: dict[str, Any] | None = None, *names: str) -> Manifests:
    return Manifests.of(
        Resource.from_body(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "namespace": "shop", "annotations": annotations},
            },
            ORIGIN,
        )
        for name in names or ("web",)
    )


def finding(name: str, gate: str = "lint", object_name: str = "web", **more: Any) -> Finding:  # noqa: ANN401 - any field
    about = ObjectId("apps", "Deployment", "shop", object_name)
    return Finding(gate=gate, rule=name, severity=Severity.WARNING, message="it is so", object_id=about, **more)


def lint(*findings: Finding) -> Checked:
    return Checked(gate="lint", objects=1, findings=findings, rules=LINT_RULES)


def ignoring(name: str, *objects: str, reason: str = WHY) -> ValidationOptions:
    return ValidationOptions(ignored=(IgnoredRule(rule=name, reason=reason, objects=objects, place="gitless.yaml:12"),))


def test_without_settings_or_annotations_everything_stays_as_it_was_found() -> None:
    checked = lint(finding("image-latest"))

    assert apply_settings(checked, ValidationOptions(), manifests()).findings == checked.findings


def test_an_annotation_with_a_reason_suppresses_its_rule_on_its_object_alone() -> None:
    checked = lint(finding("image-latest"), finding("image-digest"), finding("image-latest", object_name="api"))

    found = apply_settings(checked, ValidationOptions(), manifests({"ignore.gitless.dev/image-latest": WHY})).findings

    first, second, third = found
    assert first.suppression is not None
    assert (first.suppression.reason, first.suppression.place) == (WHY, "annotation ignore.gitless.dev/image-latest")
    assert (second.suppression, third.suppression) == (None, None)


def test_a_policy_of_users_is_suppressed_by_an_annotation_with_an_underscore_for_what_a_key_may_not_have() -> None:
    checked = Checked(gate="kyverno", objects=1, findings=(finding("require-labels/check team", gate="kyverno"),))
    annotated = manifests({"ignore.gitless.dev/require-labels_check_team": WHY})

    (found,) = apply_settings(checked, ValidationOptions(), annotated).findings

    assert found.suppression is not None


@pytest.mark.parametrize("reason", ["", "   ", "legacy", None, "ok ok ok "])
def test_a_suppression_without_a_real_reason_is_an_error_and_suppresses_nothing(reason: str | None) -> None:
    annotated = manifests({"ignore.gitless.dev/image-latest": reason})

    found = apply_settings(lint(finding("image-latest")), ValidationOptions(), annotated).findings

    assert [(item.rule, item.severity, item.suppression) for item in found] == [
        ("image-latest", Severity.WARNING, None),
        ("suppression-reason", Severity.ERROR, None),
    ]
    assert found[1].path == "metadata.annotations[ignore.gitless.dev/image-latest]"
    assert found[1].origin == ORIGIN
    assert found[1].is_error


def test_a_reason_that_is_too_short_is_an_error_in_the_settings_too() -> None:
    found = apply_settings(lint(finding("image-latest")), ignoring("image-latest", reason="meh"), manifests()).findings

    assert [item.rule for item in found] == ["image-latest", "suppression-reason"]
    assert found[1].message == "the suppression of image-latest gives no reason that says anything"
    assert found[1].origin == Origin("gitless.yaml", 12)


def test_control_characters_in_an_annotations_reason_do_not_come_out() -> None:
    annotated = manifests({"ignore.gitless.dev/image-latest": "\x1b[31mthe vendor\npublishes none\x07"})

    (found,) = apply_settings(lint(finding("image-latest")), ValidationOptions(), annotated).findings

    assert found.suppression is not None
    assert found.suppression.reason == "the vendor publishes none"


@pytest.mark.parametrize(
    ("pattern", "is_suppressed"),
    [
        ("image-latest", True),
        ("image-*", True),
        ("*", True),
        ("image", False),
        ("image.latest", False),
        ("IMAGE-LATEST", False),
    ],
)
def test_rules_of_the_settings_are_globs_over_ids(pattern: str, is_suppressed: bool) -> None:  # noqa: FBT001 - a table's column
    found = apply_settings(lint(finding("image-latest")), ignoring(pattern), manifests()).findings

    assert (found[0].suppression is not None) is is_suppressed


@pytest.mark.parametrize(
    ("objects", "matches"),
    [
        ("Deployment", True),
        ("Deployment.apps", True),
        ("Deployment.", False),
        ("Deployment.batch", False),
        ("Deployment web", True),
        ("Deployment shop/web", True),
        ("Deployment shop/*", True),
        ("* shop/w*b", True),
        ("*.apps */web", True),
        ("Deployment other/web", False),
        ("Deployment we", False),
        ("Deploy", False),
        ("Service shop/web", False),
        ("Deployment /web", False),
    ],
)
def test_objects_are_named_by_kind_group_namespace_and_name(objects: str, matches: bool) -> None:  # noqa: FBT001 - a table's column
    found = apply_settings(lint(finding("image-latest")), ignoring("image-latest", objects), manifests()).findings

    assert (found[0].suppression is not None) is matches


@pytest.mark.parametrize("text", ["", "Deployment shop web"])
def test_objects_that_cannot_be_read_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"gitless.yaml:12: '.*' names no objects"):
        apply_settings(lint(), ignoring("image-latest", text), manifests())


def test_a_finding_about_no_object_is_suppressed_by_an_entry_for_all_objects_only() -> None:
    of_none = Finding(gate="lint", rule="image-latest", severity=Severity.ERROR, message="x")

    assert apply_settings(lint(of_none), ignoring("image-latest", "*"), manifests()).findings[0].is_error
    assert not apply_settings(lint(of_none), ignoring("image-latest"), manifests()).findings[0].is_error


def test_a_suppression_that_matches_nothing_is_a_note() -> None:
    annotated = manifests({"ignore.gitless.dev/image-digest": WHY})

    found = apply_settings(lint(), ignoring("image-latest", "Deployment shop/gone"), annotated).findings

    assert [(item.rule, item.severity) for item in found] == [("suppression-unused", Severity.NOTE)] * 2
    assert found[0].message == "the suppression of image-latest matches no finding"
    assert found[0].origin == Origin("gitless.yaml", 12)
    assert found[0].object_id is None
    assert found[1].message == "the suppression of image-digest matches no finding"
    assert found[1].object_id == ObjectId("apps", "Deployment", "shop", "web")


def test_a_mistyped_rule_in_an_annotation_is_told_with_what_was_meant() -> None:
    (found,) = apply_settings(lint(), ValidationOptions(), manifests({"ignore.gitless.dev/image-lates": WHY})).findings

    assert found.message.endswith("matches no finding; did you mean image-latest?")


def test_a_suppression_for_a_gate_that_did_not_run_is_not_called_unused() -> None:
    annotated = manifests({"ignore.gitless.dev/require-labels_check-team": WHY})

    assert apply_settings(lint(), ValidationOptions(), annotated).findings == ()


def test_once_every_gate_has_run_a_suppression_of_nobodys_rule_is_unused() -> None:
    annotated = manifests({"ignore.gitless.dev/require-labels_check-team": WHY})
    others = (Checked(gate="schema", objects=1), Checked(gate="cel", objects=1))

    schema, cel, linted = settle((*others, lint()), ValidationOptions(), annotated)

    assert (schema.findings, cel.findings) == ((), ())
    assert [item.rule for item in linted.findings] == ["suppression-unused"]


def test_a_glob_that_one_gate_makes_use_of_is_not_unused_for_the_others() -> None:
    schema = Checked(gate="schema", objects=1, findings=(finding("unknown-field", gate="schema"),))

    first, second = settle((schema, lint()), ignoring("*"), manifests())

    assert first.findings[0].suppression is not None
    assert second.findings == ()


def test_the_settings_change_a_rules_severity_in_findings_and_in_the_list_of_rules() -> None:
    options = ValidationOptions(severities={"image-latest": Severity.ERROR})

    checked = apply_settings(lint(finding("image-latest"), finding("image-digest")), options, manifests())

    assert [item.severity for item in checked.findings] == [Severity.ERROR, Severity.WARNING]
    assert {item.id: item.severity for item in checked.rules}["image-latest"] is Severity.ERROR


def test_a_rule_that_is_off_leaves_no_finding_and_nothing_that_is_not_evaluated() -> None:
    options = ValidationOptions(severities={"image-latest": None, "policy/a": None})
    checked = Checked(
        gate="cel",
        objects=1,
        findings=(finding("image-latest"), finding("image-digest")),
        not_evaluated=(
            NotEvaluated(gate="cel", rule="policy/a", reason="no library"),
            NotEvaluated(gate="cel", rule="policy/b", reason="no library"),
        ),
        rules=LINT_RULES,
    )

    changed = apply_settings(checked, options, manifests())

    assert [item.rule for item in changed.findings] == ["image-digest"]
    assert [item.rule for item in changed.not_evaluated] == ["policy/b"]
    assert "image-latest" not in {item.id for item in changed.rules}


def test_the_rules_about_suppressions_have_severities_of_their_own_in_the_settings() -> None:
    options = ValidationOptions(severities={"suppression-reason": Severity.WARNING, "suppression-unused": None})
    annotated = manifests({"ignore.gitless.dev/image-digest": WHY, "ignore.gitless.dev/image-latest": ""})

    (found,) = apply_settings(lint(), options, annotated).findings

    assert (found.rule, found.severity) == ("suppression-reason", Severity.WARNING)


def test_a_mistyped_rule_in_the_settings_is_refused_with_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match="there is no rule 'image-lates'; did you mean 'image-latest'"):
        apply_settings(lint(), ValidationOptions(severities={"image-lates": None}), manifests())


def test_a_rule_that_nobody_has_is_refused_once_all_gates_with_their_lists_have_run() -> None:
    options = ValidationOptions(severities={"quite-another": None})
    listed = (
        Checked(gate="schema", objects=1, rules=(rule("unknown-field", "schema"),)),
        Checked(gate="cel", objects=1, rules=(rule("cel-failed", "cel"),)),
    )

    assert len(settle((lint(),), options, manifests())) == 1
    with pytest.raises(ConfigurationError, match="there is no rule 'quite-another'"):
        settle((*listed, lint()), options, manifests())


@pytest.mark.parametrize("name", ["require-labels/check-team", "image-lates/x", "my-policy"])
def test_policies_of_users_are_left_alone(name: str) -> None:
    options = ValidationOptions(severities={name: Severity.NOTE}, policies=("policies/",))

    assert apply_settings(lint(), options, manifests()).findings == ()
