from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from pipeline.model.chain_stages import STAGES, guarded, span
from pipeline.model.manifests import Manifests, ObjectId, Origin, Resource
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Rule, Severity
from pipeline.model.validation.options import IgnoredRule, ValidationOptions
from pipeline.ports import Gate
from pipeline.reports.text.validate import render
from pipeline.stages.validate import validate

WEB = Resource.from_body(
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}}, Origin("a.yaml", 1)
)
ELSEWHERE = Origin("policies.yaml", 9)
RULES = tuple(
    Rule(id=name, gate="schema", title=name, reason="because", fix="do it", severity=Severity.ERROR)
    for name in ("first", "second")
)


def finding(rule: str, **more: object) -> Finding:
    found = Finding(
        gate="schema", rule=rule, severity=Severity.ERROR, message=f"{rule} is broken", object_id=WEB.id,
        api_version="v1", path="data.key", origin=WEB.origin,
    )  # fmt: skip
    return replace(found, **more)  # type: ignore[arg-type]


@dataclass
class Told:
    """A gate that always tells the same, and remembers what it was shown."""

    findings: tuple[Finding, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    name: str = "schema"
    shown: list[tuple[Manifests, Manifests | None]] = field(default_factory=list)

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:
        self.shown.append((manifests, previous))
        return Checked(
            gate=self.name, objects=len(manifests), findings=self.findings, not_evaluated=self.not_evaluated,
            rules=RULES, subject="our rules",
        )  # fmt: skip


class Everywhere:
    """Places in which the field is on line 42."""

    def locate(self, resource: Resource, path: str) -> Origin | None:
        return replace(resource.origin, line=42) if resource.origin and path else resource.origin


def outcome(gate: Gate, options: ValidationOptions | None = None) -> ValidateResult:
    manifests = Manifests((WEB,))
    chosen = options or ValidationOptions(gates=("schema",))
    return validate(manifests, (gate,), chosen, subject=Side(name="deploy"), places=Everywhere())


def test_an_error_that_remains_closes_the_gate() -> None:
    result = outcome(Told((finding("first"),)))

    assert not result.is_passed
    assert result.refusal().exit_code == 9
    assert result.refusal().message == "1 error found: first"


def test_where_nobody_sees_the_report_the_refusal_names_findings() -> None:
    result = outcome(Told(tuple(finding("first", message=f"number {number}") for number in range(7))))

    hint = result.refusal(names_findings=True).hint or ""

    assert hint.splitlines()[0] == "a.yaml:42: number 0"
    assert hint.splitlines()[-1].strip() == "and 2 more"


def test_a_finding_gets_its_fields_line_unless_it_has_a_place_of_its_own() -> None:
    result = outcome(
        Told((finding("first"), finding("second", origin=ELSEWHERE), finding("second", object_id=None, origin=None)))
    )

    assert [item.origin for item in result.findings] == [Origin("a.yaml", 42), ELSEWHERE, None]


def test_severities_and_suppressions_of_the_settings_count() -> None:
    options = ValidationOptions(
        gates=("schema",),
        severities={"first": Severity.WARNING},
        ignored=(IgnoredRule(rule="second", reason="known to be all right", place="gitless.yaml:3"),),
    )

    result = outcome(Told((finding("first"), finding("second"))), options)

    assert result.is_passed
    assert (result.count(Severity.WARNING), result.suppressed) == (1, 1)


def test_the_report_tells_everything_by_file_and_counts_last() -> None:
    other = finding("second", severity=Severity.NOTE, hint="do it\x1b[31m", origin=ELSEWHERE)
    unknown = NotEvaluated(gate="schema", rule="third", reason="nobody knows", object_id=WEB.id)

    assert render(outcome(Told((finding("first"), other), (unknown,))), color=False) == (
        "a.yaml\n"
        "  42: error first  ConfigMap shop/web\n"
        "      first is broken\n"
        "\n"
        "policies.yaml\n"
        "  9: note second  ConfigMap shop/web\n"
        "      second is broken\n"
        "      hint: do it\\u001b[31m\n"
        "\n"
        "Not evaluated, which is no pass:\n"
        "  schema third  ConfigMap shop/web\n"
        "      nobody knows\n"
        "\n"
        "1 object of deploy: 1 error, 1 note, 1 not evaluated\n"
        "  schema against our rules\n"
    )


def test_the_report_shows_why_something_is_suppressed() -> None:
    ignored = (IgnoredRule(rule="first", reason="known to be all right", place="gitless.yaml:3"),)

    text = render(
        outcome(Told((finding("first"),)), ValidationOptions(gates=("schema",), ignored=ignored)), color=False
    )

    assert text.startswith("suppressed: first ConfigMap shop/web: known to be all right (gitless.yaml:3)\n")
    assert "1 object of deploy: 1 suppressed\n" in text


def test_findings_of_charts_and_of_nothing_have_headings_too() -> None:
    chart = Origin("charts/a/templates/b.yaml", chart="a")
    result = outcome(Told((finding("first", origin=chart), finding("second", object_id=None, origin=None))))

    text = render(result, color=False)

    assert text.startswith("without a file\n  error second\n")
    assert "charts/a/templates/b.yaml (chart a)\n  error first  ConfigMap shop/web\n" in text


def test_colours_are_there_where_they_are_wanted() -> None:
    assert "\x1b[31;1merror\x1b[0m" in render(outcome(Told((finding("first"),))), color=True)


def test_options_take_the_place_of_what_they_name() -> None:
    file = ValidationOptions(
        kubernetes="1.33", crds=("crds",), severities={"first": None}, ignored=(IgnoredRule(rule="a", reason="b"),)
    )

    both = file.overridden_by(ValidationOptions(crds=("mine",), severities={"second": Severity.NOTE}))

    assert both == replace(file, crds=("mine",), severities={"first": None, "second": Severity.NOTE})


@pytest.mark.parametrize(
    ("first", "last", "runs"),
    [
        ("build", "verify", "build validate package sign attest diff apply verify"),
        ("build", "build", "build"),
        ("build", "validate", "build validate"),
        ("package", "attest", "validate package sign attest"),
        ("sign", "attest", "sign attest"),
        ("diff", "diff", "diff"),
        ("diff", "verify", "diff validate apply verify"),
        ("apply", "apply", "validate apply"),
        ("sign", "apply", "sign attest diff validate apply"),
        ("verify", "verify", "verify"),
    ],
)
def test_whatever_publishes_or_applies_validates_first(first: str, last: str, runs: str) -> None:
    assert guarded(span(first, last)) == tuple(runs.split())


def test_the_stages_are_in_order() -> None:
    assert span(STAGES[0], STAGES[-1]) == STAGES


def test_the_object_that_a_finding_names_may_be_unknown() -> None:
    stranger = ObjectId("", "ConfigMap", "other", "x")

    (found,) = outcome(Told((finding("first", object_id=stranger, origin=None),))).findings

    assert found.origin is None


def test_a_file_with_an_error_comes_before_those_with_warnings_and_the_error_before_its_others() -> None:
    places = (("a.yaml", 1, Severity.WARNING), ("b.yaml", 2, Severity.NOTE), ("b.yaml", 9, Severity.ERROR))
    findings = tuple(
        Finding(gate="lint", rule=f"rule-{line}", severity=severity, message="m", origin=Origin(file, line))
        for file, line, severity in places
    )
    check = Checked(gate="lint", objects=1, findings=findings)
    text = render(ValidateResult(subject=Side(name="deploy"), objects=1, checks=(check,)), color=False)

    order = [line.strip() for line in text.splitlines() if "yaml" in line or "rule-" in line]
    assert order == ["b.yaml", "9: error rule-9", "2: note rule-2", "a.yaml", "1: warning rule-1"]
