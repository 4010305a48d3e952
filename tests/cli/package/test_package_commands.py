"""The commands as a user calls them, against layout folders."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("kind: Namespace\n")
    return tmp_path


def call(*arguments: str) -> int:
    return run_guarded(application, list(arguments))


def document(captured: Captured, *arguments: str) -> dict[str, Any]:
    captured.readouterr()
    assert call(*arguments, "-o", "json") == 0
    found: dict[str, Any] = json.loads(captured.readouterr().out)
    return found


def test_package_pull_round_trip(folder: Path, capsys: Captured) -> None:
    packaged = document(capsys, "package", "deploy", "oci-layout:store:1.0", "--tag", "latest")

    assert packaged["tags"] == ["1.0", "latest"]
    assert call("pull", packaged["digestUrl"], "out") == 0
    assert (folder / "out" / "a.yaml").read_text() == "kind: Namespace\n"
    captured = capsys.readouterr()
    assert captured.out.startswith("Unpacked 1 files")
    assert "no --key and no other trust option was given" in captured.err


def test_text_goes_to_stdout_and_talk_to_stderr(capsys: Captured) -> None:
    assert call("package", "deploy", "oci-layout:store:1.0", "--source", "s", "--revision", "r") == 0

    captured = capsys.readouterr()
    assert captured.out.startswith("Pushed oci-layout:store@sha256:")
    assert captured.err == ""


def test_digest_does_not_depend_on_where_and_when(folder: Path, capsys: Captured) -> None:
    one = document(capsys, "package", "deploy", "oci-layout:one:1.0")
    (folder / "deploy").rename(folder / "elsewhere")
    two = document(capsys, "package", "elsewhere", "oci-layout:two:2.0")

    assert one["digest"] == two["digest"]


def test_push_if_changed_always_tells_the_digest(capsys: Captured) -> None:
    first = document(capsys, "package", "deploy", "oci-layout:store:1.0")
    again = document(capsys, "package", "deploy", "oci-layout:store:1.0", "--push-if-changed", "--revision", "new")

    assert (first["pushed"], again["pushed"]) == (True, False)
    assert again["digest"] == first["digest"]


def test_diff_tag_pushes_only_what_differs_from_that_tag(folder: Path, capsys: Captured) -> None:
    first = document(capsys, "package", "deploy", "oci-layout:store:stable")
    same = document(capsys, "package", "deploy", "oci-layout:store:2.0", "--diff-tag", "stable", "--revision", "new")
    (folder / "deploy" / "more.yaml").write_text("kind: ConfigMap\n")
    other = document(capsys, "package", "deploy", "oci-layout:store:3.0", "--diff-tag", "stable")
    unknown = document(capsys, "package", "deploy", "oci-layout:store:4.0", "--diff-tag", "never", "--revision", "new")

    assert [made["pushed"] for made in (first, same, other, unknown)] == [True, False, True, True]
    assert (same["digest"], same["tags"]) == (first["digest"], ["2.0"])
    assert other["digest"] != first["digest"]


def test_annotations_may_hold_equals_signs(capsys: Captured) -> None:
    one = document(capsys, "package", "deploy", "oci-layout:store:1.0", "-a", "k=v=w", "--created", "epoch")
    hexadecimal = one["digest"].removeprefix("sha256:")

    manifest = json.loads(Path("store", "blobs", "sha256", hexadecimal).read_text())
    assert manifest["annotations"]["k"] == "v=w"


def test_credentials_in_a_given_source_are_dropped(capsys: Captured) -> None:
    packaged = document(capsys, "package", "deploy", "oci-layout:store:1", "--source", "https://u:secret@git.test/r")

    assert packaged["source"] == "https://git.test/r"


def test_result_lands_in_the_results_folder(folder: Path, capsys: Captured) -> None:
    packaged = document(capsys, "package", "deploy", "oci-layout:store:1.0", "--results-dir", "results/deep")

    assert json.loads((folder / "results" / "deep" / "package.json").read_text()) == packaged
    assert [path.name for path in (folder / "results" / "deep").iterdir()] == ["package.json"]


def test_list_tag_and_copy(capsys: Captured) -> None:
    for number, tag in enumerate(("1.0.0", "1.1.0", "2.0.0-rc.1")):
        Path("deploy/a.yaml").write_text(f"n: {number}\n")
        call("package", "deploy", f"oci-layout:store:{tag}")

    listed = document(capsys, "list", "oci-layout:store", "--filter-semver", ">=1.0.0")
    assert [entry["tag"] for entry in listed["artifacts"]] == ["1.1.0", "1.0.0"]
    tagged = document(capsys, "tag", "oci-layout:store:1.1.0", "stable", "--tag", "1.1")
    assert [entry["moved"] for entry in tagged["tags"]] == [True, True]
    copied = document(capsys, "copy", "oci-layout:store:stable", "oci-layout:other")
    assert (copied["tags"], copied["digest"]) == (["stable"], tagged["digest"])
    assert document(capsys, "list", "oci-layout:other", "--filter-regex", "^st")["artifacts"][0]["tag"] == "stable"


REFUSED = {
    "no such path": (("package", "nowhere", "oci-layout:s:1"), 2, "nowhere does not exist"),
    "bad reference": (("package", "deploy", "ghcr.io/x"), 2, "not an artifact reference"),
    "digest as target": (("package", "deploy", f"oci-layout:s@sha256:{'0' * 64}"), 2, "names a digest"),
    "annotation": (("package", "deploy", "oci-layout:s:1", "-a", "novalue"), 2, "expected KEY=VALUE"),
    "changed without tag": (("package", "deploy", "oci-layout:s", "--push-if-changed"), 2, "compares with a tag"),
    "changed twice": (
        ("package", "deploy", "oci-layout:s:1", "--push-if-changed", "--diff-tag", "1"),
        2,
        "both name what is compared",
    ),
    "changed since no tag": (("package", "deploy", "oci-layout:s:1", "--diff-tag", "a b"), 2, "is not a tag"),
    "time": (("package", "deploy", "oci-layout:s:1", "--created", "soon"), 2, "not a time"),
    "tag": (("package", "deploy", "oci-layout:s:1", "--tag", "-x"), 2, "'-x' is not a tag"),
    "nothing left": (("package", "deploy", "oci-layout:s:1", "--ignore-path", "*"), 8, "nothing to package"),
    "foreign folder": (("package", "deploy", "oci-layout:deploy:1"), 5, "neither empty nor an OCI layout"),
    "missing artifact": (("pull", "oci-layout:s:1", "out"), 5, "does not exist"),
    "full folder": (("pull", "oci-layout:s:1", "deploy"), 2, "deploy is not empty"),
    "key that is not there": (("pull", "oci-layout:s:1", "out", "--key", "no.pub"), 2, "no.pub"),
    "list one": (("list", "oci-layout:s:1"), 2, "names one artifact"),
    "range": (("list", "oci-layout:s", "--filter-semver", "new"), 2, "not a version range"),
    "expression": (("list", "oci-layout:s", "--filter-regex", "("), 2, "not a regular expression"),
    "tag nothing": (("tag", "oci-layout:s", "x"), 2, "names no artifact"),
    "no tag": (("tag", "oci-layout:s:1"), 2, "no tag is named"),
    "copy nothing": (("copy", "oci-layout:s", "oci-layout:t"), 2, "names no artifact"),
    "copy to a digest": (("copy", "oci-layout:s:1", f"oci-layout:t@sha256:{'0' * 64}"), 2, "names a digest"),
    "results": (("package", "deploy", "oci-layout:s:1", "--results-dir", "deploy/a.yaml/x"), 2, "cannot be written"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_message_and_the_right_exit_code(name: str, capsys: Captured) -> None:
    arguments, code, message = REFUSED[name]

    assert call(*arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert "bug in gitless" not in captured.err


def test_standard_input_is_not_read_twice(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("password\n"))

    assert call("package", "-", "oci-layout:s:1", "--username", "u", "--password-stdin") == 2
    assert "both the content and the password" in capsys.readouterr().err


def test_tampered_layer_is_refused_and_nothing_unpacked(folder: Path, capsys: Captured) -> None:
    document(capsys, "package", "deploy", "oci-layout:store:1.0")
    for blob in (folder / "store" / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(blob.read_bytes()[:-1] + b"x")

    assert call("pull", "oci-layout:store:1.0", "out") == 4
    assert not (folder / "out").exists()


@pytest.mark.parametrize("limit", [("--max-size", "100"), ("--max-entries", "1")])
def test_limits_are_options(limit: tuple[str, str], capsys: Captured) -> None:
    call("package", "deploy", "oci-layout:store:1.0")

    assert call("pull", "oci-layout:store:1.0", "out", *limit) == 4
    assert f"{limit[0]} allows more" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["package", "pull", "list", "tag", "copy"])
def test_help_has_examples(command: str, capsys: Captured) -> None:
    assert call(command, "--help") == 0
    assert f"  gitless {command} " in capsys.readouterr().out


def test_signature_is_demanded_before_anything_is_unpacked(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "throw-away")
    packaged = document(capsys, "package", "deploy", "oci-layout:store:1.0")
    assert call("keys", "generate") == 0

    assert call("pull", "oci-layout:store:1.0", "out", "--key", "cosign.pub") == 4
    assert not (folder / "out").exists()
    assert call("sign", packaged["digestUrl"], "--key", "cosign.key") == 0
    copied = document(capsys, "copy", "oci-layout:store:1.0", "oci-layout:other")
    pulled = document(capsys, "pull", "oci-layout:other:1.0", "out", "--key", "cosign.pub")

    assert copied["referrers"] == 1
    assert (pulled["verified"], pulled["files"]) == (True, 1)
    assert "cosign.pub" in pulled["signer"]


def test_texts_of_others_cannot_steer_the_terminal(capsys: Captured) -> None:
    call("package", "deploy", "oci-layout:store:1.0", "--source", "s", "--revision", "\x1b[31mred\x1b[2K")

    assert call("list", "oci-layout:store") == 0
    assert "\x1b" not in capsys.readouterr().out
