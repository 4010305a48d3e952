from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.unit.validation.schema_cases import WIDGETS

BROKEN = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - port: "80"
"""
FINE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n"
WIDGET = """\
apiVersion: schemas.example.com/v1
kind: Widget
metadata: {name: web}
spec: {size: 3, a: 1, colour: red}
"""
SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: deploy}]
"""
SCHEMA = ("--gate", "schema")


class Shell:
    """A folder, and ``gitless`` in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def write(self, name: str, text: str) -> str:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)
        return name

    def run(self, *arguments: str) -> Outcome:
        self._capsys.readouterr()
        code = run_guarded(application, list(arguments))
        return Outcome(code, *self._capsys.readouterr())

    def validate(self, *arguments: str) -> Outcome:
        return self.run("validate", *arguments)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, capsys)


def test_an_error_is_told_with_file_and_line_and_ends_with_9(shell: Shell) -> None:
    outcome = shell.validate(shell.write("web.yaml", BROKEN), *SCHEMA, "--kubernetes", "1.33-1.35")

    assert outcome.code == 9
    assert outcome.out == (
        "web.yaml\n"
        "  7: error schema-invalid  Service shop/web\n"
        "      spec.ports[0].port is text; expected a whole number\n"
        "      hint: remove the quotes\n"
        "\n"
        "1 object of web.yaml: 1 error\n"
        "  schema against Kubernetes 1.33 to 1.35\n"
    )
    assert outcome.err.startswith("Error: 1 error found: schema-invalid\n")


def test_nothing_found_ends_with_0(shell: Shell) -> None:
    outcome = shell.validate(shell.write("web.yaml", FINE))

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("1 object of web.yaml: nothing found\n  schema against Kubernetes 1.")
    assert [line.split()[0] for line in outcome.out.splitlines()[1:]] == ["schema", "cel", "lint"]


def test_json_has_every_finding(shell: Shell) -> None:
    outcome = shell.validate(shell.write("web.yaml", BROKEN), *SCHEMA, "-o", "json")

    assert outcome.code == 9
    assert outcome.document["passed"] is False
    assert outcome.document["counts"]["error"] == 1
    (finding,) = outcome.document["findings"]
    assert (finding["path"], finding["origin"]) == ("spec.ports[0].port", {"file": "web.yaml", "line": 7})
    assert finding["object"] == {"apiVersion": "v1", "kind": "Service", "namespace": "shop", "name": "web"}


def test_standard_input_has_lines_too(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"---\n{BROKEN}".encode())))

    outcome = shell.validate("-", *SCHEMA)

    assert outcome.code == 9
    assert outcome.out.startswith("stdin\n  8: error schema-invalid")


@pytest.mark.parametrize("name", ["nothing.yaml", "live", "deployed:production"])
def test_what_cannot_be_validated_is_refused_with_what_can(shell: Shell, name: str) -> None:
    outcome = shell.validate(name)

    assert outcome.code == 2
    assert f"'{name}' does not exist" in outcome.err
    assert "expected a folder or file, oci://" in outcome.err


def test_nothing_on_standard_input_is_no_pass(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"# nothing\n")))

    outcome = shell.validate("-")

    assert (outcome.code, outcome.out) == (8, "")


def test_an_artifact_has_its_own_files_and_lines(shell: Shell) -> None:
    shell.write("deploy/web.yaml", BROKEN)
    assert shell.run("package", "deploy", "oci-layout:layout:1", "--source", "s", "--revision", "r").code == 0

    outcome = shell.validate("oci-layout:layout:1", *SCHEMA)

    assert outcome.code == 9
    assert outcome.out.startswith("web.yaml\n  7: error schema-invalid")


def test_definitions_are_brought_by_file_and_by_folder(shell: Shell) -> None:
    widget = shell.write("widget.yaml", WIDGET)
    file = shell.write("crds/widgets.yaml", WIDGETS)

    missing = shell.validate(widget, *SCHEMA)
    by_file = shell.validate(widget, *SCHEMA, "--crd", file)
    by_folder = shell.validate(widget, *SCHEMA, "--crd", "crds")

    assert "widget.yaml\n  1: error schema-missing" in missing.out
    assert by_file.out == by_folder.out
    assert "widget.yaml\n  4: error schema-unknown-field" in by_file.out
    assert (missing.code, by_file.code, by_folder.code) == (9, 9, 9)


@pytest.mark.parametrize("name", ["nowhere", "fine.yaml"])
def test_definitions_that_are_not_there_are_an_error(shell: Shell, name: str) -> None:
    shell.write("fine.yaml", FINE)

    outcome = shell.validate("fine.yaml", "--crd", name)

    assert (outcome.code, outcome.out) == (2, "")
    assert f"'{name}'" in outcome.err


def test_a_rule_can_be_made_a_warning_or_switched_off(shell: Shell) -> None:
    web = shell.write("web.yaml", BROKEN)

    warned = shell.validate(web, *SCHEMA, "--rule", "schema-invalid=warning")
    off = shell.validate(web, *SCHEMA, "--rule", "schema-invalid=off")

    assert (warned.code, off.code) == (0, 0)
    assert "1 object of web.yaml: 1 warning\n" in warned.out
    assert "nothing found" in off.out


@pytest.mark.parametrize("rule", ["schema-invalid", "schema-invalid=fatal", "=off"])
def test_a_rule_that_says_no_severity_is_refused(shell: Shell, rule: str) -> None:
    outcome = shell.validate(shell.write("web.yaml", FINE), "--rule", rule)

    assert outcome.code == 2
    assert "expected RULE=error|warning|note|off" in outcome.err


def test_settings_beside_us_are_used_and_options_win(shell: Shell) -> None:
    shell.write("deploy/web.yaml", BROKEN)
    shell.write(
        "gitless.yaml",
        f"{SETTINGS}validation: {{gates: [schema], kubernetes: '1.30', rules: {{schema-invalid: note}}}}\n",
    )

    by_file = shell.validate()
    by_option = shell.validate("deploy", "--kubernetes", "1.31", "--rule", "schema-invalid=error")

    assert (by_file.code, by_option.code) == (0, 9)
    assert "1 object of gitless.yaml: 1 note\n  schema against Kubernetes 1.30\n" in by_file.out
    assert "1 object of deploy: 1 error\n  schema against Kubernetes 1.31\n" in by_option.out


def test_settings_elsewhere_are_named(shell: Shell) -> None:
    shell.write("ci/gitless.yaml", f"{SETTINGS.replace('deploy', 'app')}validation: {{gates: [schema]}}\n")
    shell.write("ci/app", BROKEN)

    outcome = shell.validate("--file", "ci/gitless.yaml")

    assert outcome.code == 9
    assert "ci/app\n  7: error" in outcome.out


def test_the_sources_of_a_target_are_validated_where_it_is_named(shell: Shell) -> None:
    shell.write("deploy/web.yaml", BROKEN)
    targets = "targets: {staging: {sources: [{path: deploy}]}, production: {}}\n"
    shell.write("gitless.yaml", SETTINGS.partition("sources")[0] + targets)

    staging = shell.validate("--target", "staging", *SCHEMA)
    unsaid = shell.validate(*SCHEMA)
    unknown = shell.validate("--target", "stagin", *SCHEMA)

    assert (staging.code, unsaid.code, unknown.code) == (9, 2, 2)
    assert "deploy/web.yaml\n  7: error" in staging.out
    assert "--target, one of: staging, production" in unsaid.err
    assert "has no target 'stagin'" in unknown.err


def test_a_target_without_settings_is_refused(shell: Shell) -> None:
    outcome = shell.validate(shell.write("web.yaml", FINE), "--target", "staging")

    assert outcome.code == 2
    assert "give --file" in outcome.err


def test_with_nothing_to_validate_it_says_so(shell: Shell) -> None:
    outcome = shell.validate()

    assert outcome.code == 2
    assert "there is nothing to validate" in outcome.err


def test_a_previous_artifact_that_is_not_there_yet_is_no_error(shell: Shell) -> None:
    shell.write("web.yaml", FINE)
    shell.write("other/web.yaml", FINE)
    assert shell.run("package", "other", "oci-layout:layout:1", "--source", "s", "--revision", "r").code == 0

    there = shell.validate("web.yaml", "--previous", "oci-layout:layout:1")
    missing = shell.validate("web.yaml", "--previous", "oci-layout:layout:2")

    assert (there.code, missing.code) == (0, 0)
    assert "nothing is compared with it" not in there.err
    assert "oci-layout:layout:2 is not there (yet): nothing is compared with it" in missing.err


def test_an_unknown_gate_and_an_unknown_version_are_refused(shell: Shell) -> None:
    web = shell.write("web.yaml", FINE)

    assert shell.validate(web, "--gate", "shema").code == 2
    assert shell.validate(web, "--kubernetes", "1.99").code == 2


def test_the_result_is_kept_in_a_folder(shell: Shell) -> None:
    shell.validate(shell.write("web.yaml", BROKEN), *SCHEMA, "--results-dir", "results")

    assert json.loads((shell.folder / "results" / "validate.json").read_text())["kind"] == "ValidateResult"
