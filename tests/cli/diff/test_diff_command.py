from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jsonschema_rs
import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: shop}}
data: {{level: {level}}}
"""
SECRET = """\
---
apiVersion: v1
kind: Secret
metadata: {{name: db, namespace: shop}}
stringData: {{password: {password}}}
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a folder of that name and returns its path; artifacts are packed beside it with ``pack``."""
    monkeypatch.chdir(tmp_path)

    def written(name: str, *, level: str = "info", password: str = "hunter2") -> str:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "all.yaml").write_text(CONFIG.format(level=level) + SECRET.format(password=password))
        return name

    return written


def run(*arguments: str) -> int:
    return run_guarded(application, ["diff", *arguments])


def pack(folder: str, tag: str) -> str:
    reference = f"oci-layout:layout:{tag}"
    assert run_guarded(application, ["package", folder, reference, "--source", "s", "--revision", "main@sha1:1"]) == 0
    return reference


def test_equal_sides_exit_with_0_with_and_without_exit_code(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = write("old"), write("new")
    assert (run(old, new), run(old, new, "--exit-code")) == (0, 0)
    assert capsys.readouterr().out == "old → new\nNo differences, 2 unchanged\n" * 2


def test_different_sides_exit_with_3_only_where_asked_for(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = write("old"), write("new", level="debug", password="other")
    assert (run(old, new), run(old, new, "--exit-code")) == (0, 3)
    out, err = capsys.readouterr()
    assert "~ data.level: info → debug\n" in out
    assert "~ data.password: (sensitive) changed\n" in out
    assert "hunter2" not in out + err
    assert err == ""


def test_artifacts_are_compared_with_each_other_and_with_folders(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = pack(write("old"), "1"), pack(write("new", level="debug"), "2")
    assert run(old, "new", "--exit-code") == 3
    capsys.readouterr()
    assert run(old, new, "--exit-code", "-o", "json") == 3
    document = json.loads(capsys.readouterr().out)
    schema = json.loads(resources.files("pipeline.schemas").joinpath("diff-result.v1.json").read_text(encoding="utf-8"))
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []
    assert document["from"]["type"] == document["to"]["type"] == "artifact"
    assert document["from"]["revision"] == "main@sha1:1"
    assert document["from"]["digestUrl"].startswith("oci-layout:layout@sha256:")
    assert document["counts"] == {
        "create": 0, "configure": 1, "recreate": 0, "prune": 0, "unchanged": 1, "skip": 0, "renamed": 0,
    }  # fmt: skip
    assert document["changes"][0]["fields"] == [
        {"path": "data.level", "change": "changed", "before": "info", "after": "debug"}
    ]


def test_the_same_artifact_under_two_tags_has_no_differences(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write("old")
    assert run(pack(folder, "1"), pack(folder, "2"), "--exit-code") == 0
    assert "No differences" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sides", "code", "complaint"),
    [
        (("old", "nowhere"), 2, "'nowhere' does not exist"),
        (("live", "live"), 2, "both sides are live"),
        (("old", "oci-layout:layout:none"), 5, "layout"),
        (("old", "broken"), 8, "broken/all.yaml:1:1"),
        (("old",), 2, "TO"),
        (("old", "oci://host/UPPER"), 2, "UPPER"),
    ],
)
def test_errors_have_their_own_exit_codes_and_are_never_a_difference(
    write: Write, capsys: pytest.CaptureFixture[str], sides: tuple[str, ...], code: int, complaint: str
) -> None:
    write("old")
    Path("broken").mkdir()
    Path("broken/all.yaml").write_text("\tx")
    assert run(*sides, "--exit-code") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err
    assert "Traceback" not in err


def test_an_unreachable_cluster_is_an_error_of_the_cluster(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    parts = {"clusters": [cluster], "contexts": [context], "users": [{"name": "c", "user": {}}], "current-context": "c"}
    kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **parts}))
    assert run("live", write("old"), "--kubeconfig", str(kubeconfig), "--exit-code") == 6
    assert capsys.readouterr().out == ""


def test_artifacts_are_compared_without_loading_anything_for_clusters_or_registries(write: Write) -> None:
    old, new = pack(write("old"), "1"), pack(write("new", level="debug"), "2")
    program = (
        "import sys; from pipeline.cli import application; from pipeline.cli.boundary import run_guarded\n"
        f"assert run_guarded(application, ['diff', {old!r}, {new!r}]) == 0\n"
        "heavy = {'kubernetes', 'oras', 'docker', 'requests', 'urllib3', 'cryptography', 'sh'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_full_shows_what_is_created(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("old")
    new = write("new")
    Path("new/more.yaml").write_text(CONFIG.format(level="warn").replace("settings", "more"))
    assert run("old", new) == 0
    assert "level" not in capsys.readouterr().out
    assert run("old", new, "--full") == 0
    assert "+ data.level: warn" in capsys.readouterr().out
