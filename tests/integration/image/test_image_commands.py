"""``gitless image`` with a real dockerd and real registries."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.boundary import INTERRUPTED
from tests.platform.engine import Engine
from tests.platform.processes import wait_until
from tests.platform.registries import DebianRegistry

from .conftest import Gitless, log_in

SECRET = "s3cr3t-build-argument"
VALUES = "web:\n  image:\n    repository: elsewhere/web   # ours\n    tag: '0'\n"


def manifest(address: str, path: str, tag: str) -> str:
    """The digest that the registry itself names for a tag."""
    request = urllib.request.Request(f"http://{address}/v2/{path}/manifests/{tag}", method="HEAD")
    request.add_header("Accept", "application/vnd.docker.distribution.manifest.v2+json")
    with urllib.request.urlopen(request) as answer:
        return str(answer.headers["Docker-Content-Digest"])


def labels(engine: Engine, image: str) -> dict[str, str]:
    found: list[dict[str, Any]] = json.loads(engine.docker("image", "inspect", image))
    return dict(found[0]["Config"]["Labels"] or {})


def test_from_a_folder_to_a_digest_in_the_manifests(web: Path, address: str, gitless: Gitless) -> None:
    image = f"{address}/acme/web:1.4.2"
    (web / "values.yaml").write_text(VALUES)
    (web / "values.yaml").chmod(0o600)

    built = gitless("image", "build", ".", "--image", image, "--revision", "main@sha1:" + "a" * 40, "-o", "json")
    pushed = gitless(
        "image", "push", image, "--tag", "stable", "--kustomization", "deploy:web", "--values", "values.yaml:web.image",
        "--lock", "images.lock.yaml", "-o", "json",
    )  # fmt: skip

    assert (built.code, pushed.code) == (0, 0), built.err + pushed.err
    assert built.document["image"] == image
    digest = manifest(address, "acme/web", "1.4.2")
    assert digest == manifest(address, "acme/web", "stable")
    assert pushed.document["digest"] == digest
    assert pushed.document["digestUrl"] == f"oci://{address}/acme/web@{digest}"
    assert pushed.document["written"] == ["deploy/kustomization.yaml", "values.yaml", "images.lock.yaml"]
    assert stat.S_IMODE((web / "values.yaml").stat().st_mode) == 0o600
    assert (web / "deploy" / "kustomization.yaml").read_text() == (
        "# The shop.\nresources:\n- web.yaml   # all of it\n"
        f"images:\n- name: web\n  newName: {address}/acme/web\n  newTag: 1.4.2\n  digest: {digest}\n"
    )
    assert (web / "values.yaml").read_text() == (
        f"web:\n  image:\n    repository: {address}/acme/web   # ours\n    tag: '1.4.2'\n    digest: {digest}\n"
    )
    assert f"- image: {image}\n    digest: {digest}\n" in (web / "images.lock.yaml").read_text()
    # The real kustomize takes it as it is meant.
    assert f"image: {image}@{digest}\n" in gitless("build", "deploy").out


def test_an_image_is_named_and_labelled_by_its_commit(
    web: Path, engine: Engine, address: str, gitless: Gitless
) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for step in (["init", "-q", "-b", "main"], ["add", "Containerfile"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *step], check=True, cwd=web)
    subprocess.run([*git, "remote", "add", "origin", "https://user:pass@example.com/acme/shop"], check=True, cwd=web)
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=web, text=True).strip()

    built = gitless("image", "build", ".", "--image", f"{address}/acme/commit", "--image-label", "team=shop")
    pushed = gitless("image", "push", f"{address}/acme/commit", "-o", "json")

    assert built.code == 0, built.err
    image = f"{address}/acme/commit:{commit[:12]}"
    assert f"Built {image}\n" in built.out
    assert pushed.document["image"] == image
    assert labels(engine, image) == {
        "org.opencontainers.image.source": "https://example.com/acme/shop",
        "org.opencontainers.image.revision": commit,
        "team": "shop",
    }


def test_with_a_time_given_context_and_label_have_it(
    web: Path, engine: Engine, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (web / "Containerfile").write_text(
        "FROM scratch\nARG SOURCE_DATE_EPOCH\nLABEL epoch=$SOURCE_DATE_EPOCH\nCOPY a /\n"
    )
    (web / "a").write_text("a")
    ids = []
    for moment in (1, 2_000_000_000):
        os.utime(web / "a", (moment, moment))
        outcome = gitless("image", "build", ".", "--image", "timed:1", "--no-cache", "-o", "json")
        assert outcome.code == 0, outcome.err
        layers = json.loads(engine.docker("image", "inspect", "timed:1"))[0]["RootFS"]["Layers"]
        ids.append(layers)

    assert ids[0] == ids[1]
    found = labels(engine, "timed:1")
    assert (found["epoch"], found["org.opencontainers.image.created"]) == ("1700000000", "2023-11-14T22:13:20Z")


def test_the_step_that_fails_is_named_with_what_it_wrote(web: Path, gitless: Gitless) -> None:
    (web / "Containerfile").write_text('FROM scratch\nCOPY server /server\nRUN ["/server", "--nonsense"]\n')

    outcome = gitless("image", "build", ".", "--image", "fails:1")

    assert outcome.code == 8
    assert "Error: Containerfile: step 3/3, RUN" in outcome.err
    assert "flag provided but not defined: -nonsense" in outcome.err


def test_a_secret_argument_is_taken_from_the_environment_and_never_shown(
    web: Path, engine: Engine, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    steps = "FROM scratch\nARG TOKEN\nARG PLAIN\nLABEL plain=$PLAIN token=$TOKEN\nCOPY server /server\n"
    (web / "Containerfile").write_text(steps + 'RUN ["/server", "-x"]\n')

    failed = gitless(
        "image", "build", ".", "--image", "arg:1", "--build-arg", "TOKEN", "--build-arg", "PLAIN=b c", "-v"
    )
    (web / "Containerfile").write_text(steps)
    built = gitless("image", "build", ".", "--image", "arg:1", "--build-arg", "TOKEN", "--build-arg", "PLAIN=b c", "-v")

    assert (failed.code, built.code) == (8, 0)
    assert SECRET not in failed.err + failed.out + built.err + built.out
    assert (labels(engine, "arg:1")["token"], labels(engine, "arg:1")["plain"]) == (SECRET, "b c")
    missing = gitless("image", "build", ".", "--image", "arg:1", "--build-arg", "NOWHERE")
    assert missing.code == 2
    assert "the environment has no NOWHERE" in missing.err


@pytest.mark.parametrize("kept", ["in the docker configuration", "on standard input"])
def test_the_login_is_that_of_our_own_registry_client(
    web: Path, guarded: DebianRegistry, gitless: Gitless, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    image = f"{guarded.address}/acme/web:1"
    assert gitless("image", "build", ".", "--image", image).code == 0
    options: list[str] = []
    if kept == "on standard input":
        import io

        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{guarded.password}\n"))
        options = ["--username", guarded.username, "--password-stdin"]
    else:
        log_in(guarded.address, guarded.username, guarded.password)

    outcome = gitless("image", "push", image, *options, "-v")

    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(f"Pushed {image}@sha256:")
    assert guarded.password not in outcome.out + outcome.err


def test_a_wrong_login_or_none_is_told_and_no_file_changes(
    web: Path, guarded: DebianRegistry, gitless: Gitless
) -> None:
    image = f"{guarded.address}/acme/web:2"
    before = (web / "deploy" / "kustomization.yaml").read_text()
    assert gitless("image", "build", ".", "--image", image).code == 0

    nobody = gitless("image", "push", image, "--kustomization", "deploy")
    log_in(guarded.address, guarded.username, "wrong-password")
    stranger = gitless("image", "push", image, "--kustomization", "deploy")

    assert (nobody.code, stranger.code) == (5, 5)
    assert f"{guarded.address} refused the push of {image}" in nobody.err
    assert f"log in first: gitless login {guarded.address}" in nobody.err
    assert "correct the login" in stranger.err
    assert "wrong-password" not in stranger.err
    assert (web / "deploy" / "kustomization.yaml").read_text() == before


def test_a_file_that_cannot_be_changed_shows_before_anything_is_pushed(
    web: Path, address: str, gitless: Gitless
) -> None:
    image = f"{address}/acme/never:1"
    (web / "values.yaml").write_text("a: b\n")
    assert gitless("image", "build", ".", "--image", image).code == 0

    outcome = gitless("image", "push", image, "--values", "values.yaml")

    assert outcome.code == 2
    assert "values.yaml: expected at 'image' an image" in outcome.err
    with pytest.raises(urllib.error.HTTPError):
        manifest(address, "acme/never", "1")


def test_without_an_engine_it_says_where_it_looked(
    web: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = gitless("image", "build", ".", "--image", "x:1", "--engine", f"unix://{web}/nobody.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{web}/gone.sock")
    elsewhere = gitless("image", "push", "x:1")

    assert (absent.code, elsewhere.code) == (2, 2)
    assert f"no container engine answers at unix://{web}/nobody.sock, which --engine names" in absent.err
    assert "gone.sock, which DOCKER_HOST names" in elsewhere.err
    assert "start it, or name another one" in absent.err


def test_what_is_cancelled_ends_at_the_engine_too(web: Path, engine: Engine) -> None:
    (web / "Containerfile").write_text(
        'FROM scratch\nCOPY server /server\nRUN ["/server", "--directory=/d", "--port-file=/p"]\n'
    )
    command = [str(Path(sys.executable).with_name("gitless")), "image", "build", ".", "--image", "endless:1", "-v"]
    with subprocess.Popen(command, cwd=web, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            wait_until(lambda: bool(engine.docker("ps", "--quiet")), seconds=120, what="the step's container")
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=120)
        finally:
            running.kill()

    assert running.returncode == INTERRUPTED
    assert said.endswith("interrupted\n")
    wait_until(lambda: not engine.docker("ps", "--quiet"), seconds=120, what="the end of the step's container")
