"""The stage ``image`` of ``gitless run``: before anything is rendered, and only where the settings have images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Gitless

SETTINGS = """apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{{path: deploy}}]
artifact: {{repository: 'oci-layout:out', tags: [latest]}}
images:
  build:
  - image: {address}/acme/{path}:1
    buildArgs: {{VERSION: 1.4, TOKEN: null}}
    labels: {{team: shop}}
    tags: [latest]
    write:
      kustomizations: ['deploy:web']
      lock: images.lock.yaml
targets: {{staging: {{}}}}
"""


@pytest.fixture
def settings(web: Path, address: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    monkeypatch.setenv("TOKEN", "s3cr3t-build-argument")
    file = web / "gitless.yaml"
    path = request.node.name.partition("[")[0].replace("_", "-")[:60]
    file.write_text(SETTINGS.format(address=address, path=path))
    return file


def test_what_is_rendered_has_the_digest_that_was_pushed(settings: Path, gitless: Gitless) -> None:
    outcome = gitless("run", "--to", "package", "--results-dir", "results", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert [stage["stage"] for stage in outcome.document["stages"]] == ["image", "build", "package"]
    (image,) = json.loads((settings.parent / "results" / "image.json").read_text())["images"]
    pinned = image["push"]["pinned"]
    assert image["push"]["tags"] == ["1", "latest"]
    assert f"image: {pinned}\n" in (settings.parent / "results" / "manifests.yaml").read_text()
    assert image["push"]["digest"] in (settings.parent / "images.lock.yaml").read_text()
    assert "s3cr3t" not in outcome.out + outcome.err


def test_images_alone_and_everything_but_them(settings: Path, gitless: Gitless) -> None:
    without = gitless("run", "--from", "build", "--to", "build", "-o", "json")
    unpinned = (settings.parent / "deploy" / "kustomization.yaml").read_text()
    alone = gitless("run", "--to", "image")

    assert (without.code, alone.code) == (0, 0), alone.err
    assert "images" not in unpinned
    assert "── image ──" in alone.out
    assert "written:  deploy/kustomization.yaml" in alone.out
    assert "digest:" in (settings.parent / "deploy" / "kustomization.yaml").read_text()


def test_a_run_without_images_has_no_such_stage(
    settings: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    text = settings.read_text()
    settings.write_text(text[: text.index("images:")] + "targets: {staging: {}}\n")

    whole, alone = gitless("run", "--to", "build", "-o", "json"), gitless("run", "--to", "image")

    assert [stage["stage"] for stage in whole.document["stages"]] == ["build"]
    assert alone.code == 2
    assert "there are no images to build: 'images.build' is missing" in alone.err
