"""The real Containerfile, built by a real dockerd, and what it makes run as it is meant to be run.

Two things stand in: the base image, and kustomize, helm and sops, which the Containerfile compiles for many minutes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import __version__
from tests.platform.base_images import build, kept_engine, python_image, tools_image
from tests.platform.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
IMAGE = "gitless.test/gitless:1"
_READ_ONLY = ("--rm", "--read-only", "--tmpfs", "/tmp", "--network", "none", "--cap-drop", "ALL")

pytestmark = [pytest.mark.xdist_group("image"), pytest.mark.timeout(1800)]
Run = Callable[..., str]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with kept_engine(tmp_path_factory.mktemp("kept") / "e") as started:
        base = {"PYTHON_IMAGE": python_image(started), "TOOLS": tools_image(started)}
        build(started, ROOT, ROOT / "Containerfile", IMAGE, base)
        yield started


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Run:
    """Runs the image on a read-only file system and without network; the folder ``/workspace`` is the test's."""

    # Whoever runs the tests keeps their folders to himself, and the image runs as somebody else.
    tmp_path.chmod(0o755)

    def start(*arguments: str, entrypoint: str = "") -> str:
        other = ("--entrypoint", entrypoint) if entrypoint else ()
        return engine.docker("run", *_READ_ONLY, "--volume", f"{tmp_path}:/workspace:ro", *other, IMAGE, *arguments)

    return start


def test_it_is_gitless_with_its_tools_and_nobody_in_particular(run: Run) -> None:
    assert run("--version") == f"gitless {__version__}\n"
    assert run("version", entrypoint="kustomize").startswith("v5.")
    assert run("version", "--short", entrypoint="helm").startswith("v4.")
    assert run("--version", "--disable-version-check", entrypoint="sops").startswith("sops 3.")
    assert run("-c", "id -u; id -g; id -un", entrypoint="sh").split() == ["65532", "65532", "gitless"]


def test_stages_run_without_network_on_a_read_only_file_system(run: Run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "shop", tmp_path / "shop")

    kustomized = run("build", "shop/environments/production")
    templated = run("build", "shop/charts/cache", "--helm-namespace", "shop")
    validated = json.loads(run("validate", "shop/environments/production", "-o", "json"))

    assert "kind: Deployment" in kustomized
    assert "namespace: shop" in templated
    assert validated["kind"] == "ValidateResult"


def test_the_puller_is_in_the_same_image(run: Run) -> None:
    assert "gitless puller" in run("puller", "--help")


def test_everything_is_compiled_and_pip_cannot_be_reached_from_it(run: Run) -> None:
    packages = "/opt/gitless/lib/python3*/site-packages"
    script = f"ls {packages}/pipeline/cli/__pycache__ | wc -l; ls {packages} | grep -c '^pip$' || true"

    compiled, pips = map(int, run("-c", script, entrypoint="sh").split())

    assert compiled > 50
    assert pips == 0


def test_the_image_says_what_it_is(engine: Engine) -> None:
    config = json.loads(engine.docker("image", "inspect", IMAGE))[0]["Config"]

    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["gitless"]
    assert config["Labels"]["org.opencontainers.image.title"] == "gitless"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Healthcheck"] == {"Test": ["NONE"]}
