from __future__ import annotations

import json
from dataclasses import replace

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.manifest import OCI_INDEX, Blob
from pipeline.model.flux.outcome import Severity
from tests.unit.sources.worlds import DEPLOYMENT, URL, World, kinds, source, told

ORIGIN = {
    "org.opencontainers.image.source": "https://git.test/app",
    "org.opencontainers.image.revision": "main@sha1:abc",
}
DOWN = RegistryError("registry.test: cannot find tag 'latest': connection refused", code="registry.unreachable")


def test_a_new_source_gets_its_artifact_and_becomes_ready(world: World) -> None:
    artifact = world.push(annotations=ORIGIN)
    body = source()
    outcome = world.reconcile(body)
    status = body["status"]
    revision = f"latest@{artifact.digest}"
    assert status["artifact"]["revision"] == revision
    assert status["artifact"]["metadata"] == ORIGIN
    assert status["artifact"]["url"] == status["url"] == f"{URL}@{artifact.digest}"
    assert status["artifact"]["lastUpdateTime"] == "2027-01-15T08:00:00Z"
    assert status["observedGeneration"] == 1
    assert kinds(body) == {"Ready", "ArtifactInStorage"}
    assert told(body, "Ready") == ("True", "Succeeded", f"stored artifact for digest '{revision}'")
    assert told(body, "ArtifactInStorage") == told(body, "Ready")
    assert world.files(body) == DEPLOYMENT
    assert outcome.succeeded
    assert outcome.requeue_after == 600.0


def test_a_new_artifact_is_told_once_with_its_revision_and_origin(world: World) -> None:
    artifact = world.push(annotations=ORIGIN)
    body = source()
    (event,) = world.reconcile(body).events
    assert (event.severity, event.reason) == (Severity.INFO, "NewArtifact")
    assert event.metadata == {
        "revision": f"latest@{artifact.digest}",
        "digest": body["status"]["artifact"]["digest"],
        "originRevision": "main@sha1:abc",
    }
    assert event.message == (
        f"stored artifact with revision 'latest@{artifact.digest}' from '{URL}', "
        "origin source 'https://git.test/app', origin revision 'main@sha1:abc'"
    )
    assert world.reconcile(body).events == ()


def test_a_layer_that_is_wanted_whole_is_kept_as_it_is(world: World) -> None:
    artifact = world.push()
    body = source()
    world.reconcile(body)
    manifest = json.loads(world.registry.read_manifest(artifact.digest).content)
    assert body["status"]["artifact"]["digest"] == manifest["layers"][0]["digest"]
    assert body["status"]["artifact"]["size"] == manifest["layers"][0]["size"]
    assert body["status"]["artifact"]["path"] == manifest["layers"][0]["digest"].removeprefix("sha256:") + ".tar.gz"


