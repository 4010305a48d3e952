"""Tools written in Go, and tar itself, read what we pack; we read what they push."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.platform.binaries import binary
from tests.platform.registries import DebianRegistry

pytestmark = [pytest.mark.registry, pytest.mark.tool]


def run(*argv: object, cwd: Path | None = None, **variables: str) -> str:
    done = subprocess.run(
        [str(part) for part in argv],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **variables},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def gitless(*arguments: object, **variables: str) -> dict[str, Any]:
    printed = run(sys.executable, "-m", "pipeline", *arguments, "-o", "json", cwd=None, **variables)
    found: dict[str, Any] = json.loads(printed)
    return found


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def layer_of(layout: Path, digest: str) -> Path:
    blobs = layout / "blobs" / "sha256"
    manifest = json.loads((blobs / digest.removeprefix("sha256:")).read_text())
    found: str = manifest["layers"][0]["digest"]
    return blobs / found.removeprefix("sha256:")


def test_tar_and_gzip_read_the_layer(deploy: Path, tmp_path: Path) -> None:
    packaged = gitless("package", deploy, f"oci-layout:{tmp_path}/store:1")
    layer = layer_of(tmp_path / "store", packaged["digest"])
    (tmp_path / "out").mkdir()

    packed = tmp_path / "layer.gz"
    packed.write_bytes(layer.read_bytes())
    run("gzip", "-t", packed)
    run("tar", "xzf", layer, "-C", tmp_path / "out", LC_ALL="C.UTF-8")

    assert content(tmp_path / "out") == content(deploy)


def test_digest_is_the_same_in_other_surroundings(deploy: Path, tmp_path: Path) -> None:
    here = gitless("package", deploy, f"oci-layout:{tmp_path}/here:1")
    old_mask = os.umask(0o077)
    try:
        copied = tmp_path / "checkout"
        run("cp", "-r", deploy, copied)
    finally:
        os.umask(old_mask)
    there = gitless(
        "package",
        copied,
        f"oci-layout:{tmp_path}/there:1",
        TZ="Asia/Tokyo",
        LC_ALL="C",
        PYTHONHASHSEED="7",
        PYTHONUTF8="1",
    )

    assert there["digest"] == here["digest"]


def test_oras_pulls_what_we_push(address: str, deploy: Path, tmp_path: Path) -> None:
    packaged = gitless("package", deploy, f"oci://{address}/oras/app:1.0", "--tag", "latest")
    oras = binary("oras")

    described = json.loads(run(oras, "manifest", "fetch", "--plain-http", "--descriptor", f"{address}/oras/app:latest"))
    layer = json.loads(run(oras, "manifest", "fetch", "--plain-http", f"{address}/oras/app@{packaged['digest']}"))
    blob = layer["layers"][0]["digest"]
    run(oras, "blob", "fetch", "--plain-http", f"{address}/oras/app@{blob}", "--output", tmp_path / "layer.tgz")
    (tmp_path / "out").mkdir()
    run("tar", "xzf", tmp_path / "layer.tgz", "-C", tmp_path / "out", LC_ALL="C.UTF-8")

    assert described["digest"] == packaged["digest"]
    assert content(tmp_path / "out") == content(deploy)


def test_go_reads_the_archive(address: str, deploy: Path, tmp_path: Path) -> None:
    """crane flattens the layers with Go's gzip and tar readers."""
    packaged = gitless("package", deploy, f"oci://{address}/crane/app:1.0")

    run(binary("crane"), "export", "--insecure", f"{address}/crane/app@{packaged['digest']}", tmp_path / "all.tar")
    (tmp_path / "out").mkdir()
    run("tar", "xf", tmp_path / "all.tar", "-C", tmp_path / "out", LC_ALL="C.UTF-8")

    assert content(tmp_path / "out") == content(deploy)


def test_go_tools_validate_the_artifact(address: str, deploy: Path) -> None:
    packaged = gitless("package", deploy, f"oci://{address}/valid/app:1.0")

    printed = run(binary("crane"), "manifest", "--insecure", f"{address}/valid/app@{packaged['digest']}")

    assert json.loads(printed)["annotations"]["dev.gitless.content-digest"] == packaged["contentDigest"]


def test_oras_copies_our_layout_and_we_copy_its(address: str, deploy: Path, tmp_path: Path) -> None:
    packaged = gitless("package", deploy, f"oci-layout:{tmp_path}/ours:1.0")
    oras = binary("oras")
    run(oras, "cp", "--from-oci-layout", f"{tmp_path}/ours:1.0", "--to-plain-http", f"{address}/cp/app:1.0")
    run(oras, "cp", "--from-plain-http", f"{address}/cp/app:1.0", "--to-oci-layout", f"{tmp_path}/theirs:1.0")

    copied = gitless("copy", f"oci-layout:{tmp_path}/theirs:1.0", f"oci://{address}/cp/back")

    assert copied["digest"] == packaged["digest"]
    assert gitless("list", f"oci://{address}/cp/back")["artifacts"][0]["digest"] == packaged["digest"]


