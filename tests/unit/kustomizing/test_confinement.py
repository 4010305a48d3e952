from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pipeline.errors import ManifestError, PipelineError, RefusedError
from pipeline.model.kustomizing.confinement import MAX_KUSTOMIZATIONS, Confined, confine
from pipeline.model.kustomizing.remotes import is_remote

_FILES = {"app/x.yaml": "a: b\n", "base/kustomization.yaml": "resources: [y.yaml]\n", "base/y.yaml": "", "z.yaml": ""}


def _confined(
    kustomization: str | dict[str, Any], more: Mapping[str, str] | None = None, *, allow_remotes: bool = False
) -> Confined:
    text = kustomization if isinstance(kustomization, str) else json.dumps(kustomization)
    files = {**_FILES, **(more or {}), "app/kustomization.yaml": text}
    return confine({path: content.encode() for path, content in files.items()}, "app", allow_remotes=allow_remotes)


def test_only_what_is_named_is_given_to_kustomize() -> None:
    confined = _confined({"resources": ["x.yaml", "../base"]})
    assert sorted(confined.files) == ["app/kustomization.yaml", "app/x.yaml", "base/kustomization.yaml", "base/y.yaml"]
    assert not confined.leaves_roots
    assert _confined({"resources": ["../z.yaml"]}).leaves_roots


@pytest.mark.parametrize(
    "kustomization",
    [
        {"resources": ["x.yaml"]},
        {"bases": ["../base"]},
        {"components": ["../base"]},
        {"crds": ["x.yaml"]},
        {"configurations": ["x.yaml"]},
        {"openapi": {"path": "x.yaml"}},
        {"replacements": [{"path": "x.yaml"}]},
        {"patches": [{"path": "x.yaml"}, {"patch": "a"}]},
        {"patchesJson6902": [{"path": "x.yaml"}]},
        {"patchesStrategicMerge": ["x.yaml", "apiVersion: v1\nkind: x\n"]},
        {"configMapGenerator": [{"name": "a", "files": ["x.yaml", "key=x.yaml"], "envs": ["x.yaml"], "env": "x.yaml"}]},
        {"secretGenerator": [{"name": "a", "files": ["x.yaml"]}]},
        {"transformers": ["apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: x.yaml\n"]},
        {"generators": ["apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: a}\nenvs: [x.yaml]\n"]},
        {"transformers": ["t.yaml"]},
    ],
    ids=str,
)
def test_every_field_that_names_files_is_followed(kustomization: dict[str, Any]) -> None:
    plugin = "apiVersion: builtin\nkind: PatchStrategicMergeTransformer\nmetadata: {name: a}\npaths: [x.yaml]\n"
    confined = _confined(kustomization, {"app/t.yaml": plugin})
    assert {"app/x.yaml", "base/y.yaml"} & set(confined.files)


_OUTSIDE = (
    "../../etc/passwd",
    "/etc/passwd",
    "x/../../../etc/passwd",
    "../../app2/x.yaml",
    "../..",
    "../..//x",
    "./../../x",
)


@pytest.mark.parametrize("path", [*_OUTSIDE, "missing.yaml", "../missing", "a\nb"])
@pytest.mark.parametrize(
    "field",
    [
        '{"resources": [%s]}',
        '{"ReSources": [%s]}',
        '{"re\u017fource\u017f": [%s]}',
        '{"bases": [%s]}',
        '{"components": [%s]}',
        '{"crds": [%s]}',
        '{"configurations": [%s]}',
        '{"openapi": {"path": %s}}',
        '{"openapi": {"PATH": %s}}',
        '{"replacements": [{"path": %s}]}',
        '{"patches": [{"Path": %s}]}',
        '{"patchesJson6902": [{"path": %s}]}',
        '{"configMapGenerator": [{"files": [%s]}]}',
        '{"secretGenerator": [{"FILES": [%s]}]}',
        '{"secretGenerator": [{"Envs": [%s]}]}',
        '{"secretGenerator": [{"env": %s}]}',
        '{"generators": [%s]}',
        '{"transformers": [%s]}',
        '{"validators": [%s]}',
    ],
)
def test_whatever_leads_out_or_nowhere_is_refused(field: str, path: str) -> None:
    with pytest.raises(PipelineError, match=r"^app/kustomization\.yaml"):
        _confined(field % json.dumps(path))


@pytest.mark.parametrize("path", _OUTSIDE[:4])
@pytest.mark.parametrize("key", ["path", "PATH", "paths", "files", "envs", "env", "Replacements"])
def test_plugins_of_kustomizes_own_may_not_lead_out_either(key: str, path: str) -> None:
    value: object = [path] if key in {"paths", "files", "envs"} else path
    body = {"apiVersion": "builtin", "kind": "PatchTransformer", "metadata": {"name": "a"}}
    config = json.dumps({**body, key: [{"path": path}] if key == "Replacements" else value}, indent=1)
    with pytest.raises(RefusedError, match="outside of the artifact"):
        _confined({"transformers": [config]})
    with pytest.raises(RefusedError, match="outside of the artifact"):
        _confined({"transformers": ["t.yaml"]}, {"app/t.yaml": config})


