from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

_SERVICE = "kind: Service\napiVersion: v1\nmetadata:\n  name: web\nspec:\n  ports: [{port: 80}]\n"
_CANONICAL = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy" / "below").mkdir(parents=True)
    (tmp_path / "deploy" / "web.yaml").write_text(_SERVICE)
    (tmp_path / "deploy" / "below" / "space.json").write_text(
        '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}'
    )
    (tmp_path / "deploy" / ".hidden").mkdir()
    (tmp_path / "deploy" / ".hidden" / "no.yaml").write_text("not: {read")
    (tmp_path / "deploy" / "README.md").write_text("not read")
    (tmp_path / "deploy" / "gitless.yaml").write_text("kind: Pipeline\n")
    return tmp_path


def _gitless(*arguments: str) -> int:
    return run_guarded(application, ["build", *arguments])


def test_the_stream_goes_to_stdout_and_nothing_else(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _gitless("deploy") == 0
    out, err = capsysbinary.readouterr()
    assert out.decode() == f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n---\n{_CANONICAL}"
    assert err == b""


def test_one_file_is_a_source_too(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _gitless("deploy/web.yaml") == 0
    assert capsysbinary.readouterr().out.decode() == _CANONICAL


def test_json_tells_what_was_built_and_from_where(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _gitless("deploy", "-o", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["apiVersion"], document["kind"]) == ("gitless.dev/v1", "BuildResult")
    assert document["counts"] == {"Namespace": 1, "Service": 1}
    assert [entry["origin"]["file"] for entry in document["objects"]] == ["deploy/below/space.json", "deploy/web.yaml"]


def test_a_folder_receives_the_stream_and_stdout_the_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _gitless("deploy", "--to", "out/new") == 0
    file = folder / "out" / "new" / "manifests.yaml"
    digest = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert [path.name for path in file.parent.iterdir()] == ["manifests.yaml"]
    out = capsys.readouterr().out
    assert "Built 2 objects: 1 Namespace, 1 Service" in out
    assert digest in out
    assert _gitless("deploy", "--to", "out/new", "-o", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["digest"], document["file"]) == (digest, "out/new/manifests.yaml")


@pytest.mark.parametrize("more", [[], ["--to", "out"], ["-o", "json"]])
def test_the_result_is_kept_in_the_results_folder_whatever_goes_to_stdout(more: list[str], folder: Path) -> None:
    assert _gitless("deploy", "--results-dir", "results", *more) == 0
    assert json.loads((folder / "results" / "build.json").read_text())["kind"] == "BuildResult"


def test_what_was_built_builds_to_itself(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    _gitless("deploy", "--to", "out")
    capsysbinary.readouterr()
    assert _gitless("out") == 0
    assert capsysbinary.readouterr().out == (folder / "out" / "manifests.yaml").read_bytes()


def test_a_failed_build_leaves_the_former_file_alone(folder: Path) -> None:
    _gitless("deploy", "--to", "out")
    before = (folder / "out" / "manifests.yaml").read_bytes()
    (folder / "deploy" / "web.yaml").write_text("a: b: c\n")
    assert _gitless("deploy", "--to", "out") == 8
    assert (folder / "out" / "manifests.yaml").read_bytes() == before
    assert len(list((folder / "out").iterdir())) == 1


def test_the_file_can_be_read_by_whom_the_umask_allows(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        _gitless("deploy", "--to", "out")
    finally:
        os.umask(before)
    assert (folder / "out" / "manifests.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("target", ["deploy", "deploy/rendered"])
def test_a_target_inside_of_a_source_is_refused(target: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _gitless("deploy", "--to", target) == 2
    assert "is inside the source deploy" in capsys.readouterr().err
    assert not (folder / target / "manifests.yaml").exists()


def test_a_target_that_would_overwrite_its_source_is_refused(folder: Path) -> None:
    (folder / "manifests.yaml").write_text(_SERVICE)
    assert _gitless("manifests.yaml", "--to", ".") == 2
    assert (folder / "manifests.yaml").read_text() == _SERVICE


def test_a_target_that_cannot_be_made_is_a_configuration_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").write_text("in the way")
    assert _gitless("deploy", "--to", "file/below") == 2
    assert "file/below/manifests.yaml cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ([], 2, "Missing argument 'PATH...'"),
        (["nowhere"], 2, "nowhere does not exist"),
        (["empty"], 8, "empty: no manifests in this folder"),
        (["deploy", "deploy/web.yaml"], 8, "Service web is defined twice, first at deploy/web.yaml:1"),
        (["broken.yaml"], 8, "broken.yaml:1:5: mapping values are not allowed"),
        (["out.yaml"], 8, "out.yaml: no objects come out of this build"),
        (["links"], 8, "outside of the folder"),
        (["loop"], 8, "loop/a.yaml is a link that leads to itself"),
        (["dangling"], 8, "dangling/a.yaml is no regular file"),
        (["pipe"], 8, "pipe/a.yaml is no regular file"),
        (["mixed"], 8, "mixed/chart holds a Helm chart in the middle of plain manifests"),
        (["deploy", "--renderer", "helm"], 2, "deploy is no Helm chart"),
        (["deploy", "--renderer", "kustomize"], 2, "deploy has no kustomization"),
        (["deploy", "--renderer", "jsonnet"], 2, "'jsonnet' is not one of"),
    ],
)
def test_errors_are_one_message_on_stderr_and_an_exit_code(
    arguments: list[str], exit_code: int, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    (folder / "broken.yaml").write_text("a: b: c\n")
    (folder / "out.yaml").write_text("---\n# nothing\n")
    (folder / "links").mkdir()
    (folder / "links" / "web.yaml").symlink_to(folder / "deploy" / "web.yaml")
    for name in ("loop", "dangling", "pipe", "mixed/chart"):
        (folder / name).mkdir(parents=True)
    (folder / "loop" / "a.yaml").symlink_to("a.yaml")
    (folder / "dangling" / "a.yaml").symlink_to("nothing.yaml")
    os.mkfifo(folder / "pipe" / "a.yaml")
    (folder / "mixed" / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: chart\n")
    assert _gitless(*arguments) == exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def _process(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "build", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )


def test_a_link_within_the_folder_is_followed(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "deploy" / ".hidden" / "web.txt").write_text(_SERVICE.replace("web", "linked"))
    (folder / "deploy" / "linked.yaml").symlink_to(".hidden/web.txt")
    assert _gitless("deploy") == 0
    assert b"name: linked" in capsysbinary.readouterr().out


def test_standard_input_is_a_source(folder: Path) -> None:
    done = _process("-", stdin=_SERVICE.encode())
    assert (done.returncode, done.stdout.decode()) == (0, _CANONICAL)
    refused = _process("-", stdin=b"\n\na: 1\na: 2\n")
    assert (refused.returncode, refused.stdout) == (8, b"")
    assert refused.stderr.startswith(b"Error: stdin:4:1: the key 'a' is there twice")


def test_the_bytes_depend_on_neither_locale_nor_hash_seed_nor_the_folders_place(folder: Path, tmp_path: Path) -> None:
    (folder / "deploy" / "words.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {ü: 'Grüße', é: '日本', z: 'y'}\n",
        encoding="utf-8",
    )
    elsewhere = tmp_path / "else where"
    (folder / "deploy").rename(elsewhere)
    outputs = {
        _process(str(elsewhere), LC_ALL="C", PYTHONHASHSEED="1", PYTHONUTF8="0", TZ="Asia/Tokyo").stdout,
        _process(elsewhere.name, LC_ALL="C.UTF-8", PYTHONHASHSEED="2", PYTHONUTF8="1").stdout,
    }
    assert len(outputs) == 1
    assert "Grüße".encode() in outputs.pop()
