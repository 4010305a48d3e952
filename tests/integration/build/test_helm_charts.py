from __future__ import annotations

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.errors import ManifestError, ToolError
from pipeline.model.manifests import Resource
from pipeline.model.settings.sources import HelmOptions, Source
from pipeline.renderers.helm import HelmRenderer
from pipeline.reports.console import Console

pytestmark = pytest.mark.tool

_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  color: {{ .Values.color | quote }}
  size: {{ .Values.size | quote }}
  kube: {{ .Capabilities.KubeVersion.Version }}
  monitored: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}
"""
_CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.dev}
"""


def _hook(name: str, moments: str) -> str:
    return (
        f"---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  annotations: {{helm.sh/hook: '{moments}'}}\n"
        "spec: {containers: [{name: a, image: b}]}\n"
    )


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "example"
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: example\nversion: 0.1.0\n")
    (folder / "values.yaml").write_text("color: red\nsize: 1\n")
    (folder / "templates" / "config.yaml").write_text(_TEMPLATE)
    (folder / "crds" / "things.yaml").write_text(_CRD)
    return folder


class Helm:
    """The renderer, and what it said."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._said = io.StringIO()
        self._renderer = HelmRenderer(environment, Console(self._said, verbose=True, environment={}))

    def render(self, chart: Path, options: HelmOptions | None = None) -> dict[str, Resource]:
        resources = self._renderer.render(Source(chart, helm=options or HelmOptions()))
        return {str(resource.id): resource for resource in resources}

    @property
    def said(self) -> str:
        return self._said.getvalue()


@pytest.fixture
def helm(tools: Mapping[str, str]) -> Helm:
    return Helm(tools)


def test_values_files_single_values_and_versions_reach_the_templates(helm: Helm, chart: Path, tmp_path: Path) -> None:
    values = tmp_path / "odd, name.yaml"
    values.write_text("color: green\nsize: 2\n")
    options = HelmOptions(
        release="mine",
        namespace="shop",
        values_files=(str(values),),
        set_values=("size=3",),
        kube_version="1.30.0",
        api_versions=("monitoring.coreos.com/v1",),
    )
    config = helm.render(chart, options)["ConfigMap shop/mine"]
    assert config.body["data"] == {"color": "green", "size": "3", "kube": "v1.30.0", "monitored": "true"}


def test_the_release_is_named_after_the_chart_and_the_namespace_does_not_come_from_a_kubeconfig(
    chart: Path, tmp_path: Path, tools: Mapping[str, str]
) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nusers: [{name: u, user: {}}]\n"
        "clusters: [{name: k, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "contexts: [{name: c, context: {cluster: k, user: u, namespace: elsewhere}}]\n"
    )
    helm = Helm({**tools, "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / ".kube" / "config")})
    assert "ConfigMap default/example" in helm.render(chart)


def test_the_origin_is_the_chart_and_the_template(helm: Helm, chart: Path) -> None:
    resources = helm.render(chart)
    assert str(resources["ConfigMap default/example"].origin) == f"chart example, {chart}/templates/config.yaml"
    crd = resources["CustomResourceDefinition.apiextensions.k8s.io things.example.dev"]
    assert str(crd.origin) == f"chart example, {chart}/crds/things.yaml"


def test_definitions_are_left_out_on_request(helm: Helm, chart: Path) -> None:
    assert list(helm.render(chart, HelmOptions(include_crds=False))) == ["ConfigMap default/example"]


def test_hooks_are_kept_with_a_warning_unless_they_must_not_run_at_an_apply(helm: Helm, chart: Path) -> None:
    hooks = {
        "install": "pre-install,pre-upgrade",
        "delete": "pre-delete",
        "test": "test",
        "both": "post-delete,post-install",
    }
    text = "".join(_hook(name, moments) for name, moments in hooks.items())
    (chart / "templates" / "hooks.yaml").write_text(text)
    assert {name for name in helm.render(chart) if name.startswith("Pod")} == {"Pod install", "Pod both"}
    assert "Pod install" in helm.said
    assert "Pod delete" in helm.said


def test_helms_own_complaint_is_told_with_the_source(helm: Helm, chart: Path) -> None:
    (chart / "templates" / "config.yaml").write_text("a: {{ .Values.color | nosuch }}\n")
    with pytest.raises(ToolError, match='function "nosuch" not defined') as caught:
        helm.render(chart)
    assert caught.value.message.startswith(f"{chart}: helm failed (exit code 1)")


def test_a_missing_dependency_comes_with_the_command_that_fetches_it(helm: Helm, chart: Path) -> None:
    with (chart / "Chart.yaml").open("a") as file:
        file.write("dependencies: [{name: redis, version: 1.0.0, repository: 'https://charts.example'}]\n")
    with pytest.raises(ToolError, match="missing in charts/ directory: redis") as caught:
        helm.render(chart)
    assert caught.value.hint == f"fetch the chart's dependencies first: helm dependency build {chart}"


def test_what_a_template_renders_wrongly_is_placed_in_its_output(helm: Helm, chart: Path) -> None:
    (chart / "templates" / "config.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 5\n")
    place = rf"chart example, {chart}/templates/config\.yaml \(rendered\):4:9: "
    with pytest.raises(ManifestError, match=place):
        helm.render(chart)


def test_a_packed_chart_renders_like_its_folder(
    helm: Helm, chart: Path, tmp_path: Path, tools: Mapping[str, str]
) -> None:
    subprocess.run([tools["GITLESS_HELM"], "package", str(chart), "-d", str(tmp_path)], check=True, capture_output=True)
    assert helm.render(tmp_path / "example-0.1.0.tgz") == helm.render(chart)
