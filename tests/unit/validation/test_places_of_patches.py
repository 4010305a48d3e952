from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.model.manifests import Origin, Resource
from pipeline.renderers.kustomize_patches import Patches
from pipeline.renderers.places import SourcePlaces, read_file

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web
"""
POD = "spec.template.spec"


def built(*containers: dict[str, Any], name: str = "prod-web", **pod: Any) -> Resource:  # noqa: ANN401 - any JSON value
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {"tier": "front"}}}
    spec = {"containers": list(containers) or [{"name": "web", "image": "web"}], **pod}
    return Resource.from_body({**body, "spec": {"template": {"spec": spec}}}, Origin("base.yaml", 1))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)


def place(kustomization: str, resource: Resource, path: str) -> str:
    Path("kustomization.yaml").write_text("resources: [base.yaml]\n" + kustomization)
    return str(SourcePlaces(read_file, Patches([Path()]).of).locate(resource, path))


def test_a_merge_patch_in_the_kustomization_has_its_own_lines() -> None:
    inline = (
        "patches:\n- patch: |-\n    kind: Deployment\n    metadata: {name: web}\n    spec:\n      template:\n"
        "        spec:\n          hostPID: true\n          containers:\n"
        "          - name: side\n            image: side\n"
    )
    resource = built({"name": "side", "image": "side"}, {"name": "web", "image": "web"}, hostPID=True)

    assert place(inline, resource, f"{POD}.hostPID") == "kustomization.yaml:9"
    assert place(inline, resource, f"{POD}.containers[0].image") == "kustomization.yaml:12"
    assert place(inline, resource, f"{POD}.containers[0].resources") == "kustomization.yaml:11"
    assert place(inline, resource, f"{POD}.containers[1].image") == "base.yaml:9"


OPERATIONS = """\
- op: add
  path: /spec/template/spec/hostNetwork
  value: true
- op: add
  path: /spec/template/spec/containers/-
  value:
    name: side
    image: side
- {op: replace, path: /spec/template/spec/containers/0/image, value: other}
- {op: remove, path: /spec/template/spec/containers/0/readinessProbe}
- {op: add, path: /metadata/annotations/shop.example~1team, value: shop}
"""


@pytest.mark.parametrize("is_inline", [True, False])
@pytest.mark.parametrize("key", ["patches", "patchesJson6902"])
def test_an_operation_is_where_it_writes_the_field(key: str, is_inline: bool) -> None:  # noqa: FBT001 - a table's column
    target = "target: {kind: Deployment, name: web}"
    indented = "".join(f"    {line}\n" for line in OPERATIONS.splitlines())
    Path("json.yaml").write_text(OPERATIONS)
    file, first = ("kustomization.yaml", 4) if is_inline else ("json.yaml", 0)
    text = f"{key}:\n- {target}\n" + (f"  patch: |-\n{indented}" if is_inline else "  path: json.yaml\n")
    resource = built({"name": "web", "image": "other"}, {"name": "side", "image": "side"}, hostNetwork=True)

    found = {
        path: place(text, resource, path)
        for path in (
            f"{POD}.hostNetwork",
            f"{POD}.containers[1].image",
            f"{POD}.containers[1].resources",
            f"{POD}.containers[0].image",
            f"{POD}.containers[0]",
            "metadata.annotations[shop.example/team]",
        )
    }

    assert list(found.values()) == [
        f"{file}:{first + 1}",
        f"{file}:{first + 8}",
        f"{file}:{first + 4}",
        f"{file}:{first + 9}",
        "base.yaml:8",
        f"{file}:{first + 11}",
    ]


@pytest.mark.parametrize(
    ("target", "is_meant"),
    [
        ("{kind: Deployment}", True),
        ("{kind: Deploy.*, name: w.*}", True),
        ("{kind: Deployment, name: web}", True),
        ("{labelSelector: tier=front}", True),
        ("{labelSelector: tier=back}", False),
        ("{labelSelector: '=='}", False),
        ("{kind: StatefulSet}", False),
        ("{kind: Deployment, name: api}", False),
    ],
)
def test_a_target_says_what_a_patch_is_for_and_not_the_name_in_it(target: str, is_meant: bool) -> None:  # noqa: FBT001 - a table's column
    Path("any.yaml").write_text(
        "kind: Deployment\nmetadata: {name: not-used}\nspec: {template: {spec: {hostIPC: true}}}\n"
    )
    text = f"patches:\n- path: any.yaml\n  target: {target}\n"

    found = place(text, built(hostIPC=True), f"{POD}.hostIPC")

    assert found == ("any.yaml:3" if is_meant else "base.yaml:6")


def test_a_patch_in_quotes_has_the_line_that_it_begins_on() -> None:
    operation = '{"op": "add", "path": "/spec/template/spec/hostPID", "value": true}'
    text = f"patches:\n- target: {{kind: Deployment}}\n  patch: '[{operation}]'\n"

    assert place(text, built(hostPID=True), f"{POD}.hostPID") == "kustomization.yaml:4"


def test_an_image_has_the_line_of_the_tag_that_the_kustomization_gives_it() -> None:
    text = "images:\n- name: web\n  newName: shop.example/web\n  newTag: latest\n- {name: other, newTag: '2'}\n"

    def image(name: str) -> str:
        return place(text, built({"name": "web", "image": name}), f"{POD}.containers[0].image")

    assert image("shop.example/web:latest") == "kustomization.yaml:5"
    assert image("other:2") == "kustomization.yaml:6"
    assert image("shop.example/web:1") == "base.yaml:9"
    assert image("shop.example/webby:latest") == "base.yaml:9"
    assert place(text, built(), f"{POD}.containers[0].resources.limits") == "base.yaml:8"


@pytest.mark.parametrize(
    "text",
    [
        "patches: {a: b}\nimages: [a, {name: [b]}]\n",
        "patches: [a, {patch: 3}, {patch: ''}, {patch: '{'}, {path: gone.yaml}, {path: .}, {target: {kind: Pod}}]\n",
        "patches:\n- target: [a]\n  patch: |-\n    - 1\n    - {op: add}\n    - {op: add, path: spec, value: {}}\n",
        f"patchesStrategicMerge: [gone.yaml, '{'x' * 300}', {{}}]\n",
        f"patches: [{{patch: '{'x' * 5000}'}}]\n",
        "patches:\n- patch: |-\n    {}\n    ---\n    ---\n    a: b\n",
    ],
)
def test_what_is_no_patch_changes_nothing(text: str) -> None:
    assert place(text, built(hostPID=True), f"{POD}.hostPID") == "base.yaml:6"
