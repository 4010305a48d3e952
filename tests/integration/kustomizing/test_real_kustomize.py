from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ManifestError, RefusedError, ToolError
from pipeline.renderers.kustomize_tree import KustomizeTreeBuilder
from tests.unit.kustomizing.support import CONFIG_MAP, names, render

pytestmark = pytest.mark.tool

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: registry.example.com/web:1.0}]
"""
_APP = {
    "app/deployment.yaml": _DEPLOYMENT,
    "app/rest/account.yml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
}


def _deployment(trees: KustomizeTreeBuilder, files: Mapping[str, str] = _APP, **fields: Any) -> Any:  # noqa: ANN401
    rendered = render(files, trees=trees, path="app", **fields)
    return next(resource.body for resource in rendered.manifests if resource.id.kind == "Deployment")


def test_namespace_prefix_and_suffix_reach_names_and_references(trees: KustomizeTreeBuilder) -> None:
    rendered = render(_APP, trees=trees, path="app", targetNamespace="shop", namePrefix="a-", nameSuffix="-z")
    assert names(rendered) == ["ServiceAccount shop/a-web-z", "Deployment.apps shop/a-web-z"]
    (deployment,) = (resource.body for resource in rendered.manifests if resource.id.kind == "Deployment")
    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == "a-web-z"


def test_images_are_chosen(trees: KustomizeTreeBuilder) -> None:
    images = [{"name": "registry.example.com/web", "newName": "mirror.example.com/web", "newTag": "2.0"}]
    (container,) = _deployment(trees, images=images)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "mirror.example.com/web:2.0"


def test_patches_of_both_kinds_with_targets_and_without(trees: KustomizeTreeBuilder) -> None:
    patches = [
        {"patch": "- op: replace\n  path: /spec/replicas\n  value: 3\n", "target": {"labelSelector": "app=web"}},
        {"patch": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n"},
        {"patch": "- op: remove\n  path: /spec\n", "target": {"kind": "Nothing"}},
    ]
    spec = _deployment(trees, patches=patches)["spec"]
    assert (spec["replicas"], spec["paused"]) == (3, True)


def test_components_and_build_metadata(trees: KustomizeTreeBuilder) -> None:
    component = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- target: {kind: Deployment}\n"
        "  patch: |-\n    - op: add\n      path: /spec/paused\n      value: true\n"
    )
    files = {**_APP, "part/kustomization.yaml": component}
    deployment = _deployment(
        trees,
        files,
        components=["../part", "../missing"],
        ignoreMissingComponents=True,
        buildMetadata=["originAnnotations"],
    )
    assert deployment["spec"]["paused"] is True
    assert deployment["metadata"]["annotations"] == {"config.kubernetes.io/origin": "path: deployment.yaml\n"}
    with pytest.raises(RefusedError, match=r"\.\./missing"):
        _deployment(trees, files, components=["../missing"])


def test_common_metadata_and_variables_come_last(trees: KustomizeTreeBuilder) -> None:
    deployment = _deployment(
        trees,
        nameSuffix="-${env}",
        commonMetadata={"labels": {"team": "x"}},
        postBuild={"substitute": {"env": "prod"}},
        variables={"env": "prod"},
    )
    assert deployment["metadata"] == {"name": "web-prod", "labels": {"app": "web", "team": "x"}}
    assert deployment["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


def test_an_overlay_of_an_overlay_with_files_from_everywhere_in_the_artifact(trees: KustomizeTreeBuilder) -> None:
    files = {
        **_APP,
        "app/kustomization.yaml": "resources: [deployment.yaml, rest/account.yml]\n",
        "stage/kustomization.yml": (
            "resources: [../app, ../shared.yaml]\nnamespace: stage\npatches: [{path: ../patches/replicas.yaml}]\n"
            "configMapGenerator: [{name: set, files: [../files/a.txt, b=../files/b.txt], envs: [../files/c.env]}]\n"
            "replacements: [{path: ../patches/replacement.yaml}]\n"
            "transformers: [../patches/labels.yaml]\n"
        ),
        "prod/Kustomization": "resources: [../stage]\nnameSuffix: -prod\n",
        "shared.yaml": CONFIG_MAP % "shared",
        "patches/replicas.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}\n",
        "patches/replacement.yaml": (
            "source: {kind: ServiceAccount, name: web}\n"
            "targets:\n- select: {kind: Deployment}\n  fieldPaths: [spec.template.spec.hostname]\n"
            "  options: {create: true}\n"
        ),
        "patches/labels.yaml": (
            "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\nlabels: {tier: one}\n"
            "fieldSpecs: [{path: metadata/labels, create: true}]\n"
        ),
        "files/a.txt": "A",
        "files/b.txt": "B",
        "files/c.env": "C=3\nD=\n",
    }
    rendered = render(files, trees=trees, path="prod", namePrefix="x-")
    by_kind = {resource.id.kind + resource.id.name[2:5]: resource.body for resource in rendered.manifests}
    assert by_kind["Deploymentweb"]["spec"]["replicas"] == 5
    assert by_kind["Deploymentweb"]["spec"]["template"]["spec"]["hostname"] == "web"
    assert by_kind["ConfigMapset"]["data"] == {"a.txt": "A", "b": "B", "C": "3", "D": ""}
    assert {body["metadata"]["labels"]["tier"] for body in by_kind.values()} == {"one"}
    assert {body["metadata"]["namespace"] for body in by_kind.values()} == {"stage"}


def test_words_that_readers_disagree_about_are_what_kustomize_makes_of_them(trees: KustomizeTreeBuilder) -> None:
    files = {"a.yaml": CONFIG_MAP % "a" + "data: {a: yes, b: on}\n"}
    (plain,), (suffixed,) = render(files, trees=trees).manifests, render(files, trees=trees, nameSuffix="-x").manifests
    assert plain.body["data"] == suffixed.body["data"] == {"a": "yes", "b": "on"}


def test_both_ways_give_the_same_objects(trees: KustomizeTreeBuilder) -> None:
    files = {
        "a.yaml": _DEPLOYMENT,
        "b/list.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {{{_inline('x')}}}\n- {{{_inline('y')}}}\n",
    }
    plain = render(files, trees=trees)
    assert (
        plain.digest
        == render({**files, "kustomization.yaml": "resources: [a.yaml, b/list.yaml]\n"}, trees=trees).digest
    )


def _inline(name: str) -> str:
    return f"apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{a: '1', b: \"yes\"}}"


@pytest.mark.parametrize(
    "text", ["", "resources: []\n", "resources: [empty.yaml]\n", "namePrefix: x\n", "generators: []\n"]
)
def test_an_empty_result_is_one(trees: KustomizeTreeBuilder, text: str) -> None:
    assert len(render({"kustomization.yaml": text, "empty.yaml": "# nothing\n"}, trees=trees).manifests) == 0


def test_yaml_that_cannot_be_read_is_told_with_file_line_and_column(trees: KustomizeTreeBuilder) -> None:
    files = {**_APP, "app/rest/bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [}\n"}
    with pytest.raises(ManifestError, match=r"^app/rest/bad\.yaml:3:19: "):
        render(files, trees=trees, path="app", nameSuffix="-x")
    with pytest.raises(ManifestError, match=r"^app/kustomization\.yaml:2:"):
        render({**files, "app/kustomization.yaml": "resources:\n\t- x\n"}, trees=trees, path="app")


def test_kustomizes_own_complaints_name_the_artifacts_paths(trees: KustomizeTreeBuilder) -> None:
    files = {"app/a.yaml": CONFIG_MAP % "a", "app/b.yaml": CONFIG_MAP % "a"}
    with pytest.raises(ToolError, match="already registered id") as caught:
        render({**files, "app/kustomization.yaml": "resources: [a.yaml, b.yaml]\n"}, trees=trees, path="app")
    assert "gitless-build" not in caught.value.message
    with pytest.raises(ToolError, match="unknown field"):
        render({"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "foo: 1\n"}, trees=trees)


@pytest.mark.parametrize("path", ["../../../../../../etc/hostname", "/etc/hostname"])
@pytest.mark.parametrize(
    "text",
    [
        "resources: [%s]",
        "Resources: [%s]",
        "configMapGenerator: [{name: a, files: [a=%s]}]",
        "configMapGenerator: [{name: a, FILES: [a=%s]}]",
        "secretGenerator: [{name: a, envs: [%s]}]",
        "patches: [{path: %s}]",
        "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a},\n  path: %s}']",
        "crds: [%s]",
        "openapi: {path: %s}",
        "replacements: [{path: %s}]",
    ],
)
def test_no_file_of_the_machine_can_be_read(trees: KustomizeTreeBuilder, text: str, path: str) -> None:
    for files in ({"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": text % path},):
        with pytest.raises(RefusedError, match=r"outside of the artifact|no file of the artifact"):
            render(files, trees=trees)


def test_the_puller_lends_its_environment_to_nobody(tools: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER", "two")
    files = {
        "kustomization.yaml": "configMapGenerator: [{name: a, envs: [a.env]}]\n",
        "a.env": "HUNTER\nPATH\nHTTPS_PROXY\n",
    }
    builder = KustomizeTreeBuilder({**tools, "HUNTER": "two", "HTTPS_PROXY": "http://user:secret@example.com"})
    (resource,) = render(files, trees=builder).manifests
    assert resource.body["data"] == {"HUNTER": "", "PATH": "", "HTTPS_PROXY": ""}


@pytest.mark.parametrize("address", ["https://127.0.0.1:9/x.yaml", "github.com/org/repo", "git@127.0.0.1:org/repo.git"])
def test_remote_bases_are_refused_before_anything_is_sent(trees: KustomizeTreeBuilder, address: str) -> None:
    with pytest.raises(RefusedError, match="network"):
        render({"kustomization.yaml": f"resources: ['{address}']\n"}, trees=trees)


def test_remote_bases_that_are_allowed_are_asked_for(tools: Mapping[str, str]) -> None:
    builder = KustomizeTreeBuilder(tools, allow_remote_bases=True, timeout=30)
    with pytest.raises(ToolError, match=r"127\.0\.0\.1"):
        render({"kustomization.yaml": "resources: ['http://127.0.0.1:9/x.yaml']\n"}, trees=builder)


def test_plugins_run_nothing(trees: KustomizeTreeBuilder, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    function = f"exec: {{path: /usr/bin/touch, args: [{mark}]}}"
    annotations = f"{{config.kubernetes.io/function: '{function}'}}"
    plugin = f"apiVersion: x/v1\nkind: X\nmetadata: {{name: x, annotations: {annotations}}}\n"
    for field in ("generators", "transformers", "validators"):
        with pytest.raises(RefusedError, match="plugin"):
            render({"kustomization.yaml": f"{field}: [x.yaml]\n", "x.yaml": plugin}, trees=trees)
        with pytest.raises(RefusedError, match="plugin"):
            render({"kustomization.yaml": f"{field}: [x]\n", "x/kustomization.yaml": "resources: []"}, trees=trees)
    render({"kustomization.yaml": "resources: [x.yaml]\n", "x.yaml": plugin}, trees=trees)
    assert not mark.exists()


_HOSTILE = ("-rf", "a b", "a'b\"c", "ünïcode", "$(touch x)", "a\nb", "%s", "--help")


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_names_are_names(trees: KustomizeTreeBuilder, name: str) -> None:
    files = {f"{name}/{name}.yaml": CONFIG_MAP % "a"}
    assert names(render(files, trees=trees, path=name, nameSuffix="-x")) == ["ConfigMap a-x"]


def test_a_name_that_no_disk_takes_is_told(trees: KustomizeTreeBuilder) -> None:
    with pytest.raises(ToolError, match="name too long"):
        render({f"{'a' * 300}.yaml": CONFIG_MAP % "a"}, trees=trees, nameSuffix="-x")


def test_a_thousand_files(trees: KustomizeTreeBuilder) -> None:
    files = {f"app/{n % 30}/{n}.yaml": CONFIG_MAP % f"c{n}" for n in range(1000)}
    begin = time.monotonic()
    assert len(render(files, trees=trees, path="app", nameSuffix="-x").manifests) == 1000
    assert len(render(files, trees=trees, path="app").manifests) == 1000
    assert time.monotonic() - begin < 60


def test_nothing_is_left_behind(trees: KustomizeTreeBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    render(_APP, trees=trees, path="app", nameSuffix="-x")
    with pytest.raises(ToolError):
        render({"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "foo: 1\n"}, trees=trees)
    assert not list(tmp_path.iterdir())


def test_builds_beside_each_other(trees: KustomizeTreeBuilder) -> None:
    def build(n: int) -> list[str]:
        return names(render({"a.yaml": CONFIG_MAP % "a"}, trees=trees, nameSuffix=f"-{n}"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(build, range(40))) == [[f"ConfigMap a-{n}"] for n in range(40)]
    assert threading.active_count() < 20


def test_a_build_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    slow = tmp_path / "kustomize"
    slow.write_text("#!/bin/sh\nsleep 60 & sleep 60\n")
    slow.chmod(0o700)
    builder = KustomizeTreeBuilder({"GITLESS_KUSTOMIZE": str(slow), "PATH": os.defpath}, timeout=0.3)
    begin = time.monotonic()
    with pytest.raises(ToolError, match="did not end within"):
        render(_APP, trees=builder, path="app", nameSuffix="-x")
    assert time.monotonic() - begin < 10


def test_complaints_hold_nothing_of_patches_and_generators(trees: KustomizeTreeBuilder) -> None:
    for text in (
        "resources: [a.yaml]\npatches: [{patch: 'hunter2', target: {kind: x}}]\n",
        "secretGenerator: [{name: a, literals: [hunter2]}]\n",
        "secretGenerator: [{name: a, literals: [a=hunter2, a=b]}]\n",
    ):
        with pytest.raises(ToolError) as caught:
            render({"kustomization.yaml": text, "a.yaml": CONFIG_MAP % "a"}, trees=trees)
        assert "hunter2" not in caught.value.message
