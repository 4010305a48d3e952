"""``gitless images``: what is refused before anything is asked of a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome

SETTINGS = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    return tmp_path


def gitless(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    code = run_guarded(application, list(arguments))
    captured = capsys.readouterr()
    return Outcome(code, captured.out, captured.err)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lock"], "name a folder or file with manifests"),
        (["check"], "name a folder or file with manifests"),
        (["lock", "--target", "staging"], "there is none"),
        (["lock", "app.yaml", "--target", "staging"], "give one of the two"),
        (["lock", "nowhere"], "does not exist"),
        (["update", "--commit", "--pull-request"], "choose one of"),
        (["update", "--dry-run", "-o", "patch"], "choose one of"),
        (["update", "--push", "main"], "--push needs a commit"),
        (["update", "--commit", "--base", "main"], "--base is for --pull-request"),
        (["update", "--commit", "--author", "Robot"], "expected NAME <MAIL>"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = gitless(capsys, "images", *arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ("{lock: 1}", "'images.lock'"),
        ("{policies: [{name: a, image: b, policy: {}}]}", "needs exactly one of: semver, alphabetical, numerical"),
        ("{policies: [{name: a, policy: {semver: {range: x}}}]}", "'images.policies[0].image' is missing"),
        ("{policies: [{name: a, image: 'b:1', policy: {numerical: {}}}]}", "expected HOST/PATH without scheme"),
        ("{policies: [{name: a, image: b, policy: {semver: {range: five}}}]}", "'five' is not a version range"),
    ],
)
def test_settings_are_checked(images: str, told: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gitless.yaml").write_text(f"{SETTINGS}images: {images}\n")

    outcome = gitless(capsys, "images", "lock")

    assert outcome.code == 2
    assert told in outcome.err


def test_a_lock_that_is_named_must_be_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = gitless(capsys, "build", "app.yaml", "--images-lock", "other.yaml")
    (folder / "other.yaml").write_text("kind: Other\n")
    wrong = gitless(capsys, "build", "app.yaml", "--images-lock", "other.yaml")

    assert (missing.code, "other.yaml does not exist" in missing.err) == (2, True)
    assert (wrong.code, "expected apiVersion gitless.dev/v1 and kind ImagesLock" in wrong.err) == (2, True)


def test_a_lock_among_manifests_is_none_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "images.lock.yaml").write_text("apiVersion: gitless.dev/v1\nkind: ImagesLock\nimages: []\n")

    built = gitless(capsys, "build", ".")

    assert (built.code, built.err) == (0, "")
    assert "ImagesLock" not in built.out


def test_markers_without_a_policy_are_told_and_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'image: web:1 # {"$imagepolicy": "apps:web"}\n'
    (folder / "web.yaml").write_text(text)
    (folder / "chart.yaml").write_text("{{- if .x }}\n" + text + "{{- end }}\n")

    outcome = gitless(capsys, "images", "update")

    assert (outcome.code, outcome.out) == (0, "every image is what its policy chooses\n")
    assert "web.yaml:1: there is no policy apps:web" in outcome.err
    assert "markers in there are left alone: chart.yaml" in outcome.err
    assert (folder / "web.yaml").read_text() == text


def test_without_a_service_there_is_no_pull_request(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline import wiring
    from pipeline.errors import ConfigurationError

    assert wiring.base_branch({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}) == "main"
    assert wiring.base_branch({"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}) == ""
    assert wiring.base_branch({"CI_DEFAULT_BRANCH": "trunk"}) == "trunk"
    with pytest.raises(ConfigurationError, match="where a pull request is to be opened"):
        wiring.pull_requests("auto", {})


def test_a_lock_that_is_a_link_stays_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "kept").mkdir()
    (folder / "images.lock.yaml").symlink_to("kept/lock.yaml")

    assert gitless(capsys, "images", "lock", "app.yaml").code == 0
    assert (folder / "images.lock.yaml").is_symlink()
    assert "kind: ImagesLock" in (folder / "kept" / "lock.yaml").read_text()
