from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.command_line import Outcome, command_line
from tests.unit.validation.lint_example import TEXT

Gitless = Callable[..., Outcome]
SETTINGS = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    """Run a command line in a folder ``apps/shop`` of a checkout, which has a clean application in ``deploy``."""
    folder = tmp_path / "apps" / "shop"
    (folder / "deploy").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (folder / "deploy" / "shop.yaml").write_text(TEXT)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))

    return command_line(capsys)


def spoil(before: str, after: str) -> None:
    file = Path("deploy/shop.yaml")
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def test_what_is_clean_passes(gitless: Gitless) -> None:
    outcome = gitless("validate", "deploy", "--gate", "lint")

    assert outcome.code == 0, outcome.out
    assert "20 objects of deploy: nothing found" in outcome.out


def test_a_secret_that_is_plain_closes_the_gate_and_its_value_is_in_no_report(gitless: Gitless) -> None:
    spoil('"ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]"}', "aHVudGVyMg==, token: d2lsbG93}")
    spoil('sops: {mac: "ENC[AES256_GCM,data:x]"}', "")
    formats = ("text", "json", "markdown", "sarif", "junit", "html")
    files = [f"out.{suffix}" for suffix in ("txt", "json", "md", "sarif", "xml", "html")]

    outcome = gitless("validate", "deploy", "--gate", "lint", *(f"--report={file}" for file in files))

    assert outcome.code == 9
    assert "values are there for all to read: password, token" in outcome.out
    texts = [outcome.out, outcome.err, *(Path(file).read_text() for file in files)]
    texts += [gitless("validate", "deploy", "--gate", "lint", "-o", output).out for output in formats]
    assert [text for text in texts if "secret-plain" not in text and text is not outcome.err] == []
    assert [word for word in ("aHVudGVyMg", "hunter2", "d2lsbG93", "willow") for text in texts if word in text] == []


def test_an_immutable_field_is_found_against_what_came_before(gitless: Gitless) -> None:
    Path("before.yaml").write_text(TEXT)
    spoil("serviceName: queue", "serviceName: web")

    outcome = gitless("validate", "deploy", "--gate", "lint", "--previous", "before.yaml", "-o", "json")

    assert outcome.code == 9
    (finding,) = outcome.document["findings"]
    assert (finding["rule"], finding["path"]) == ("immutable-field", "spec.serviceName")
    line = next(number for number, text in enumerate(TEXT.splitlines(), 1) if "serviceName: queue" in text)
    assert finding["origin"] == {"file": "deploy/shop.yaml", "line": line}
    assert finding["message"] == 'spec.serviceName cannot be changed from "queue" to "web"'


def test_a_suppression_in_an_annotation_opens_the_gate_and_is_told(gitless: Gitless) -> None:
    spoil("metadata: {name: agent, namespace: shop}", "metadata: {name: agent, namespace: shop, annotations: {A}}")
    spoil("{A}", '{ignore.gitless.dev/host-network: "it is the network plug-in"}')
    spoil(
        "metadata: {labels: {app: agent}}\n    spec:",
        "metadata: {labels: {app: agent}}\n    spec:\n      hostNetwork: true",
    )

    outcome = gitless("validate", "deploy", "--gate", "lint")

    assert outcome.code == 0, outcome.out
    assert "1 suppressed" in outcome.out
    assert "it is the network plug-in (annotation ignore.gitless.dev/host-network)" in outcome.out


def test_settings_suppress_and_change_severities(gitless: Gitless) -> None:
    spoil("@sha256:" + "7" * 64, "")
    Path("gitless.yaml").write_text(
        SETTINGS + "validation:\n  rules: {image-digest: error}\n  ignore:\n"
        "    - {rule: image-digest, objects: [Deployment shop/gone], reason: nobody is left who knows}\n"
    )

    outcome = gitless("validate", "deploy", "--gate", "lint", "-o", "json")

    assert outcome.code == 9
    found = [(item["rule"], item["severity"], item["origin"]["file"]) for item in outcome.document["findings"]]
    assert found == [
        ("image-digest", "error", "deploy/shop.yaml"),
        ("suppression-unused", "note", "gitless.yaml"),
    ]


def test_settings_for_a_rule_that_there_is_not_are_refused(gitless: Gitless) -> None:
    Path("gitless.yaml").write_text(SETTINGS + "validation: {rules: {image-digests: off}}\n")

    outcome = gitless("validate", "deploy", "--gate", "lint")

    assert outcome.code == 2
    assert "there is no rule 'image-digests'; did you mean 'image-digest'?" in outcome.err


def test_reports_name_files_from_the_root_of_the_checkout(gitless: Gitless) -> None:
    spoil("@sha256:" + "7" * 64, "")

    outcome = gitless("validate", "deploy", "--gate", "lint", "--report", "out.sarif", "--report", "out.xml")

    assert outcome.code == 0
    (run,) = json.loads(Path("out.sarif").read_text())["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "apps/shop/deploy/shop.yaml", "uriBaseId": "%SRCROOT%"}
    cases = list(ET.fromstring(Path("out.xml").read_text()).iter("testcase"))
    assert len(cases) == 20
    assert {case.get("file") for case in cases} == {"apps/shop/deploy/shop.yaml"}


def test_the_rules_are_listed(gitless: Gitless) -> None:
    from pipeline.model.validation.catalogue import all_rules

    outcome = gitless("validate", "--list-rules")

    assert (outcome.code, outcome.err) == (0, "")
    listed = [line.split()[:3] for line in outcome.out.splitlines()]
    assert listed == [[rule.id, rule.gate, rule.severity.value] for rule in all_rules()]
