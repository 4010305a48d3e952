from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.manifest import Blob
from pipeline.model.flux.options import PullerOptions
from tests.unit.sources.worlds import DEPLOYMENT, FLUX_CONTENT, World, condition, make_world, source, told

PICTURES = {"app.yaml": b"a", "logo.png": b"p", "x/data.zip": b"z", ".github/ci.yml": b"c", ".sops.yaml": b"s"}


def test_pictures_archives_and_ci_files_are_left_out_by_default(world: World) -> None:
    world.push(PICTURES)
    body = source()
    world.reconcile(body)
    assert world.files(body) == {"app.yaml": b"a"}
    assert "observedIgnore" not in body["status"]


def test_one_pattern_of_ones_own_switches_the_defaults_off(world: World) -> None:
    world.push(PICTURES | {".gitignore": b"g"})
    body = source(ignore="# nothing of note\n/x\n")
    world.reconcile(body)
    assert world.files(body) == {name: PICTURES[name] for name in PICTURES if name != "x/data.zip"}
    assert body["status"]["observedIgnore"] == "# nothing of note\n/x\n"


def test_an_empty_ignore_is_no_pattern(world: World) -> None:
    world.push(PICTURES)
    body = source(ignore="")
    world.reconcile(body)
    assert world.files(body) == {"app.yaml": b"a"}
    assert body["status"]["observedIgnore"] == ""
    world.calls()
    world.reconcile(body)
    assert world.calls() == ["resolve"]


def test_a_changed_ignore_makes_the_artifact_anew_without_a_download(world: World) -> None:
    world.push({"a.yaml": b"a", "b.yaml": b"b"})
    body = source()
    world.reconcile(body)
    body["spec"]["ignore"] = "b.yaml"
    body["metadata"]["generation"] = 2
    world.calls()
    outcome = world.reconcile(body)
    assert world.calls() == ["resolve", "read_manifest"]
    assert world.files(body) == {"a.yaml": b"a"}
    assert [event.reason for event in outcome.events] == ["NewArtifact"]
    del body["spec"]["ignore"]
    world.reconcile(body)
    assert world.files(body) == {"a.yaml": b"a", "b.yaml": b"b"}
    assert "observedIgnore" not in body["status"]


def test_what_is_packed_anew_has_the_same_bytes_every_time(world: World, tmp_path: Path) -> None:
    other = make_world(tmp_path / "elsewhere")
    digests = []
    for somewhere in (world, other):
        somewhere.push(PICTURES)
        body = source()
        somewhere.reconcile(body)
        digests.append(body["status"]["artifact"]["digest"])
    assert len(set(digests)) == 1


def test_a_source_of_which_nothing_is_left_is_empty_and_ready(world: World) -> None:
    world.push()
    body = source(ignore="*")
    assert world.reconcile(body).succeeded
    assert world.files(body) == {}


def test_links_are_left_out_and_modes_do_not_matter(world: World) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in DEPLOYMENT.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o4777
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link.yaml")
        link.type, link.linkname = tarfile.SYMTYPE, "service.yaml"
        archive.addfile(link)
    world.push(layers=(Blob(FLUX_CONTENT, buffer.getvalue()),))
    body = source()
    world.reconcile(body)
    assert world.files(body) == DEPLOYMENT


def test_a_layer_is_selected_by_its_type(world: World) -> None:
    layers = tuple(
        Blob(kind, pack([(name, b"x")]).content)
        for kind, name in (("text/first", "first.yaml"), ("text/second", "second.yaml"), ("text/second", "third.yaml"))
    )
    world.push(layers=layers)
    body = source()
    world.reconcile(body)
    assert set(world.files(body)) == {"first.yaml"}
    body["spec"]["layerSelector"] = {"mediaType": "text/second"}
    world.reconcile(body)
    assert set(world.files(body)) == {"second.yaml"}
    assert body["status"]["observedLayerSelector"] == {"mediaType": "text/second"}
    body["spec"]["layerSelector"] = {"mediaType": "text/none"}
    world.reconcile(body)
    assert told(body, "Ready") == (
        "False",
        "OCIArtifactLayerOperationFailed",
        "failed to find layer with media type 'text/none' in artifact; found: text/first, text/second",
    )


