from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.errors import ToolError
from pipeline.model.settings.sources import Source
from pipeline.renderers.kustomize import KustomizeRenderer
from pipeline.reports.console import Console

pytestmark = pytest.mark.tool

_FILES = {
    "base/kustomization.yaml": (
        "namePrefix: shop-\nresources:\n- two.yaml\n- other\n"
        "configMapGenerator:\n- name: settings\n  literals: [a=b]\n"
        "secretGenerator:\n\n- name: password\n  literals: [a=b]\n"
    ),
    "base/two.yaml": (
        "# a comment\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: web-admin\n"
    ),
    "base/other/kustomization.yml": "resources: [same.yaml]\n",
    "base/other/same.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
    "over/kustomization.yaml": "resources: [../base]\nnamespace: shop\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _renderer(environment: Mapping[str, str], said: io.StringIO | None = None) -> KustomizeRenderer:
    return KustomizeRenderer(environment, Console(said or io.StringIO(), verbose=True, environment={}))


def test_each_object_knows_the_file_and_line_it_was_written_in(folder: Path, tools: Mapping[str, str]) -> None:
    built = _renderer(tools).render(Source(folder / "over"))
    places = {f"{resource.id.kind} {resource.id.name.partition('-')[2][:9]}": resource.origin for resource in built}
    assert {name: str(origin).removeprefix(f"{folder}/") for name, origin in places.items()} == {
        "ConfigMap settings-": "base/kustomization.yaml:6",
        "Secret password-": "base/kustomization.yaml:10",
        "Service web": "base/two.yaml:2",
        "Service web-admin": "base/two.yaml:6",
        "ServiceAccount web": "base/other/same.yaml:1",
    }


def test_an_origin_that_cannot_be_told_is_the_kustomization(folder: Path, tools: Mapping[str, str]) -> None:
    copy = folder / "copy"
    copy.mkdir()
    (copy / "kustomization.yaml").write_text("resources: [../base]\nnameSuffix: -copy\n")
    both = folder / "both"
    both.mkdir()
    (both / "kustomization.yaml").write_text("resources: [web.yaml, ../copy]\n")
    (both / "web.yaml").write_text("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n")
    built = {str(resource.id): resource for resource in _renderer(tools).render(Source(both))}
    assert str(built["ServiceAccount shop-web-copy"].origin) == f"{both}/kustomization.yaml"


def test_kubectl_serves_where_there_is_no_kustomize(folder: Path, tools: Mapping[str, str]) -> None:
    with_kubectl_alone = {"PATH": "/nowhere", "GITLESS_KUBECTL": tools["GITLESS_KUBECTL"]}
    source = Source(folder / "over")
    assert _renderer(with_kubectl_alone).render(source) == _renderer(tools).render(source)


def test_without_any_of_the_two_the_error_says_how_to_get_one(folder: Path) -> None:
    with pytest.raises(ToolError, match="kustomize is not installed") as caught:
        _renderer({"PATH": "/nowhere"}).render(Source(folder / "over"))
    assert "GITLESS_KUSTOMIZE" in (caught.value.hint or "")


def test_the_users_own_annotations_survive(folder: Path, tools: Mapping[str, str]) -> None:
    (folder / "base/two.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations: {note: 'y'}\n"
    )
    (service,) = (r for r in _renderer(tools).render(Source(folder / "over")) if r.id.kind == "Service")
    assert service.body["metadata"]["annotations"] == {"note": "y"}


def test_kustomizes_own_complaint_is_told_with_the_source(folder: Path, tools: Mapping[str, str]) -> None:
    (folder / "over/kustomization.yaml").write_text("resources: [nothing.yaml]\n")
    with pytest.raises(ToolError, match=r"nothing\.yaml") as caught:
        _renderer(tools).render(Source(folder / "over"))
    assert caught.value.message.startswith(f"{folder / 'over'}: kustomize failed (exit code 1): ")


def test_a_file_outside_of_the_folder_is_refused_with_a_hint(folder: Path, tools: Mapping[str, str]) -> None:
    (folder / "over/kustomization.yaml").write_text("resources: [../base/two.yaml]\n")
    with pytest.raises(ToolError) as caught:
        _renderer(tools).render(Source(folder / "over"))
    assert caught.value.hint == "kustomize reads only files below the kustomization's folder"


def test_kustomizes_warnings_reach_the_user(folder: Path, tools: Mapping[str, str]) -> None:
    (folder / "over/kustomization.yaml").write_text("bases: [../base]\n")
    said = io.StringIO()
    _renderer(tools, said).render(Source(folder / "over"))
    assert "'bases' is deprecated" in said.getvalue()
