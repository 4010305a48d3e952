"""What the oras command and we write, each of us must find: in the referrers API and under the fallback tag."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_MANIFEST, Blob, Descriptor
from pipeline.ports import Registry
from tests.contract.registry.servers import Kind, open_registry, server
from tests.platform.binaries import binary

pytestmark = [pytest.mark.registry, pytest.mark.tool]
EMPTY = Blob(OCI_EMPTY, b"{}")


def oras(*arguments: str, folder: Path) -> str:
    ran = subprocess.run([binary("oras"), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def write(registry: Registry, tag: str | None = None, **more: object) -> Descriptor:
    empty = {"mediaType": OCI_EMPTY, "digest": EMPTY.descriptor.digest, "size": 2}
    registry.write_blob(EMPTY.descriptor, lambda: [EMPTY.content])
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": empty, "layers": [empty], **more}
    return registry.write_manifest(Blob(OCI_MANIFEST, json.dumps(body).encode()), tag)


@pytest.mark.parametrize("kind", ["referrers", "none"])
def test_both_find_what_either_attached(kind: Kind, tmp_path: Path) -> None:
    running = server(kind)
    registry = open_registry(running, "oras/referrers")
    subject = write(registry, "v1")
    name = f"{running.address}/oras/referrers@{subject.digest}"
    (tmp_path / "note.txt").write_text("attached by oras")

    described = {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size}
    ours = write(registry, artifactType="application/x.ours", subject=described)
    oras("attach", "--plain-http", "--artifact-type", "application/x.theirs", name, "note.txt", folder=tmp_path)

    assert {found.artifact_type for found in registry.referrers(subject.digest)} == {
        "application/x.ours",
        "application/x.theirs",
    }
    assert ours.digest in oras("discover", "--plain-http", "--format", "json", name, folder=tmp_path)


def test_what_oras_pushed_reads_back(tmp_path: Path) -> None:
    running = server("none")
    (tmp_path / "note.txt").write_text("pushed by oras")
    oras("push", "--plain-http", f"{running.address}/oras/pushed:v1", "note.txt:text/plain", folder=tmp_path)
    registry = open_registry(running, "oras/pushed")

    manifest = json.loads(registry.read_manifest(registry.resolve("v1").digest).content)
    layer = manifest["layers"][0]
    content = b"".join(registry.read_blob(Descriptor("text/plain", layer["digest"], layer["size"])))

    assert content == b"pushed by oras"
