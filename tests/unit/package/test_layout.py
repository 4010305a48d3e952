"""What is special to the layout folder; the rest is in the contract suite."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import Artifact, build_artifact
from pipeline.model.artifact.manifest import OCI_MANIFEST, Blob, Descriptor
from pipeline.model.artifact.reference import Repository
from pipeline.registries.layout import LayoutRegistry
from pipeline.stages.package import package
from tests.unit.package.conftest import Listener


def artifact(text: str = "a") -> Artifact:
    return build_artifact(pack([("a.yaml", text.encode())]))


def opened(folder: Path) -> LayoutRegistry:
    return LayoutRegistry(Repository("", str(folder)))


def push(folder: Path, text: str, *tags: str) -> str:
    return package(artifact(text), opened(folder), tags=tags, reporter=Listener()).artifact.digest


def index(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((folder / "index.json").read_text())["manifests"]
    return found


def test_folder_follows_the_image_layout_specification(tmp_path: Path) -> None:
    digest = push(tmp_path, "a", "v1")

    assert json.loads((tmp_path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads((tmp_path / "index.json").read_text()) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": OCI_MANIFEST,
                "digest": digest,
                "size": len(artifact().manifest.content),
                "annotations": {"org.opencontainers.image.ref.name": "v1"},
            }
        ],
    }
    assert len(list((tmp_path / "blobs" / "sha256").iterdir())) == 3


def test_tag_that_moves_leaves_its_manifest_listed_without_a_tag(tmp_path: Path) -> None:
    old = push(tmp_path, "old", "v1")
    new = push(tmp_path, "new", "v1")

    listed = {entry["digest"]: entry.get("annotations") for entry in index(tmp_path)}
    assert listed == {old: None, new: {"org.opencontainers.image.ref.name": "v1"}}


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError):
        opened(tmp_path / "nowhere").resolve("v1")
    assert list(tmp_path.iterdir()) == []


def test_folder_with_something_else_in_it_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "precious.yaml").write_text("a: 1")

    with pytest.raises(RegistryError, match="neither empty nor an OCI layout"):
        push(tmp_path, "a", "v1")
    assert [path.name for path in tmp_path.iterdir()] == ["precious.yaml"]


def test_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RegistryError, match="file"):
        push(tmp_path / "file", "a", "v1")


@pytest.mark.parametrize("content", ["", "[]", "{", '"text"'])
def test_broken_index_is_said_and_left_alone(tmp_path: Path, content: str) -> None:
    push(tmp_path, "a", "v1")
    (tmp_path / "index.json").write_text(content)

    with pytest.raises(RegistryError, match=r"index\.json"):
        opened(tmp_path).tags()
    with pytest.raises(RegistryError, match=r"index\.json"):
        push(tmp_path, "b", "v2")
    assert (tmp_path / "index.json").read_text() == content


def test_entries_without_digest_are_said(tmp_path: Path) -> None:
    push(tmp_path, "a", "v1")
    entry = {"annotations": {"org.opencontainers.image.ref.name": "v2"}}
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [entry]}))

    with pytest.raises(RegistryError, match="without mediaType"):
        opened(tmp_path).resolve("v2")


def test_manifest_whose_blobs_are_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="missing"):
        opened(tmp_path).write_manifest(artifact().manifest, "v1")
    assert opened(tmp_path).tags() == []


def test_digest_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    layout = tmp_path / "layout"
    push(layout, "a", "v1")
    descriptor = Descriptor("text/plain", "sha256:../../../secret", 1)

    with pytest.raises((RegistryError, TrustError)):
        b"".join(opened(layout).read_blob(descriptor))
    with pytest.raises((RegistryError, TrustError)):
        opened(layout).write_blob(descriptor, lambda: [b"x"])
    assert (tmp_path / "secret").read_text() == "s"


def test_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    blob = Blob("text/plain", b"promised")
    with pytest.raises(TrustError):
        registry.write_blob(blob.descriptor, lambda: [b"other"])

    assert list((tmp_path / "blobs" / "sha256").iterdir()) == []


def test_other_tools_entries_and_fields_are_kept(tmp_path: Path) -> None:
    digest = push(tmp_path, "a", "v1")
    body = json.loads((tmp_path / "index.json").read_text())
    body["annotations"] = {"mine": "stays"}
    body["manifests"][0]["platform"] = {"os": "linux", "architecture": "amd64"}
    (tmp_path / "index.json").write_text(json.dumps(body))
    push(tmp_path, "b", "v2")

    changed = json.loads((tmp_path / "index.json").read_text())
    assert changed["annotations"] == {"mine": "stays"}
    assert changed["manifests"][0]["platform"] == {"os": "linux", "architecture": "amd64"}
    assert changed["manifests"][0]["digest"] == digest


def push_many(folder: str, name: str) -> None:
    for number in range(10):
        push(Path(folder), f"{name} {number}", f"{name}-{number}")


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as processes:
        list(processes.map(push_many, [str(tmp_path)] * 2, ["one", "two"]))

    expected = sorted(f"{name}-{number}" for name in ("one", "two") for number in range(10))
    assert list(opened(tmp_path).tags()) == expected
