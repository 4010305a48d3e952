"""What every renderer promises, whatever it renders."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.errors import PipelineError, UsageError
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.attestation.materials import Material, MaterialKind
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


@pytest.mark.parametrize("name", RECIPES)
def test_asking_for_materials_renders_nothing_and_complains_about_nothing(
    name: str, members: Mapping[str, Renderer], tmp_path: Path
) -> None:
    assert members[name].materials(Source(tmp_path / "missing")) == ()
    RECIPES[name](tmp_path, "this is: [no manifest\n")
    for file in ("Chart.lock", "kustomization.yml"):
        (tmp_path / file).write_text("{[")
    before = members[name].materials(Source(tmp_path))

    assert members[name].materials(Source(tmp_path)) == before


def test_manifests_stand_for_themselves(members: Mapping[str, Renderer], tmp_path: Path) -> None:
    _plain(tmp_path, _MANIFEST)

    assert members["plain"].materials(Source(tmp_path)) == ()


def test_a_kustomization_tells_what_it_fetches_through_its_local_bases(
    members: Mapping[str, Renderer], tmp_path: Path
) -> None:
    base, overlay = tmp_path / "base", tmp_path / "overlay"
    base.mkdir()
    overlay.mkdir()
    commit = "c0ffee" + "0" * 34
    (overlay / "kustomization.yaml").write_text(
        "resources: [../base, 'https://user:token@git.test/acme/base//deploy?ref=v1.0&timeout=90s']\n"
        "components: ['github.com/acme/parts']\n"
        "helmCharts: [{name: redis, repo: 'https://charts.test', version: 1.2.3}]\n"
    )
    (base / "kustomization.yaml").write_text(
        f"resources: [../overlay, one.yaml, 'git@github.com:acme/more?version={commit}', 'https://acme.dev/crds.yaml']\n"
    )

    assert sorted(members["kustomize"].materials(Source(overlay))) == [
        Material(MaterialKind.BASE, "git@github.com:acme/more", commit, f"gitCommit:{commit}"),
        Material(MaterialKind.BASE, "github.com/acme/parts"),
        Material(MaterialKind.BASE, "https://acme.dev/crds.yaml"),
        Material(MaterialKind.BASE, "https://git.test/acme/base//deploy", "v1.0"),
        Material(MaterialKind.CHART, "redis", "1.2.3", source="https://charts.test"),
    ]


def test_a_chart_tells_its_dependencies_as_they_are_locked(members: Mapping[str, Renderer], tmp_path: Path) -> None:
    dependencies = "dependencies:\n  - {name: redis, repository: 'https://charts.test', version: "
    (tmp_path / "Chart.yaml").write_text(f"name: shop\nversion: 0.1.0\n{dependencies}'1.x'}}\n")
    (tmp_path / "Chart.lock").write_text(
        f"{dependencies}1.2.3}}\n  - {{name: common, repository: 'oci://charts.test'}}\n"
    )
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "redis-1.2.3.tgz").write_bytes(b"packed")

    lock = sha256_digest((tmp_path / "Chart.lock").read_bytes())
    assert sorted(members["helm"].materials(Source(tmp_path))) == [
        Material(MaterialKind.CHART, "common", source="oci://charts.test"),
        Material(MaterialKind.CHART, "redis", "1.2.3", sha256_digest(b"packed"), "https://charts.test"),
        Material(MaterialKind.CHART, "shop", "0.1.0"),
        Material(MaterialKind.FILE, "shop/Chart.lock", digest=lock),
    ]


def test_a_packed_chart_is_named_by_its_content(members: Mapping[str, Renderer], tmp_path: Path) -> None:
    packed = tmp_path / "any-name.tgz"
    (tmp_path / "Chart.yaml").write_text("name: shop\nversion: 0.1.0\ndependencies: [{name: redis, version: 1.2.3}]\n")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tmp_path / "Chart.yaml", "shop/Chart.yaml")
        archive.add(tmp_path / "Chart.yaml", "shop/charts/redis/Chart.yaml")

    assert sorted(members["helm"].materials(Source(packed))) == [
        Material(MaterialKind.CHART, "redis", "1.2.3"),
        Material(MaterialKind.CHART, "shop", "0.1.0", sha256_digest(packed.read_bytes())),
    ]
    packed.write_bytes(b"no archive")
    assert members["helm"].materials(Source(packed)) == ()


@pytest.mark.parametrize("entry", ["loop", "nul\0", "x" * 5000, "", "https://git.test/" + "x" * 5000, "{kind: A}\nb"])
def test_entries_that_name_no_path_do_no_harm(entry: str, members: Mapping[str, Renderer], tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "kustomization.yaml").write_text(json.dumps({"resources": [entry, 7], "components": entry}))
    lock = {"dependencies": [{"name": entry, "version": "1", "repository": entry}, entry]}
    (tmp_path / "Chart.lock").write_text(json.dumps(lock))

    assert all(item.name == entry for item in members["helm"].materials(Source(tmp_path)) if item.kind == "chart")
    assert len(members["kustomize"].materials(Source(tmp_path))) == entry.startswith("https://")