def test_nothing_new_costs_one_request_and_leaves_the_status_as_it_was(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    before = dict(body["status"])
    world.calls()
    world.clock.sleep(600)
    world.reconcile(body)
    assert world.calls() == ["resolve"]
    assert body["status"] == before
    assert world.api.requests == []


def test_nothing_new_at_a_digest_costs_no_request(world: World) -> None:
    artifact = world.push()
    body = source(ref={"digest": artifact.digest, "tag": "ignored"}, secretRef={"name": "missing-by-now"})
    world.secret("missing-by-now", {".dockerconfigjson": "{}"})
    world.reconcile(body)
    assert body["status"]["artifact"]["revision"] == artifact.digest
    world.calls()
    world.api.requests.clear()
    assert world.reconcile(body).succeeded
    assert world.calls() == []
    assert world.api.requests == []


def test_a_moved_tag_is_followed(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    first = body["status"]["artifact"]
    second = world.push({"deployment.yaml": b"kind: StatefulSet\n"})
    world.clock.sleep(60)
    outcome = world.reconcile(body)
    assert body["status"]["artifact"]["revision"] == f"latest@{second.digest}"
    assert body["status"]["artifact"]["lastUpdateTime"] > first["lastUpdateTime"]
    assert [event.reason for event in outcome.events] == ["NewArtifact"]
    assert kinds(body) == {"Ready", "ArtifactInStorage"}


def test_the_last_good_artifact_stays_while_the_registry_is_down(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    good = body["status"]["artifact"]
    world.registry.faults.fail("resolve", DOWN)
    outcome = world.reconcile(body)
    message = f"failed to determine artifact digest: {DOWN.message}"
    assert not outcome.succeeded
    assert outcome.requeue_after is None
    assert body["status"]["artifact"] == good
    assert told(body, "Ready") == ("False", "OCIArtifactPullFailed", message)
    assert told(body, "FetchFailed") == ("True", "OCIArtifactPullFailed", message)
    assert told(body, "Reconciling") == ("True", "ProgressingWithRetry", "reconciliation in progress")
    assert "ArtifactInStorage" in kinds(body)
    assert "Stalled" not in kinds(body)
    assert world.files(body) == DEPLOYMENT
    (event,) = outcome.events
    assert (event.severity, event.reason, event.message) == (Severity.ERROR, "OCIArtifactPullFailed", message)


def test_recovery_is_told_and_leaves_no_trace_of_the_failure(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    good = dict(body["status"])
    world.registry.faults.fail("resolve", DOWN)
    world.reconcile(body)
    outcome = world.reconcile(body)
    assert [event.reason for event in outcome.events] == ["Succeeded"]
    assert kinds(body) == {"Ready", "ArtifactInStorage"}
    assert body["status"]["artifact"] == good["artifact"]


def test_a_source_that_never_worked_is_building(world: World) -> None:
    world.registry.faults.fail("resolve", DOWN)
    body = source()
    world.reconcile(body)
    assert "artifact" not in body["status"]
    assert told(body, "Reconciling") == ("True", "ProgressingWithRetry", "building artifact")
    assert body["status"]["observedGeneration"] == -1
    assert "ArtifactInStorage" not in kinds(body)


def test_a_pull_that_fails_says_that_the_artifact_is_outdated(world: World) -> None:
    first = world.push()
    body = source()
    world.reconcile(body)
    second = world.push({"deployment.yaml": b"new"})
    world.registry.faults.fail("read_manifest", TrustError("registry.test served other bytes"))
    world.reconcile(body)
    outdated = f"new revision 'latest@{second.digest}' for 'registry.test/team/app:latest'"
    assert told(body, "ArtifactOutdated") == ("True", "NewRevision", outdated)
    assert told(body, "Reconciling") == ("True", "ProgressingWithRetry", f"building artifact: {outdated}")
    assert told(body, "Ready") == (
        "False",
        "OCIArtifactPullFailed",
        f"failed to pull artifact from '{URL}': registry.test served other bytes",
    )
    assert body["status"]["artifact"]["revision"] == f"latest@{first.digest}"
    world.reconcile(body)
    assert body["status"]["artifact"]["revision"] == f"latest@{second.digest}"
    assert "ArtifactOutdated" not in kinds(body)


def test_a_blob_that_is_not_what_its_digest_says_is_refused_and_not_kept(world: World) -> None:
    artifact = world.push()
    layer = json.loads(world.registry.read_manifest(artifact.digest).content)["layers"][0]["digest"]
    world.registry.faults.altered[layer] = b"something else"
    body = source()
    assert not world.reconcile(body).succeeded
    assert told(body, "FetchFailed") is not None
    assert world.cache.size == 0
    world.registry.faults.altered.clear()
    assert world.reconcile(body).succeeded


def test_a_lost_cache_costs_one_pull_and_no_event(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    before = dict(body["status"])
    world.cache.remove(before["artifact"]["digest"])
    world.calls()
    world.clock.sleep(600)
    outcome = world.reconcile(body)
    assert world.calls() == ["resolve", "read_manifest", "read_blob"]
    assert outcome.events == ()
    assert body["status"] == before


def test_force_finds_damage_in_the_cache_and_mends_it(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    digest = body["status"]["artifact"]["digest"]
    file = world.cache.directory / f"{digest.removeprefix('sha256:')}.tar.gz"
    file.write_bytes(b"damaged")
    world.reconcile(body)
    assert file.read_bytes() == b"damaged"
    world.reconcile(body, force=True)
    assert world.files(body) == DEPLOYMENT


def test_a_damaged_layer_in_the_cache_is_pulled_again(world: World) -> None:
    world.push(tag="one")
    body = source(ref={"tag": "one"})
    world.reconcile(body)
    digest = body["status"]["artifact"]["digest"]
    (world.cache.directory / f"{digest.removeprefix('sha256:')}.tar.gz").write_bytes(b"damaged")
    world.push(tag="two", annotations=ORIGIN)
    body["spec"]["ref"] = {"tag": "two"}
    assert world.reconcile(body).succeeded
    assert world.files(body) == DEPLOYMENT


def test_a_layer_that_another_source_had_is_not_fetched_again(world: World) -> None:
    world.push(tag="one")
    world.push(tag="two", annotations=ORIGIN)
    world.reconcile(source(ref={"tag": "one"}))
    world.calls()
    assert world.reconcile(source(ref={"tag": "two"})).succeeded
    assert world.calls() == ["resolve", "read_manifest"]


def test_a_request_to_reconcile_is_acknowledged_whatever_comes_of_it(world: World) -> None:
    world.registry.faults.fail("resolve", DOWN)
    body = source()
    body["metadata"]["annotations"] = {"reconcile.fluxcd.io/requestedAt": "2026-08-07T12:00:00Z"}
    world.reconcile(body, force=True)
    assert body["status"]["lastHandledReconcileAt"] == "2026-08-07T12:00:00Z"
    del body["metadata"]["annotations"]
    world.push()
    world.reconcile(body)
    assert body["status"]["lastHandledReconcileAt"] == "2026-08-07T12:00:00Z"


def test_a_suspended_source_is_left_alone(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    before = dict(body["status"])
    body["spec"]["suspend"] = True
    body["metadata"]["generation"] = 2
    world.calls()
    outcome = world.reconcile(body)
    assert outcome.status == before
    assert outcome.requeue_after is None
    assert outcome.succeeded
    assert world.calls() == []


def test_a_changed_generation_is_observed_only_when_it_worked(world: World) -> None:
    world.push()
    body = source()
    world.reconcile(body)
    body["metadata"]["generation"] = 2
    body["spec"]["ref"] = {"tag": "missing"}
    assert not world.reconcile(body).succeeded
    assert body["status"]["observedGeneration"] == 1
    assert told(body, "Reconciling") == (
        "True",
        "ProgressingWithRetry",
        "processing object: new generation 1 -> 2",
    )
    body["spec"]["ref"] = {"tag": "latest"}
    world.reconcile(body)
    assert body["status"]["observedGeneration"] == 2


def test_another_repository_with_the_same_artifact_is_named_without_a_pull(world: World) -> None:
    artifact = world.push()
    body = source()
    world.reconcile(body)
    other = type(artifact.repository)("mirror.test", "team/app")
    for table in (world.registry.store.blobs, world.registry.store.manifests, world.registry.store.tags):
        table[other] = table[artifact.repository]  # type: ignore[assignment]
    body["spec"]["url"] = "oci://mirror.test/team/app"
    outcome = world.reconcile(body)
    assert outcome.events == ()
    assert body["status"]["artifact"]["url"] == f"oci://mirror.test/team/app@{artifact.digest}"


def test_intervals_are_spread_by_the_jitter(world: World) -> None:
    world.push()
    world.deps = replace(world.deps, random=lambda: 0.0)
    assert world.reconcile(source()).requeue_after == 570.0
    world.deps = replace(world.deps, random=lambda: 1.0)
    assert world.reconcile(source()).requeue_after == 630.0
    assert world.reconcile(source(interval="0s")).requeue_after == 1.0


def test_an_index_is_no_artifact(world: World) -> None:
    artifact = world.push(tag="one")
    manifest = world.registry.read_manifest(artifact.digest)
    entry = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.content)}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    world.registry.write_manifest(Blob(OCI_INDEX, json.dumps(index).encode()), "latest")
    body = source()
    outcome = world.reconcile(body)
    assert told(body, "Ready") == (
        "False",
        "OCIArtifactLayerOperationFailed",
        "the artifact is an index of 1 manifests; expected one manifest",
    )
    assert outcome.requeue_after == 600.0


def test_a_tag_that_does_not_exist_is_asked_for_again(world: World) -> None:
    body = source(ref={"tag": "v1"})
    outcome = world.reconcile(body)
    assert told(body, "Ready") == (
        "False",
        "OCIArtifactPullFailed",
        "failed to determine artifact digest: oci://registry.test/team/app:v1 does not exist",
    )
    assert outcome.requeue_after is None
    world.registry.faults.fail("resolve", ArtifactNotFoundError("gone"))
    world.push(tag="v1")
    assert not world.reconcile(body).succeeded
    assert world.reconcile(body).succeeded


def test_large_annotations_do_not_make_a_large_status(world: World) -> None:
    world.push(annotations=ORIGIN | {f"note-{number}": "x" * 10_000 for number in range(20)})
    body = source()
    world.reconcile(body)
    assert len(json.dumps(body["status"])) < 40_000
    assert ORIGIN.items() <= body["status"]["artifact"]["metadata"].items()


def test_long_messages_are_cut(world: World) -> None:
    world.registry.faults.fail("resolve", RegistryError("x" * 100_000))
    body = source()
    world.reconcile(body)
    assert len(json.dumps(body["status"])) < 20_000


def test_an_empty_manifest_has_no_layer(world: World) -> None:
    artifact = world.push()
    manifest = json.loads(world.registry.read_manifest(artifact.digest).content) | {"layers": []}
    world.registry.write_manifest(Blob(manifest["mediaType"], json.dumps(manifest).encode()), "latest")
    body = source()
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1:] == ("OCIArtifactLayerOperationFailed", "no layers found in artifact")
