"""What every renderer promises, whatever it renders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.errors import PipelineError, UsageError
from pipeline.model.settings.sources import Source
from pipeline.ports import Renderer
from tests.platform.binaries import binary

pytestmark = pytest.mark.tool

_MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  key: value\n"


class Silence:
    """A reporter for renderers that must have nothing to say."""

    def info(self, message: str, **fields: object) -> None:
        raise AssertionError(message)

    def detail(self, message: str, **fields: object) -> None:
        raise AssertionError(message)

    def warn(self, message: str, **fields: object) -> None:
        raise AssertionError(message)

    def progress(self, label: str, done: int, total: int) -> None:
        raise AssertionError(label)


def _plain(folder: Path, manifest: str) -> None:
    (folder / "one.yaml").write_text(manifest)


def _kustomize(folder: Path, manifest: str) -> None:
    (folder / "kustomization.yaml").write_text("resources: [one.yaml]\n")
    (folder / "one.yaml").write_text(manifest)


def _helm(folder: Path, manifest: str) -> None:
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: example\nversion: 0.1.0\n")
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "one.yaml").write_text(manifest)


RECIPES: Mapping[str, Callable[[Path, str], None]] = {"plain": _plain, "kustomize": _kustomize, "helm": _helm}


@pytest.fixture(scope="module")
def members() -> Mapping[str, Renderer]:
    tools = {f"GITLESS_{name.upper()}": str(binary(name)) for name in ("kustomize", "helm")}
    return {renderer.name: renderer for renderer in wiring.renderers({**os.environ, **tools}, Silence())}


def test_every_renderer_has_a_recipe_here(members: Mapping[str, Renderer]) -> None:
    assert set(members) == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_first_to_recognise_a_folder_is_the_one_for_it(
    name: str, members: Mapping[str, Renderer], tmp_path: Path
) -> None:
    RECIPES[name](tmp_path, _MANIFEST)
    assert next(member.name for member in members.values() if member.recognises(tmp_path)) == name


@pytest.mark.parametrize("name", RECIPES)
def test_objects_come_as_written_with_an_origin_that_exists(
    name: str, members: Mapping[str, Renderer], tmp_path: Path
) -> None:
    RECIPES[name](tmp_path, _MANIFEST)
    (resource,) = members[name].render(Source(tmp_path))
    assert resource.body == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "one"},
        "data": {"key": "value"},
    }
    assert resource.origin is not None
    assert Path(resource.origin.file).read_text() == _MANIFEST


@pytest.mark.parametrize("name", RECIPES)
def test_text_stays_text_on_the_way(name: str, members: Mapping[str, Renderer], tmp_path: Path) -> None:
    texts = ["y", "NO", "1e3", "1234567e8", "0777", "08", "12:30:45", "2026-01-01", "=", "null", " x ", "a\nb\n", "1_0"]
    lines = "".join(f"  - {json.dumps(text)}\n" for text in texts)
    manifest = f"apiVersion: e.dev/v1\nkind: Trap\nmetadata:\n  name: one\nspec:\n  octal: 0777\n  texts:\n{lines}"
    RECIPES[name](tmp_path, manifest)
    (resource,) = members[name].render(Source(tmp_path))
    assert resource.body["spec"] == {"octal": 511, "texts": texts}


@pytest.mark.parametrize("name", RECIPES)
def test_rendering_twice_gives_the_same(name: str, members: Mapping[str, Renderer], tmp_path: Path) -> None:
    RECIPES[name](tmp_path, _MANIFEST)
    assert members[name].render(Source(tmp_path)) == members[name].render(Source(tmp_path))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("broken", ["a: b: c\n", "- a\n", "kind: ConfigMap\n"])
def test_a_broken_manifest_ends_in_exit_code_8_and_names_the_source(
    name: str, broken: str, members: Mapping[str, Renderer], tmp_path: Path
) -> None:
    RECIPES[name](tmp_path, broken)
    with pytest.raises(PipelineError) as caught:
        members[name].render(Source(tmp_path))
    assert caught.value.exit_code == 8
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("name", RECIPES)
def test_a_source_that_is_not_there_is_a_usage_error(
    name: str, members: Mapping[str, Renderer], tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        members[name].render(Source(tmp_path / "nowhere"))
