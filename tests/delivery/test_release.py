"""What a release is made of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from pipeline import __version__
from tests.delivery import release_files
from tests.delivery.distributions import sha256
from tests.delivery.release_files import FOLDERS, ReleaseError, check, main, write
from tests.delivery.tekton_stages import IMAGE
from tests.delivery.workflow_files import PLACEHOLDER, TREE

COMMIT, DIGEST = "c" * 40, "sha256:" + "d" * 64


def test_a_release_names_its_commit_and_its_image_everywhere(tmp_path: Path) -> None:
    assert main(["write", str(tmp_path), "--commit", COMMIT, "--image-digest", DIGEST]) == 0

    written = {file.relative_to(tmp_path): file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    assert {
        file.relative_to(TREE) for folder in FOLDERS for file in (TREE / folder).rglob("*") if file.is_file()
    } == set(written)
    unnamed = re.compile(rf"@{PLACEHOLDER}\b|{re.escape(IMAGE)}")
    assert [file for file, text in written.items() if unnamed.search(text)] == []
    workflow = yaml.safe_load(written[Path("examples/github/main.yml")])
    uses = [step["uses"] for step in workflow["jobs"]["publish"]["steps"] if "uses" in step]
    assert f"gitless/gitless/actions/package@{COMMIT}" in uses
    task = written[Path("tekton/task/gitless-package/0.1/gitless-package.yaml")]
    assert f"{IMAGE.partition('@')[0]}@{DIGEST}" in task


@pytest.mark.parametrize(("commit", "digest"), [("main", DIGEST), (COMMIT, "latest"), (COMMIT, f"{DIGEST}\n")])
def test_what_pins_nothing_is_refused(tmp_path: Path, commit: str, digest: str) -> None:
    with pytest.raises(ReleaseError, match="expected a commit and a digest"):
        write(tmp_path, commit, digest)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wheel in it, and pins that name it."""
    wheel = tmp_path / f"gitless_pipeline-{__version__}-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    pins = TREE / "actions" / "setup" / "gitless.txt"
    made = tmp_path / "gitless.txt"
    made.write_text(f"gitless-pipeline=={__version__} --hash=sha256:{sha256(wheel)}\n")
    monkeypatch.setattr(release_files, "PINS", made)
    monkeypatch.setattr(release_files, "TREE", tmp_path)
    assert f"gitless-pipeline=={__version__}" in pins.read_text()
    return tmp_path


def test_a_tag_is_held_against_version_wheel_and_pins(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(f"v{__version__}", built)

    assert main(["check", str(built), "--tag", "v99.0.0"]) == 1
    assert "the tag v99.0.0 is not this version" in capsys.readouterr().err
    next(built.glob("*.whl")).write_bytes(b"another")
    with pytest.raises(ReleaseError, match="pins another wheel: run make release-pins"):
        check(f"v{__version__}", built)
    next(built.glob("*.whl")).unlink()
    with pytest.raises(ReleaseError, match="run make dist"):
        check(f"v{__version__}", built)


def test_the_release_workflow_signs_before_it_tags() -> None:
    workflow = yaml.safe_load((TREE / ".github/workflows/release.yml").read_text())
    publishing = workflow["jobs"]["publish"]["steps"]
    text = json.dumps(publishing)
    last_signature = max(index for index, step in enumerate(publishing) if "gitless sign" in step.get("run", ""))
    moving = next(index for index, step in enumerate(publishing) if step["name"] == "Move the tags")

    assert text.count("gitless sign --keyless") == 3
    assert (
        last_signature
        < moving
        < next(index for index, step in enumerate(publishing) if "gh release create" in step.get("run", ""))
    )
