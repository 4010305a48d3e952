from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest
import yaml

from pipeline.errors import ManifestError
from pipeline.model.artifact.flux import Artifact
from pipeline.model.artifact.tekton_bundle import MAX_RESOURCES, build_bundle, read_bundle
from pipeline.stages.package import package
from pipeline.testing.registry import MemoryRegistry
from tests.unit.package.conftest import Listener


def resource(name: str, kind: str = "Task", api_version: str = "tekton.dev/v1") -> bytes:
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\nspec: {{}}\n".encode()


def bundle(*files: tuple[str, bytes], revision: str = "") -> Artifact:
    return build_bundle(read_bundle(files).resources, revision=revision)


def test_each_resource_is_one_layer_that_the_resolver_finds_by_three_annotations() -> None:
    both = resource("sign") + b"---\n" + resource("build")
    made = bundle(("tasks.yaml", both), ("step.yml", resource("sign", "StepAction", "tekton.dev/v1beta1")))
    manifest = json.loads(made.manifest.content)

    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert {layer["mediaType"] for layer in manifest["layers"]} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    assert [layer["annotations"] for layer in manifest["layers"]] == [
        {
            "dev.tekton.image.apiVersion": api_version,
            "dev.tekton.image.kind": kind,
            "dev.tekton.image.name": name,
        }
        for kind, name, api_version in (
            ("stepaction", "sign", "tekton.dev/v1beta1"),
            ("task", "build", "tekton.dev/v1"),
            ("task", "sign", "tekton.dev/v1"),
        )
    ]


def test_a_layer_is_an_archive_whose_first_entry_is_the_resource() -> None:
    made = bundle(("task.json", json.dumps(yaml.safe_load(resource("build"))).encode()))

    with tarfile.open(fileobj=io.BytesIO(made.layer.content), mode="r:gz") as archive:
        (member,) = archive.getmembers()
        content = archive.extractfile(member)
        assert content is not None
        assert yaml.safe_load(content.read()) == yaml.safe_load(resource("build"))
    assert member.name == "build"


def test_the_configuration_names_each_layer_by_what_it_unpacks_to() -> None:
    made = bundle(("a.yaml", resource("a")), ("b.yaml", resource("b")))
    config = json.loads(made.config.content)

    from hashlib import sha256

    unpacked = [f"sha256:{sha256(gzip.decompress(layer.content)).hexdigest()}" for layer in made.layers]
    assert config["rootfs"] == {"type": "layers", "diff_ids": unpacked}


def test_neither_files_nor_their_order_nor_comments_change_the_digest() -> None:
    one = bundle(("all.yaml", b"# first\n" + resource("a") + b"---\n" + resource("b")))
    two = bundle(("y/b.yaml", resource("b")), ("x/a.yaml", resource("a")))

    assert one.digest == two.digest
    assert one.digest != bundle(("a.yaml", resource("a")), ("b.yaml", resource("c"))).digest


def test_files_that_hold_no_manifests_are_named() -> None:
    found = read_bundle([("README.md", b"# x"), ("x/.sourceignore", b"y/"), ("a.yaml", resource("a"))])

    assert found.left_out == ("README.md",)
    assert [str(item.id.name) for item in found.resources] == ["a"]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ([("a.yaml", resource("a", "TaskRun"))], r"a\.yaml:1: TaskRun \(tekton\.dev/v1\) cannot be in a Tekton bundle"),
        ([("a.yaml", resource("a", "Task", "example.com/v1"))], r"a\.yaml:1: Task \(example\.com/v1\) cannot be"),
        ([("a.yaml", b"just text")], r"a\.yaml:1: this document cannot be in a Tekton bundle"),
        ([("a.yaml", b"kind: Task\napiVersion: tekton.dev/v1\n")], "this Task has no metadata.name"),
        ([("a.yaml", resource("a")), ("b.yaml", resource("a"))], r"b\.yaml:1: Task a is there twice, first in a\.y"),
        ([("a.yaml", resource("a")), ("b.yaml", resource("a", "Task", "tekton.dev/v1beta1"))], "Task a is there twice"),
        ([("README.md", b"x")], "there is nothing to bundle"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused(files: list[tuple[str, bytes]], complaint: str) -> None:
    with pytest.raises(ManifestError, match=complaint):
        read_bundle(files)


def test_more_resources_than_tekton_takes_are_refused_with_their_number() -> None:
    files = [(f"{number}.yaml", resource(f"task-{number}")) for number in range(MAX_RESOURCES + 1)]

    assert len(read_bundle(files[:-1]).resources) == 20
    with pytest.raises(ManifestError, match="21 resources are too many: Tekton takes a bundle of at most 20") as caught:
        read_bundle(files)
    assert caught.value.hint is not None


def test_all_layers_are_pushed_and_found_unchanged_by_content_and_names(
    registry: MemoryRegistry, listener: Listener
) -> None:
    files = ("a.yaml", resource("a")), ("b.yaml", resource("b"))
    first = package(bundle(*files, revision="main@sha1:1"), registry, tags=("v1",), reporter=listener)
    again = package(
        bundle(*files, revision="main@sha1:2"), registry, tags=("v1",), unchanged_since="v1", reporter=listener
    )
    other = package(bundle(files[0]), registry, tags=("v1",), unchanged_since="v1", reporter=listener)

    assert (again.pushed, again.artifact.digest, again.size) == (False, first.artifact.digest, first.size)
    assert other.pushed
    assert first.size == sum(len(layer.content) for layer in bundle(*files).layers)
