from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import ManifestError
from pipeline.model.kustomizing.generation import Found, generate, scan
from pipeline.model.kustomizing.tree import Tree
from tests.unit.kustomizing.support import spec_of


def _tree(*paths: str, **content: object) -> Tree:
    named = {f"{name}/kustomization.yaml": json.dumps(value).encode() for name, value in content.items()}
    return Tree({**dict.fromkeys(paths, b""), **named})


def _generated(tree: Tree, folder: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields
    found = None if tree.kustomization_file(folder) else scan(tree, folder)
    return generate(tree, folder, spec_of(**fields), found)[0]


def test_all_manifests_below_are_found_and_kustomizations_are_taken_as_a_whole() -> None:
    paths = (
        "a/x.yaml",
        "a/b/y.yml",
        "a/b/z.json",
        "a/k/Kustomization",
        "a/k/no.yaml",
        "a/k/d/kustomization.yml",
        "c.yaml",
    )
    assert scan(_tree(*paths), "a") == Found(("a/b/y.yml", "a/x.yaml"), ("a/k",))
    assert scan(_tree(*paths), "").manifests == ("a/b/y.yml", "a/x.yaml", "c.yaml")
    assert scan(_tree(*paths), "a/b") == Found(("a/b/y.yml",), ())


def test_a_kustomization_over_them_is_generated_in_the_order_of_a_walk() -> None:
    generated = _generated(_tree("a/b/y.yml", "a/b.yaml", "a/k/Kustomization", "a/x.yaml"), "a")
    assert generated["resources"] == ["./b/y.yml", "./b.yaml", "./k", "./x.yaml"]
    assert generated["kind"] == "Kustomization"


def test_the_spec_is_merged_into_the_artifacts_own() -> None:
    own = {
        "namespace": "old",
        "namePrefix": "old-",
        "resources": ["x.yaml"],
        "patches": [{"path": "p.yaml"}],
        "components": ["c"],
        "buildMetadata": ["managedByLabel"],
    }
    tree = _tree("a/d/kustomization.yaml", a=own)
    patch = {"patch": "- op: remove\n  path: /a\n", "target": {"kind": "Deployment", "labelSelector": "a=b"}}
    generated = _generated(
        tree,
        "a",
        targetNamespace="new",
        namePrefix="new-",
        nameSuffix="-new",
        patches=[patch],
        components=["d"],
        buildMetadata=["originAnnotations"],
    )
    assert generated == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "new",
        "namePrefix": "new-",
        "nameSuffix": "-new",
        "resources": ["x.yaml"],
        "patches": [{"path": "p.yaml"}, patch],
        "components": ["c", "d"],
        "buildMetadata": ["originAnnotations"],
    }


@pytest.mark.parametrize(
    ("own", "asked", "merged"),
    [
        ({"newTag": "1"}, {"newName": "x"}, {"newTag": "1", "newName": "x"}),
        ({"digest": "sha256:a"}, {"newTag": "2"}, {"newTag": "2"}),
        ({"newTag": "1", "newName": "y"}, {"digest": "sha256:b"}, {"newName": "y", "digest": "sha256:b"}),
        ({"newTag": "1"}, {"newTag": "2", "digest": "sha256:b"}, {"newTag": "2", "digest": "sha256:b"}),
        ({"newTag": "1"}, {}, {"newTag": "1"}),
    ],
)
def test_images_are_merged_field_by_field(own: dict[str, str], asked: dict[str, str], merged: dict[str, str]) -> None:
    tree = _tree(a={"resources": ["x"], "images": [{"name": "app", **own}, {"name": "other"}]})
    generated = _generated(tree, "a", images=[{"name": "app", **asked}, {"name": "third", "newTag": "3"}])
    assert generated["images"] == [{"name": "app", **merged}, {"name": "other"}, {"name": "third", "newTag": "3"}]


def test_a_kustomization_without_resources_is_built_nevertheless() -> None:
    assert _generated(_tree(a={"configMapGenerator": []}), "a")["buildMetadata"] == ["originAnnotations"]
    assert _generated(Tree({"kustomization.yaml": b""}), "")["buildMetadata"] == ["originAnnotations"]


def test_missing_components_are_left_out_only_where_that_is_asked_for() -> None:
    tree = _tree("c/kustomization.yaml", a={"resources": ["x"]})
    assert _generated(tree, "a", components=["../c", "../d"], ignoreMissingComponents=True)["components"] == ["../c"]
    assert _generated(tree, "a", components=["../c", "../d"])["components"] == ["../c", "../d"]
    assert "components" not in _generated(tree, "a", components=["../d"], ignoreMissingComponents=True)


@pytest.mark.parametrize(
    "component", ["https://example.com/x", "github.com/a/b", "/etc", "../../x", "git@example.com:a/b"]
)
def test_components_are_local(component: str) -> None:
    with pytest.raises(ManifestError, match=r"spec\.components"):
        _generated(_tree(a={"resources": ["x"]}), "a", components=[component])


@pytest.mark.parametrize("key", ["patches", "components", "images"])
def test_a_list_that_is_none_is_refused(key: str) -> None:
    value: list[Any] = {"patches": [{"patch": "x"}], "components": ["x"], "images": [{"name": "x"}]}[key]  # type: ignore[assignment]
    with pytest.raises(ManifestError, match=key):
        _generated(_tree(a={"resources": ["x"], key: "text"}), "a", **{key: value})
