from __future__ import annotations

from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.manifests import Origin, Resource
from pipeline.model.validation.field_paths import field_path, steps_of
from pipeline.renderers.places import SourcePlaces

TEXT = """\
# first
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    shop.example/team: shop
spec:
  template:
    spec:
      containers:
        - name: main
          image: a
        - name: second
          image: b
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: first}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: second}
    data:
      key: value
"""


def lines(*paths: str, name: str = "web", text: str = TEXT) -> list[int | None]:
    resources = {resource.id.name: resource for resource in read_manifests(text.encode(), "a.yaml")}
    places = SourcePlaces({"a.yaml": text.encode()}.get)
    found = [places.locate(resources[name], path) for path in paths]
    return [origin.line if origin else None for origin in found]


def test_a_field_has_the_line_of_its_key() -> None:
    assert lines("spec", "spec.template.spec.containers", "metadata.annotations[shop.example/team]") == [8, 11, 7]


def test_an_item_has_the_line_it_begins_on() -> None:
    assert lines("spec.template.spec.containers[1]", "spec.template.spec.containers[1].image") == [14, 15]


def test_an_item_may_be_named_by_its_merge_key() -> None:
    assert lines("spec.template.spec.containers[name=second].image", "spec.template.spec.containers[name=x]") == [
        15,
        11,
    ]


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    assert lines("spec.template.spec.containers[0].resources.limits", "spec.replicas", "status.x") == [12, 8, 2]


def test_the_object_itself_keeps_its_line() -> None:
    assert lines("") == [2]


def test_an_object_in_a_list_is_found_there() -> None:
    assert lines("data.key", "metadata.name", name="second") == [27, 25]


def test_an_item_that_was_moved_by_a_patch_is_found_by_its_name() -> None:
    (written,) = read_manifests(TEXT.encode(), "a.yaml")[:1]
    containers = [{"name": "new"}, {"name": "main"}, {"name": "second"}]
    built = Resource.from_body(
        {**written.body, "spec": {"template": {"spec": {"containers": containers}}}}, written.origin
    )
    places = SourcePlaces({"a.yaml": TEXT.encode()}.get)

    found = places.locate(built, "spec.template.spec.containers[2].image")

    assert found == Origin("a.yaml", 15)


def test_json_has_lines_too() -> None:
    text = (
        '{\n  "apiVersion": "v1", "kind": "ConfigMap",\n  "metadata": {"name": "web"},\n  "data": {\n    "key": "v"}}\n'
    )

    assert lines("data.key", text=text) == [5]


def test_a_chart_has_a_template_and_no_line() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    resource = Resource.from_body(body, Origin("charts/a/templates/a.yaml", chart="a"))

    def never(file: str) -> bytes:
        raise AssertionError(file)

    assert SourcePlaces(never).locate(resource, "data") == resource.origin


def test_a_file_that_is_gone_or_has_changed_leaves_the_line_as_it_was() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    resource = Resource.from_body(body, Origin("a.yaml", 3))

    for content in (None, b"a: b\n", b"{", b"\xff\xfe"):
        assert SourcePlaces(lambda _, content=content: content).locate(resource, "data") == resource.origin  # type: ignore[misc]


def test_paths_are_read_as_they_were_written() -> None:
    for steps in ((), ("spec", "containers", 0, "image"), ("metadata", "annotations", "a.b/c"), ("data", "x y"), (0,)):
        assert steps_of(field_path(steps)) == steps
    assert field_path(("metadata", "annotations", "a.b/c")) == "metadata.annotations[a.b/c]"