def test_copy_keeps_the_layer_as_it_is_and_ignores_nothing(world: World) -> None:
    layer = Blob(FLUX_CONTENT, pack(PICTURES.items()).content)
    world.push(layers=(layer,))
    body = source(layerSelector={"operation": "copy"}, ignore="*")
    world.reconcile(body)
    assert body["status"]["artifact"]["digest"] == layer.descriptor.digest
    assert world.files(body) == PICTURES


def test_copy_takes_what_is_no_archive(world: World) -> None:
    world.push(layers=(Blob("application/wasm", b"\0asm"),))
    body = source(layerSelector={"operation": "copy"})
    assert world.reconcile(body).succeeded
    assert b"".join(world.cache.chunks(body["status"]["artifact"]["digest"])) == b"\0asm"
    body["spec"]["layerSelector"] = {"operation": "extract"}
    assert world.reconcile(body).requeue_after == 600.0
    what = "the layer is something else or uncompressed, not a gzipped tar archive"
    message = f"failed to extract layer contents from artifact: {what}"
    assert told(body, "FetchFailed") == ("True", "OCIArtifactLayerOperationFailed", message)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (gzip.compress(b"no tar at all" * 100, mtime=0), "the archive is damaged"),
        (pack(DEPLOYMENT.items()).content[:-20], "the archive is damaged"),
        (b"", "the layer is empty"),
    ],
    ids=["no tar", "cut", "empty"],
)
def test_a_layer_that_cannot_be_read_is_told_and_looked_at_again_at_the_interval(
    world: World, content: bytes, complaint: str
) -> None:
    world.push(layers=(Blob(FLUX_CONTENT, content),))
    body = source()
    outcome = world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1] == "OCIArtifactLayerOperationFailed"
    assert complaint in ready[2]
    assert outcome.requeue_after == 600.0
    assert not outcome.succeeded


def test_a_layer_over_the_limit_is_not_even_fetched(tmp_path: Path) -> None:
    world = make_world(tmp_path, options=PullerOptions(artifact_max_size=100))
    world.push()
    body = source()
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1] == "OCIArtifactLayerOperationFailed"
    assert "this puller accepts at most 100" in ready[2]
    assert "read_blob" not in world.calls()


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    world = make_world(tmp_path, options=PullerOptions(artifact_max_size=1_000_000))
    good = world.push()
    body = source()
    world.reconcile(body)
    world.push({"bomb.yaml": bytes(2_000_000)})
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[2].endswith("the archive unpacks to more than 1000000 bytes")
    assert body["status"]["artifact"]["revision"] == f"latest@{good.digest}"


def test_an_artifact_that_does_not_fit_into_the_cache_is_told_and_harms_no_other(tmp_path: Path) -> None:
    world = make_world(tmp_path, options=PullerOptions(cache_max_size=1000))
    world.push(tag="small")
    small = source(ref={"tag": "small"})
    world.reconcile(small)
    world.cache.keep([small["status"]["artifact"]["digest"]])
    import os

    world.push({"large.yaml": os.urandom(3000)}, tag="large")
    body = source(ref={"tag": "large"})
    outcome = world.reconcile(body)
    failed = told(body, "StorageOperationFailed")
    assert failed is not None
    assert failed[:2] == ("True", "ArchiveOperationFailed")
    assert failed[2].startswith("unable to archive artifact to storage: the artifact is larger than the cache may be")
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1:] == failed[1:]
    assert outcome.requeue_after is None
    assert world.reconcile(small).succeeded
    assert world.files(small) == DEPLOYMENT
    world.cache.max_bytes = 10_000
    assert world.reconcile(body).succeeded
    assert condition(body, "StorageOperationFailed") is None


def test_a_layer_that_drips_is_given_up_at_the_timeout(world: World) -> None:
    world.push({"a.yaml": b"\n".join(str(number).encode() for number in range(200_000))})

    class Slow(type(world.clock)):  # type: ignore[misc]
        def now(self) -> float:
            self.sleep(40)
            return float(super().now())

    world.deps = replace(world.deps, clock=Slow())
    body = source(timeout="30s")
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1] == "OCIArtifactPullFailed"
    assert ready[2].endswith("registry.test: the layer did not come within 30 s")
    assert world.cache.size == 0
