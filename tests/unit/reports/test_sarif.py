from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.model.manifests import Origin
from pipeline.model.outcome import Result
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import Verdict
from pipeline.model.reporting import BARE, ReportContext
from pipeline.model.validation.finding import Checked
from pipeline.reports import render_result
from tests.unit.reports.results import API, DATABASE, WEB, finding, validated, verified


def run_of(result: Result, context: ReportContext = BARE) -> dict[str, Any]:
    log = json.loads(render_result(result, "sarif", context=context))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    found: dict[str, Any] = run
    return found


def with_findings(*checks: Checked) -> ValidateResult:
    return replace(validated(), checks=checks)


def test_every_rule_is_described_with_help_and_level_and_policies_of_users_by_their_name() -> None:
    rules = {rule["id"]: rule for rule in run_of(validated())["tool"]["driver"]["rules"]}

    assert list(rules) == ["image-latest", "probe-readiness", "require-labels/team"]
    assert rules["image-latest"]["defaultConfiguration"] == {"level": "error"}
    assert rules["image-latest"]["help"]["text"] == "It moves. What to do: name <one> & `pin` it."
    assert rules["image-latest"]["help"]["markdown"] == "It moves.\n\n**What to do:** name \\<one\\> \\& \\`pin\\` it."
    assert rules["image-latest"]["properties"]["tags"] == ["kubernetes", "lint"]
    assert rules["require-labels/team"]["help"]["text"] == "require-labels/team"


def test_a_result_has_its_rule_level_message_file_line_and_object() -> None:
    run = run_of(validated())
    result = run["results"][0]
    location = result["locations"][0]

    assert (result["ruleId"], result["level"]) == ("image-latest", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "image-latest"
    assert result["message"]["text"] == f"{WEB}: image web of container 'web' has no tag"
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/web%20app.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }
    assert [(item["kind"], item["name"]) for item in location["logicalLocations"]] == [
        ("resource", "web"),
        ("property", "spec.template.spec.containers[0].image"),
    ]


def test_results_come_gravest_first_and_suppressed_ones_last_with_their_justification() -> None:
    results = run_of(validated())["results"]
    suppressed = [item for item in results if item["suppressions"]]

    assert results[-2:] == suppressed
    assert suppressed[0]["suppressions"] == [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": "the vendor publishes no digest (annotation ignore.gitless.dev/image-latest)",
        }
    ]
    assert suppressed[1]["suppressions"][0]["kind"] == "external"


def test_without_suppressions_no_result_speaks_of_them() -> None:
    results = run_of(with_findings(Checked(gate="lint", objects=1, findings=(finding("a", WEB),))))["results"]

    assert "suppressions" not in results[0]


def test_what_was_not_evaluated_is_a_notification_and_no_result() -> None:
    (invocation,) = run_of(validated())["invocations"]
    told = [item["message"]["text"] for item in invocation["toolExecutionNotifications"]]

    assert told == [
        "cel could not evaluate limits of Deployment.apps shop/web: quantity() is not known",
        "cel could not evaluate never-compiled: it has no match",
    ]
    assert invocation["executionSuccessful"] is True
    assert invocation["exitCode"] == 9


def fingerprints(result: ValidateResult) -> list[str]:
    return [item["partialFingerprints"]["primaryLocationLineHash"] for item in run_of(result)["results"]]


def test_fingerprints_stay_when_lines_move_and_differ_for_everything_else() -> None:
    findings = (
        finding("a", WEB),
        finding("a", API),
        finding("b", WEB),
        finding("a", WEB, path="spec.x"),
        finding("a", WEB, message="another about the same field"),
        finding("a", None, message="about nothing"),
        finding("a", None, message="about something else"),
    )
    moved = tuple(
        replace(item, origin=Origin(item.origin.file, 99)) if item.origin is not None else item for item in findings
    )

    before = fingerprints(with_findings(Checked(gate="lint", objects=1, findings=findings)))
    after = fingerprints(with_findings(Checked(gate="lint", objects=1, findings=moved)))

    assert before == after
    assert len(set(before)) == len(findings)


def test_fingerprints_stay_when_an_item_is_put_before_another() -> None:
    def of(*numbers: int) -> list[str]:
        paths = [f"spec.containers[{number}].env[x.y/0][3].image" for number in numbers]
        findings = tuple(finding("a", WEB, path=path) for path in paths)
        return fingerprints(with_findings(Checked(gate="lint", objects=1, findings=findings)))

    assert of(0) == of(1)
    assert len(set(of(0, 1))) == 2
    assert set(of(0)) < set(of(0, 1))


def test_what_is_in_no_file_is_shown_at_the_settings() -> None:
    (result,) = run_of(with_findings(Checked(gate="lint", objects=1, findings=(finding("a", None),))))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "gitless.yaml"


@pytest.mark.parametrize(
    ("file", "folder", "artifact"),
    [
        ("web.yaml", "", {"uri": "web.yaml", "uriBaseId": "%SRCROOT%"}),
        ("./a/../web.yaml", "apps/shop", {"uri": "apps/shop/web.yaml", "uriBaseId": "%SRCROOT%"}),
        ("../base/web.yaml", "apps/shop", {"uri": "apps/base/web.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/tmp/a b.yaml", "apps/shop", {"uri": "file:///tmp/a%20b.yaml"}),
    ],
)
def test_files_are_named_from_the_root_of_the_checkout(file: str, folder: str, artifact: dict[str, str]) -> None:
    found = replace(finding("a", WEB), origin=Origin(file, 3))
    result = with_findings(Checked(gate="lint", objects=1, findings=(found,)))

    (item,) = run_of(result, ReportContext(folder=folder))["results"]

    assert item["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_more_results_than_code_scanning_takes_are_left_out_and_that_is_told() -> None:
    many = tuple(finding("a", WEB, path=f"spec.x[{number}]") for number in range(25_010))

    run = run_of(with_findings(Checked(gate="lint", objects=1, findings=many)))

    assert len(run["results"]) == 25_000
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "10 more results are left out"


def test_the_label_keeps_applications_apart() -> None:
    assert run_of(validated(), ReportContext(label="shop, production"))["automationDetails"] == {
        "id": "gitless/shop, production/"
    }


def test_control_characters_do_not_come_out() -> None:
    text = render_result(validated(), "sarif")

    assert not {"\\u001b", "\\u0000", "\x1b"} & {text[i : i + 6] for i in range(len(text))}


def test_a_verification_reports_what_is_not_as_it_should_be() -> None:
    run = run_of(verified(signature=Verdict.UNKNOWN))

    assert [(item["ruleId"], item["message"]["text"]) for item in run["results"]] == [
        ("verify-signature", "signed by cosign.pub"),
        ("verify-drift", "Deployment.apps shop/web is not what was applied: spec.replicas"),
        ("verify-drift", "no namespace"),
        ("verify-health", "Deployment.apps shop/web: Failed it crashes <again>"),
    ]
    notified = run["invocations"][0]["toolExecutionNotifications"]
    assert [item["message"]["text"] for item in notified] == ["signature was not verified: signed by cosign.pub"]


def test_a_suppressed_finding_about_another_object_is_still_there() -> None:
    names = [item["locations"][0]["logicalLocations"][0]["name"] for item in run_of(validated())["results"]]

    assert DATABASE.name in names
