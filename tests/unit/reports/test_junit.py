from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pipeline.model.manifests import Origin
from pipeline.model.outcome import Result
from pipeline.model.outcome.verify import Verdict
from pipeline.model.reporting import BARE, ReportContext
from pipeline.reports import render_result
from pipeline.reports.junit.document import Case, Ending, Suite, junit
from tests.unit.reports.results import applied, validated, verified


def read(result: Result, context: ReportContext = BARE) -> ET.Element:
    return ET.fromstring(render_result(result, "junit", context=context))


def suite(root: ET.Element, name: str) -> dict[str, ET.Element]:
    found = next(item for item in root if item.get("name") == name)
    return {str(case.get("name")): case for case in found}


def ending(case: ET.Element) -> str:
    return next((item.tag for item in case if item.tag != "system-out"), "passed")


def test_each_gate_is_a_suite_and_each_object_a_case() -> None:
    root = read(validated())

    assert root.tag == "testsuites"
    assert [item.get("name") for item in root] == ["gitless validate lint", "gitless validate cel"]
    assert {name: ending(case) for name, case in suite(root, "gitless validate lint").items()} == {
        "Deployment.apps shop/web": "failure",
        "Deployment.apps shop/api": "passed",
        "StatefulSet.apps shop/database": "skipped",
        "Service shop/web": "passed",
        'ConfigMap shop/a"><script>&]]>': "passed",
        "Namespace shop": "passed",
    }


def test_the_numbers_add_up() -> None:
    root = read(validated())

    for element in (root, *root):
        cases = list(element.iter("testcase"))
        found = {tag: sum(ending(case) == tag for case in cases) for tag in ("failure", "error", "skipped")}
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(found["failure"])
        assert element.get("errors") == str(found["error"])
        assert element.get("skipped") == str(found["skipped"])


def test_a_failure_says_the_rule_the_place_and_what_to_do_about_each_error() -> None:
    case = suite(read(validated()), "gitless validate lint")["Deployment.apps shop/web"]
    (failure,) = case.findall("failure")

    assert (case.get("file"), case.get("line")) == ("deploy/web app.yaml", "7")
    assert case.get("classname") == "gitless validate lint"
    assert failure.get("type") == "image-latest"
    assert failure.get("message") == "image web of container 'web' has no tag (and 1 more)"
    assert str(failure.text).splitlines() == [
        "deploy/web app.yaml:7: error image-latest: image web of container 'web' has no tag",
        "  hint: name one",
        "deploy/web app.yaml:19: error image-latest: image web of container 'web' has no tag",
        "  hint: name one",
    ]


def test_what_is_suppressed_is_skipped_with_its_reason() -> None:
    case = suite(read(validated()), "gitless validate lint")["StatefulSet.apps shop/database"]

    assert [item.get("message") for item in case.findall("skipped")] == [
        "suppressed: image-latest: the vendor publishes no digest (annotation ignore.gitless.dev/image-latest)"
    ]


def test_what_was_not_evaluated_never_passes() -> None:
    cases = suite(read(validated()), "gitless validate cel")

    assert ending(cases["Deployment.apps shop/web"]) == "skipped"
    assert ending(cases["never-compiled"]) == "skipped"
    assert cases["never-compiled"][0].get("message") == "not evaluated: never-compiled: it has no match"


def test_warnings_are_told_in_a_case_that_passed() -> None:
    case = suite(read(validated()), "gitless validate lint")["Deployment.apps shop/api"]

    assert ending(case) == "passed"
    assert "warning probe-readiness: container 'api' has no readinessProbe" in str(case.findtext("system-out"))


def test_a_gate_that_did_not_look_at_every_object_has_no_case_for_those_it_left_out() -> None:
    from dataclasses import replace

    result = validated()
    partly = replace(result, checks=tuple(replace(check, objects=2) for check in result.checks))

    assert "Service shop/web" not in suite(read(partly), "gitless validate lint")


def test_nothing_in_names_or_messages_breaks_the_document() -> None:
    text = render_result(validated(), "junit")

    assert not {"\x00", "\x1b", "\ufffe"} & set(text)
    case = suite(ET.fromstring(text), "gitless validate cel")['ConfigMap shop/a"><script>&]]>']
    assert case[0].get("message") == 'say "team" & <mean> it (and 1 more)'


def test_files_are_named_from_the_root_of_the_checkout() -> None:
    root = read(validated(), ReportContext(folder="apps/shop"))
    case = suite(root, "gitless validate lint")["Deployment.apps shop/web"]

    assert case.get("file") == "apps/shop/deploy/web app.yaml"


def test_of_two_cases_with_one_name_none_is_lost() -> None:
    root = ET.fromstring(junit("all", [Suite("one", (Case(name="a"), Case(name="a", ending=Ending.UNKNOWN)))]))

    assert [case.get("name") for case in root.iter("testcase")] == ["a", "a (2)"]


def test_long_texts_are_cut() -> None:
    case = Case(name="a", ending=Ending.FAILED, message="x" * 100_000, details=("y",) * 5000)

    text = junit("all", [Suite("one", (case,))])

    assert len(text) < 10_000
    assert "… and 4800 more lines" in text


def test_an_apply_has_a_case_for_each_object_that_it_touched() -> None:
    cases = suite(read(applied()), "gitless apply")

    assert {name: ending(case) for name, case in cases.items()} == {
        "apply": "passed",
        "unchanged objects": "passed",
        "Deployment.apps shop/web": "passed",
        "Service shop/web": "passed",
        "Deployment.apps shop/api": "skipped",
    }
    assert cases["Service shop/web"].findtext("system-out") == "prune: it is gone from the manifests"
    assert cases["Deployment.apps shop/web"].get("file") == "deploy/web.yaml"


def test_an_apply_that_was_stopped_has_failed() -> None:
    assert ending(suite(read(applied(complete=False)), "gitless apply")["apply"]) == "failure"


def test_a_verification_has_cases_for_its_parts_and_each_objects_health() -> None:
    root = read(verified())

    assert {name: ending(case) for name, case in suite(root, "gitless verify").items()} == {
        "signature": "passed",
        "drift": "failure",
        "health": "failure",
    }
    drifted = suite(root, "gitless verify drift")["Deployment.apps shop/web"]
    assert drifted[0].text == "spec.replicas differs"
    health = suite(root, "gitless verify health")
    assert ending(health["Deployment.apps shop/api"]) == "passed"
    assert health["Deployment.apps shop/web"][0].get("message") == "Failed: it crashes <again>"


@pytest.mark.parametrize(("verdict", "tag"), [(Verdict.SKIPPED, "skipped"), (Verdict.UNKNOWN, "error")])
def test_a_part_that_was_not_looked_at_or_not_found_out_does_not_pass(verdict: Verdict, tag: str) -> None:
    assert ending(suite(read(verified(signature=verdict)), "gitless verify")["signature"]) == tag


def test_a_case_without_a_line_has_a_file_alone() -> None:
    root = ET.fromstring(junit("all", [Suite("one", (Case(name="a", origin=Origin("x.yaml", None, "chart")),))]))

    assert next(root.iter("testcase")).attrib == {"name": "a", "classname": "one", "file": "x.yaml"}
