from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.platform.hosting.github import APP_TOKEN, READING_TOKEN, GitHubApi
from tests.platform.hosting.gitlab import TOKEN, GitLabApi
from tests.platform.hosting.server import serving

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, namespace: shop}}
data:
  level: {level}
  text: |
    ::set-output name=digest::evil
    {level}
"""
SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: new}]
artifact: {repository: 'oci-layout:layout', tags: [latest]}
targets: {production: {}}
"""
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {a: hunter22}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, level in (("old", "info"), ("new", "debug")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(CONFIG.format(name="settings", level=level) + SECRET)
    (tmp_path / "old" / "gone.yaml").write_text(CONFIG.format(name="gone", level="info"))
    (tmp_path / "gitless.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def api() -> GitHubApi:
    return GitHubApi()


@pytest.fixture
def in_github(folder: Path, api: GitHubApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with serving(api) as served:
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": served.url,
            "GITHUB_SERVER_URL": "https://github.test",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_RUN_ID": "99",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_OUTPUT": str(folder / "outputs"),
            "GITHUB_TOKEN": APP_TOKEN,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield folder


def gitless(*arguments: str) -> int:
    return run_guarded(application, list(arguments))


def outputs(folder: Path) -> dict[str, str]:
    found = re.findall(r"^(\S+)<<(\S+)\n(.*?)\n\2\n", (folder / "outputs").read_text(), re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def test_outside_of_a_ci_nothing_is_told_and_nothing_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = set(folder.rglob("*"))

    assert gitless("diff", "old", "new", "--comment") == 0
    assert gitless("diff", "old", "nowhere") == 2

    told = capsys.readouterr()
    assert set(folder.rglob("*")) == before
    assert commands(told.err + told.out) == []
    assert told.err.startswith("Error: 'nowhere' does not exist\n  a side is a folder or file, ")
    assert told.err.count("\n") == 2


def test_outside_of_a_ci_its_code_is_not_even_loaded(folder: Path) -> None:
    code = (
        "import sys\nfrom pipeline.cli import application\nfrom pipeline.cli.boundary import run_guarded\n"
        "run_guarded(application, ['diff', 'old', 'new'])\n"
        "parts = ('pipeline.ci', 'pipeline.model.presence', 'urllib3')\n"
        "print([name for name in sys.modules if name.startswith(parts)])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=folder)

    assert done.stdout.splitlines()[-1] == "[]"


def test_github_is_told_by_summary_annotations_and_outputs(in_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = "--report", "out/diff.md", "--report", "out/diff.json"
    assert gitless("diff", "old", "new", *reports, "--label", "production") == 0

    told = capsys.readouterr()
    assert commands(told.err) == [
        "::warning file=old/gone.yaml,line=1,title=deletion::ConfigMap shop/gone will be deleted"
    ]
    summary = (in_github / "summary.md").read_text()
    assert "### Diff for production: 1 to delete, 1 to configure" in summary
    assert outputs(in_github) == {
        "changed": "true", "created": "0", "updated": "1", "deleted": "1", "report-file": "out/diff.md\nout/diff.json",
        "summary-file": str(in_github / "summary.md"),
    }  # fmt: skip
    assert (in_github / "out" / "diff.md").read_text().startswith("### Diff for production: ")
    assert "hunter22" not in told.out + told.err + summary


def test_what_manifests_say_is_no_command_to_the_runner(in_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("text", "markdown"):
        gitless("diff", "old", "new", "-o", output)

        lines = capsys.readouterr().out.splitlines()
        token = lines[0].removeprefix("::stop-commands::")
        assert len(token) == 32
        assert lines[-1] == f"::{token}::"
        assert any(line.strip().startswith("::set-output") for line in lines)


def test_json_stays_json(in_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (in_github / "new" / "all.yaml").write_text(CONFIG.format(name="settings", level="'##[error]x'"))

    gitless("diff", "old", "new", "-o", "json")

    out = capsys.readouterr().out
    assert "##[" not in out
    assert "##[error]x" in json.dumps(json.loads(out))


def test_the_comment_is_kept_up_to_date_and_links_to_the_run(in_github: Path, api: GitHubApi) -> None:
    many = "".join(CONFIG.format(name=f"c-{number}", level="x" * 300) + "---\n" for number in range(300))
    for level in ("a", "b"):
        (in_github / "new" / "all.yaml").write_text(many.replace("level: x", f"level: {level}x"))
        assert gitless("diff", "old", "new", "--full", "--comment", "--label", "production") == 0

    assert len(api.comments) == 1
    body = api.bodies[0]
    assert body.startswith("<!-- gitless:diff:production -->\n### Diff for production: ")
    assert len(body) <= 60_000
    assert "[the whole report](<https://github.test/acme/shop/actions/runs/99>)" in body


def test_without_being_asked_nobody_comments(in_github: Path, api: GitHubApi) -> None:
    gitless("diff", "old", "new")

    assert api.comments == []


def test_a_token_that_may_not_comment_changes_no_exit_code(
    in_github: Path, api: GitHubApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", READING_TOKEN)

    assert gitless("diff", "old", "new", "--comment") == 0

    assert api.comments == []
    told = capsys.readouterr()
    assert "Warning: the pull request has no comment" in told.err
    assert READING_TOKEN not in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["diff", "old", "nowhere"], 2, "::error title=gitless diff::'nowhere' does not exist (a side is a folder"),
        (["diff", "old"], 2, "::error title=gitless diff::Missing argument 'TO'."),
        (["image", "build", ".", "--image", "A B"], 2, "::error title=gitless image build::'A B' is not the name"),
        (["diff", "old", "new", "--exit-code"], 3, "::error title=gitless diff::there are changes (exit code 3)"),
        (["get", "--bad"], 2, "::error title=gitless get::No such option '--bad'."),
        (["package", "nowhere", "oci-layout:x:1"], 2, "::error title=gitless package::"),
        (["aply"], 2, "::error title=gitless aply::No such command 'aply'."),
        (["run", "--from", "apply", "--to", "build"], 2, "::error title=gitless run::--from apply --to build"),
    ],
)
def test_whatever_fails_ends_with_exactly_one_error(
    in_github: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, error: str
) -> None:
    assert gitless(*arguments) == code

    errors = [line for line in commands(capsys.readouterr().err) if line.startswith("::error")]
    assert [line[: len(error)] for line in errors] == [error]
    summary = (in_github / "summary.md").read_text()
    assert ("> [!CAUTION]" in summary) is (code != 3)


def test_a_failure_is_said_in_the_comment_instead_of_what_was_found_before(in_github: Path, api: GitHubApi) -> None:
    gitless("diff", "old", "new", "--comment")
    gitless("diff", "old", "oci-layout:none:1", "--comment")

    assert len(api.comments) == 1
    assert api.bodies[0].startswith("<!-- gitless:diff: -->\n> [!CAUTION]\n> **gitless diff failed**: ")
    assert "settings" not in api.bodies[0]


def test_ci_none_tells_nobody_in_a_ci(in_github: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gitless("diff", "old", "nowhere", "--ci", "none")
    gitless("diff", "old", "new", "--ci=none")

    assert commands(capsys.readouterr().err) == []
    assert not (in_github / "summary.md").exists()


def test_packaging_always_sets_the_digest(in_github: Path) -> None:
    for pushed in ("true", "false"):
        assert gitless("package", "new", "oci-layout:layout:1", "--source", "s", "--revision", "r") == 0

        found = outputs(in_github)
        assert found["pushed"] == pushed
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", found["digest"])
        assert found["digest-url"] == f"oci-layout:layout@{found['digest']}"
        assert found["tag"] == "1"
        (in_github / "outputs").unlink()
    assert "### Package\n\n| | |\n|---|---|\n| digest | `sha256:" in (in_github / "summary.md").read_text()


def test_a_run_tells_each_stage_once_in_a_group_of_its_own(
    in_github: Path, api: GitHubApi, capsys: pytest.CaptureFixture[str]
) -> None:
    for output in ("text", "json"):
        assert gitless("run", "--to", "attest", "-o", output, "--comment", "--report", "run.md") == 0

        told = capsys.readouterr()
        groups = [line for line in commands(told.err) if "group" in line]
        stages = [line.removeprefix("::group::") for line in groups if line.startswith("::group::")]
        assert stages[0] == "build"
        assert stages[-1] == "attest"
        assert groups == [line for stage in stages for line in (f"::group::{stage}", "::endgroup::")]
    assert outputs(in_github)["tag"] == "latest"
    summary = (in_github / "summary.md").read_text()
    assert summary.count("### Run of shop for production") == 2
    assert len(api.comments) == 1
    assert api.bodies[0].startswith("<!-- gitless:run:shop, production -->\n### Run of shop for production: ")
    assert (in_github / "run.md").read_text().startswith("### Run of shop for production: ")


def test_a_run_that_fails_says_in_its_comment_how_far_it_came(
    in_github: Path, api: GitHubApi, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (in_github / "gitless.yaml").read_text().replace("oci-layout:layout", "oci://127.0.0.1:1/shop")
    (in_github / "gitless.yaml").write_text(settings)

    code = gitless("run", "--to", "package", "--comment", "--report", "run.md")

    assert code == 5
    assert (in_github / "run.md").read_text().startswith("### Run of shop for production: FAILED after 0 stages")
    assert outputs(in_github)["report-file"] == "run.md"
    assert "::error title=gitless run::" in capsys.readouterr().err
    assert "> **gitless run failed**: " in api.bodies[0]
    assert "### Run of shop for production: " in api.bodies[0]


def test_gitlab_is_told_by_files_sections_and_a_note(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gitlab = GitLabApi()
    with serving(gitlab) as served:
        variables = {
            "GITLAB_CI": "true", "CI_API_V4_URL": served.url, "CI_PROJECT_ID": "11", "CI_MERGE_REQUEST_IID": "5",
            "CI_PROJECT_DIR": str(folder), "GITLESS_CI_DIR": "reports", "GITLESS_GITLAB_TOKEN": TOKEN,
            "CI_JOB_URL": "https://gitlab.test/acme/shop/-/jobs/1",
        }  # fmt: skip
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert gitless("diff", "old", "new", "--comment") == 0
        assert gitless("run", "--to", "package") == 0

    assert "GITLESS_RESULT_CHANGED=true\n" in (folder / "reports" / "outputs.env").read_text()
    assert "GITLESS_RESULT_TAG=latest\n" in (folder / "reports" / "outputs.env").read_text()
    assert gitlab.bodies[0].startswith("<!-- gitless:diff: -->\n### Diff: 1 to delete")
    told = capsys.readouterr()
    assert "section_start:" in told.err
    assert "::" not in told.err.replace("sha256::", "")
    assert TOKEN not in told.err + told.out


def test_tekton_is_told_by_results(folder: Path) -> None:
    os.environ.pop("TEKTON_RESULTS_DIR", None)
    assert gitless("diff", "old", "new", "--ci", "none") == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEKTON_RESULTS_DIR", str(folder / "results"))
        assert gitless("diff", "old", "new") == 0

    assert (folder / "results" / "changed").read_text() == "true"
    assert (folder / "results" / "counts").read_text() == '{"created":"0","updated":"1","deleted":"1"}'


def test_a_ci_can_be_forced_by_option_and_by_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gitless("diff", "old", "new", "--ci", "github")
    monkeypatch.setenv("GITLESS_CI", "github")
    gitless("diff", "old", "nowhere")

    assert [line.partition(" ")[0] for line in commands(capsys.readouterr().err)] == ["::warning", "::error"]
