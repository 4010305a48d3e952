"""What every CI's presence promises: it has a name, fails nothing, tells no secret, and leaves harmless text alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.telling import Annotation, Told
from pipeline.model.validation.finding import Severity
from pipeline.ports import Presence
from pipeline.reports.console import Console

SECRET = "glpat-not-to-be-seen"
SURROUNDINGS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "github": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_TOKEN": SECRET,
        "GITHUB_API_URL": "http://127.0.0.1:1",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_STEP_SUMMARY": "{}/summary",
        "GITHUB_OUTPUT": "{}/outputs",
    },
    "gitlab": {
        "GITLAB_CI": "true",
        "GITLESS_GITLAB_TOKEN": SECRET,
        "CI_API_V4_URL": "http://127.0.0.1:1",
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "1",
        "CI_PROJECT_DIR": "{}",
        "GITLESS_CI_DIR": "reports",
    },
    "tekton": {"TEKTON_RESULTS_DIR": "{}"},
}
TOLD = Told(
    stage="validate",
    label="production",
    summary="### Validation\n",
    annotations=(Annotation(severity=Severity.ERROR, title="rule", message="why"),),
    outputs={"changed": "true"},
)


@pytest.fixture(params=SURROUNDINGS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def member(name: str, folder: str, capsys: pytest.CaptureFixture[str]) -> Presence:
    import sys

    del capsys  # standard error must be captured before it is handed over
    environment = {key: value.replace("{}", folder) for key, value in SURROUNDINGS[name].items()}
    return wiring.presence("auto", environment, Console(sys.stderr, verbose=False, environment={}))


def test_it_is_found_by_its_surroundings_and_by_its_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert member(name, str(tmp_path), capsys).name == name
    assert wiring.presence(name, {}, Console(__import__("sys").stderr, verbose=False, environment={})).name == name


def test_outputs_are_somewhere_where_the_next_step_finds_them(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    member(name, str(tmp_path), capsys).tell(TOLD)

    written = "".join(file.name + file.read_text() for file in tmp_path.rglob("*") if file.is_file())
    assert ("changed" in written.lower()) is (name != "none")
    assert "Warning" not in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null/x"])
def test_nothing_that_cannot_be_told_fails(name: str, folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    presence = member(name, folder, capsys)
    presence.begin("validate")
    presence.tell(TOLD)
    presence.end()
    presence.tell(Told(stage="x", annotations=TOLD.annotations, is_failure=True))

    assert ("Warning" in capsys.readouterr().err) is (name != "none")


def test_no_token_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)

    from dataclasses import replace

    member(name, str(tmp_path), capsys).tell(replace(TOLD, comment="one"))

    written = "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())
    assert SECRET not in written + capsys.readouterr().err


def test_harmless_text_stays_what_it_is(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert member(name, str(tmp_path), capsys).shielded("image: a::b\n") == "image: a::b\n"
