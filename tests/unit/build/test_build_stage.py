from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import pytest

from pipeline.errors import ManifestError, UsageError
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.attestation.materials import Material, MaterialKind
from pipeline.model.manifests import Origin, Resource
from pipeline.model.settings.sources import Source
from pipeline.stages.build import build, materials_of


def _object(kind: str, name: str, place: str = "a.yaml", **more: Any) -> Resource:  # noqa: ANN401 - any JSON value
    return Resource.from_body({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **more}, Origin(place, 1))


class Shelf:
    """A renderer that has its objects ready, by folder."""

    def __init__(self, name: str, **objects: list[Resource]) -> None:
        self.name = name
        self._objects = objects

    def recognises(self, folder: PurePath) -> bool:
        return str(folder) in self._objects

    def render(self, source: Source) -> Sequence[Resource]:
        return self._objects.get(str(source.path), [])

    def materials(self, source: Source) -> Sequence[Material]:
        return (Material(MaterialKind.CHART, str(source.path), "1.0.0"),) if self.name == "helm" else ()


def test_sources_are_merged_in_canonical_order() -> None:
    shelf = Shelf("plain", one=[_object("Service", "b"), _object("Service", "a")], two=[_object("Namespace", "z")])
    result = build([Source(PurePath("one")), Source(PurePath("two"))], [shelf])
    assert [str(resource.id) for resource in result.manifests] == ["Namespace z", "Service a", "Service b"]
    assert result.counts == {"Namespace": 1, "Service": 2}


def test_the_bytes_do_not_depend_on_the_sources_order_or_places() -> None:
    shelf = Shelf("plain", one=[_object("Service", "a", "x.yaml")], two=[_object("Service", "b", "y.yaml")])
    other = Shelf("plain", one=[_object("Service", "a", "moved.yaml")], two=[_object("Service", "b")])
    sources = [Source(PurePath("one")), Source(PurePath("two"))]
    assert build(sources, [shelf]).content == build(sources[::-1], [other]).content


def test_an_object_in_two_sources_is_refused_with_both_places() -> None:
    shelf = Shelf("plain", one=[_object("Service", "a", "one.yaml")], two=[_object("Service", "a", "two.yaml")])
    with pytest.raises(ManifestError, match=r"two\.yaml:1: Service a is defined twice, first at one\.yaml:1"):
        build([Source(PurePath("one")), Source(PurePath("two"))], [shelf])


def test_the_first_renderer_that_recognises_a_source_renders_it() -> None:
    renderers = [Shelf("helm", chart=[_object("A", "helm")]), Shelf("plain", chart=[_object("A", "plain")])]
    assert [resource.id.name for resource in build([Source(PurePath("chart"))], renderers).manifests] == ["helm"]


def test_a_named_renderer_wins_over_detection() -> None:
    renderers = [Shelf("helm", chart=[_object("A", "helm")]), Shelf("plain", chart=[_object("A", "plain")])]
    result = build([Source(PurePath("chart"), renderer="plain")], renderers)
    assert [resource.id.name for resource in result.manifests] == ["plain"]


def test_an_unknown_renderer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there is no renderer 'jsonnet'") as caught:
        build([Source(PurePath("x"), renderer="jsonnet")], [Shelf("helm"), Shelf("plain")])
    assert caught.value.hint == "known renderers: helm, plain"


def test_a_build_without_objects_is_refused() -> None:
    with pytest.raises(ManifestError, match="one: no objects come out of this build"):
        build([Source(PurePath("one"))], [Shelf("plain", one=[])])


def test_no_namespace_is_added() -> None:
    content = build([Source(PurePath("one"))], [Shelf("plain", one=[_object("Service", "a")])]).content
    assert b"namespace" not in content


def test_the_document_has_the_streams_digest_and_each_objects_origin() -> None:
    result = build([Source(PurePath("one"))], [Shelf("plain", one=[_object("Service", "a", "x.yaml")])])
    document = result.document()
    assert document["kind"] == "BuildResult"
    assert document["digest"] == sha256_digest(result.content)
    assert document["objects"] == [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "namespace": None,
            "name": "a",
            "origin": {"file": "x.yaml", "line": 1, "chart": None},
        }
    ]


def test_what_the_sources_and_their_objects_bring_in_is_told_once() -> None:
    pod = Resource.from_body(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"image": "nginx:1"}]}}
    )
    shelf = Shelf("helm", redis=[pod], shop=[_object("Service", "a")])
    sources = [Source(PurePath("shop")), Source(PurePath("redis"))]

    result = build(sources, [shelf])

    assert [(material.kind.value, material.name, material.version) for material in result.materials] == [
        ("chart", "redis", "1.0.0"),
        ("chart", "shop", "1.0.0"),
        ("image", "docker.io/library/nginx", "1"),
    ]
    assert materials_of(sources, [shelf]) == result.from_sources
    assert result.document()["materials"][2] == {
        "kind": "image",
        "name": "docker.io/library/nginx",
        "version": "1",
        "digest": None,
        "source": None,
    }