def test_attachments_travel_through_the_air_gap(address: str, deploy: Path, tmp_path: Path) -> None:
    oras = binary("oras")
    packaged = gitless("package", deploy, f"oci://{address}/gap/app:1.0")
    reference = f"{address}/gap/app@{packaged['digest']}"
    (tmp_path / "sbom.json").write_text("{}")
    run(oras, "attach", "--plain-http", "--artifact-type", "test/sbom", reference, "sbom.json:test/sbom", cwd=tmp_path)
    run(oras, "tag", "--plain-http", reference, packaged["digest"].replace(":", "-") + ".sig")

    out = gitless("copy", f"oci://{address}/gap/app:1.0", f"oci-layout:{tmp_path}/gap")
    back = gitless("copy", f"oci-layout:{tmp_path}/gap:1.0", f"oci://{address}/gap/inside")

    assert (out["referrers"], out["signatureTags"]) == (back["referrers"], back["signatureTags"]) == (1, 1)
    found = json.loads(
        run(oras, "discover", "--plain-http", "--format", "json", f"{address}/gap/inside@{packaged['digest']}")
    )
    assert len(found["referrers"]) == 1
    attached = json.loads(run(oras, "manifest", "fetch", "--plain-http", found["referrers"][0]["reference"]))
    assert (attached["artifactType"], attached["subject"]["digest"]) == ("test/sbom", packaged["digest"])


def test_we_pull_what_oras_pushes(address: str, deploy: Path, tmp_path: Path) -> None:
    run("tar", "czf", tmp_path / "app.tgz", "-C", deploy, ".", LC_ALL="C.UTF-8")
    run(
        binary("oras"), "push", "--plain-http", f"{address}/theirs/app:1.0",
        "app.tgz:application/vnd.oci.image.layer.v1.tar+gzip", cwd=tmp_path,
    )  # fmt: skip

    pulled = gitless("pull", f"oci://{address}/theirs/app:1.0", tmp_path / "out")

    assert pulled["files"] == len(content(deploy))
    assert content(tmp_path / "out") == content(deploy)


def test_same_content_is_pushed_once(address: str, deploy: Path) -> None:
    first = gitless("package", deploy, f"oci://{address}/once/app:1.0", "--push-if-changed", "--revision", "a@sha1:1")
    again = gitless("package", deploy, f"oci://{address}/once/app:1.0", "--push-if-changed", "--revision", "b@sha1:2")

    assert (first["pushed"], again["pushed"], again["revision"]) == (True, False, "a@sha1:1")


def test_source_and_revision_come_from_the_checkout(deploy: Path, tmp_path: Path) -> None:
    ambient = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "JENKINS_URL", "TF_BUILD", "DRONE")
    quiet = {**dict.fromkeys(ambient, ""), "BITBUCKET_BUILD_NUMBER": "", "CI_REPO_URL": ""}
    author = ("-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false")
    run("git", "init", "-q", "-b", "trunk", cwd=deploy)
    run("git", "remote", "add", "origin", "https://user:secret@git.test/team/app.git", cwd=deploy)
    run("git", "add", "-A", cwd=deploy)
    run("git", *author, "commit", "-q", "-m", "first", cwd=deploy)
    commit = run("git", "rev-parse", "HEAD", cwd=deploy).strip()

    packaged = gitless("package", deploy, f"oci-layout:{tmp_path}/store:1", **quiet)
    assert packaged["source"] == "https://git.test/team/app.git"
    assert packaged["revision"] == f"trunk@sha1:{commit}"

    run("git", "tag", "v1.0.0", cwd=deploy)
    run("git", "checkout", "-q", "--detach", cwd=deploy)
    detached = gitless("package", deploy, f"oci-layout:{tmp_path}/store:2", **quiet)
    assert detached["revision"] == f"v1.0.0@sha1:{commit}"
    assert packaged["contentDigest"] == detached["contentDigest"]
    assert "secret" not in "".join(
        path.read_text(errors="replace") for path in (tmp_path / "store").rglob("*") if path.is_file()
    )


def test_signed_artifact_travels_to_a_registry_without_referrers(address: str, deploy: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "pipeline", "keys", "generate", cwd=tmp_path, COSIGN_PASSWORD="throw-away")
    packaged = gitless("package", deploy, f"oci://{address}/signed/app:1.0")
    gitless("sign", packaged["digestUrl"], "--key", tmp_path / "cosign.key", COSIGN_PASSWORD="throw-away")

    with DebianRegistry.start(tmp_path / "debian") as debian:
        inside = f"oci://{debian.address}/inside/app"
        copied = gitless("copy", f"oci://{address}/signed/app:1.0", inside)
        mounted = gitless("copy", f"{inside}:1.0", f"oci://{debian.address}/other/app")
        pulled = gitless(
            "pull", f"oci://{debian.address}/other/app:1.0", tmp_path / "out", "--key", tmp_path / "cosign.pub"
        )
        listed = gitless("list", f"oci://{debian.address}/other/app")

    assert (copied["digest"], copied["referrers"]) == (packaged["digest"], 1)
    assert (mounted["blobs"]["sent"], mounted["referrers"]) == (0, 1)
    assert pulled["verified"] is True
    assert content(tmp_path / "out") == content(deploy)
    assert [entry["tag"] for entry in listed["artifacts"]] == ["1.0"]


def test_large_blobs_are_copied_without_holding_them(deploy: Path, tmp_path: Path) -> None:
    (deploy / "large.bin").write_bytes(os.urandom(80 * 1024 * 1024))
    gitless("package", deploy, f"oci-layout:{tmp_path}/store:1.0")
    program = (
        "import re, sys; from pipeline.cli import application; from pipeline.cli.boundary import run_guarded;"
        "code = run_guarded(application, sys.argv[1:]);"
        # Unlike getrusage's, this peak does not count the process that we were forked from.
        "print(code, re.search(r'VmHWM:\\s+([0-9]+)', open('/proc/self/status').read())[1])"
    )

    printed = run(
        sys.executable, "-c", program, "copy", f"oci-layout:{tmp_path}/store:1.0", f"oci-layout:{tmp_path}/two"
    )

    code, peak = map(int, printed.splitlines()[-1].split())
    assert code == 0
    assert peak < 75 * 1024  # KiB; the blob alone has 80 MiB