def test_an_inline_patch_may_not_be_a_path_in_disguise() -> None:
    with pytest.raises(RefusedError, match="outside"):
        _confined({"patchesStrategicMerge": ["a: b\n/../../../../etc/passwd"]})


@pytest.mark.parametrize(
    "config",
    [
        "apiVersion: example.com/v1\nkind: Run\nmetadata: {name: a}\n",
        "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\n",
        "apiVersion: builtin\nkind: x\nmetadata:\n  annotations:\n    config.kubernetes.io/function: x\n",
        "apiVersion: builtin\nkind: x\nmetadata:\n  annotations:\n    config.k8s.io/function: x\n",
        "- a\n- b\n",
        "https://example.com/plugin.yaml\n",
    ],
)
@pytest.mark.parametrize("field", ["generators", "transformers", "validators", "Transformers"])
def test_programs_functions_and_charts_are_refused(field: str, config: str) -> None:
    with pytest.raises(RefusedError, match=r"a plugin that|the plugin"):
        _confined({field: [config]})
    with pytest.raises(RefusedError, match=r"a plugin that|is to be fetched|no file"):
        _confined({field: ["t.yaml" if "https" not in config else config]}, {"app/t.yaml": config})


@pytest.mark.parametrize("field", ["helmCharts", "helmChartInflationGenerator", "HELMCHARTS"])
def test_charts_are_refused(field: str) -> None:
    with pytest.raises(RefusedError, match="charts"):
        _confined({field: [{"name": "x", "repo": "https://example.com"}]})


_REMOTES = (
    "https://example.com/x.yaml",
    "HTTP://example.com/x.yaml",
    "github.com/org/repo//path?ref=v1",
    "GitHub.com/org/repo",
    "www.github.com/org/repo",
    "github.com:org/repo",
    "git::https://example.com/repo",
    "git::../base",
    "gh:org/repo",
    "ssh://git@example.com/repo.git",
    "git@github.com:org/repo.git",
    "user@host:path",
    "org-1234@github.com:org/repo",
    "example.com:org/repo",
    "file:///etc",
    "oci://example.com/x",
)


@pytest.mark.parametrize("address", _REMOTES)
def test_remote_bases_are_refused_unless_allowed(address: str) -> None:
    with pytest.raises(RefusedError, match="network") as caught:
        _confined({"resources": [address]}, {"app/github.com/org/repo/kustomization.yaml": ""})
    assert caught.value.hint
    assert _confined({"resources": [address]}, allow_remotes=True).has_remotes


@pytest.mark.parametrize(
    "path", ["a.yaml", "../base", "./github.com/x", "a/b@c/d", "v1.2/x.yaml", "dir.with.dots", "a:b"]
)
def test_paths_are_no_addresses(path: str) -> None:
    assert not is_remote(path)


def test_with_remote_bases_nothing_outside_of_a_kustomization_is_read() -> None:
    with pytest.raises(RefusedError, match="both remote bases and files outside"):
        _confined({"resources": ["https://example.com/x", "../z.yaml"]}, allow_remotes=True)


def test_kustomize_reads_exactly_what_was_checked() -> None:
    text = "resources: [x.yaml]\n---\nresources: [/etc/passwd]\n"
    assert b"passwd" not in _confined(text).files["app/kustomization.yaml"]
    with pytest.raises(ManifestError, match="twice"):
        _confined("resources: [x.yaml]\nresources: [/etc/passwd]\n")
    merged = "x-a: &a {resources: [/etc/passwd]}\n<<: *a\n"
    with pytest.raises(RefusedError, match="outside"):
        _confined(merged)


def test_a_folder_is_one_kustomization() -> None:
    with pytest.raises(ManifestError, match=r"app/Kustomization"):
        _confined("resources: []\n", {"app/Kustomization": "resources: []\n"})
    with pytest.raises(RefusedError, match="z has no kustomization"):
        _confined({"resources": ["../z"]}, {"z/a.yaml": ""})


def test_kustomizations_that_refer_to_each_other_end() -> None:
    _confined({"resources": ["../base"]}, {"base/kustomization.yaml": "resources: [../app]\n"})
    many = {f"k{n}/kustomization.yaml": f"resources: [../k{n + 1}]\n" for n in range(MAX_KUSTOMIZATIONS + 1)}
    with pytest.raises(RefusedError, match="more than"):
        _confined({"resources": ["../k0"]}, many)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a//b", "a/./b", "a/../b", "a\0b", "", "."])
def test_an_artifact_with_hostile_names_is_refused(name: str) -> None:
    with pytest.raises(ManifestError, match="plain path"):
        confine({name: b""}, "", allow_remotes=False)


@pytest.mark.parametrize("text", ["[]", "a", "resources: x", "resources: [{}]", "patches: x", "transformers: [{}]"])
def test_kustomizations_of_the_wrong_shape_are_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"^app/kustomization\.yaml"):
        _confined(text)
