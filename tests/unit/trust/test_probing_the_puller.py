"""The puller's door: a source like an existing one, the verdict about it, and nothing left of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import RegistryError, TrustError
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.flux.api import OCI_REPOSITORIES
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.trust_check import DoorOutcome, DoorTrial
from pipeline.operations.probe_source import probe_body, probe_source
from pipeline.stages.trust_check import UNSIGNED, Bait, try_door
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock

ARTIFACT = PinnedReference(Repository("registry.test", "shop"), "sha256:" + "12" * 32)
SOURCE: dict[str, Any] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "OCIRepository",
    "metadata": {
        "name": "shop",
        "namespace": "apps",
        "uid": "1",
        "annotations": {"gitless.dev/trust-policy": "trust", "note": "mine"},
        "labels": {"sharding.fluxcd.io/key": "a", "kustomize.toolkit.fluxcd.io/name": "apps"},
    },
    "spec": {
        "url": "oci://registry.test/production",
        "ref": {"tag": "live"},
        "suspend": True,
        "interval": "5m",
        "insecure": True,
        "verify": {"provider": "cosign", "secretRef": {"name": "keys"}},
    },
}
PROBE = ObjectId("source.toolkit.fluxcd.io", "OCIRepository", "apps", "probe")


def test_the_probe_is_verified_like_its_model_and_follows_the_digest_alone() -> None:
    assert probe_body(SOURCE, ARTIFACT, "probe") == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {
            "name": "probe",
            "namespace": "apps",
            "annotations": {"gitless.dev/trust-policy": "trust"},
            "labels": {"sharding.fluxcd.io/key": "a"},
        },
        "spec": {
            "url": "oci://registry.test/shop",
            "ref": {"digest": ARTIFACT.digest},
            "interval": "5m",
            "insecure": True,
            "verify": {"provider": "cosign", "secretRef": {"name": "keys"}},
        },
    }


class Puller(MemoryClock):
    """Whoever waits gives it the time to do its next step."""

    def __init__(self, server: MemoryApiServer, *statuses: dict[str, Any]) -> None:
        super().__init__()
        self._server = server
        self._statuses = list(statuses)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self._statuses:
            status = {"status": self._statuses.pop(0)}
            self._server.merge_patch(OCI_REPOSITORIES, PROBE, status, manager="controller", subresource="status")


def conditions(**found: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "conditions": [
            {"type": kind, "status": status, "reason": reason, "message": message}
            for kind, (status, reason, message) in found.items()
        ]
    }


REFUSING = conditions(
    Ready=("False", "VerificationError", "failed to verify"),
    SourceVerified=("False", "VerificationError", "it is not signed\x1b[31m"),
)
RECONCILING = conditions(Ready=("Unknown", "Progressing", "reconciling"))
TROUBLED = conditions(Ready=("False", "OCIArtifactPullFailed", "no such host"))


@pytest.fixture
def server() -> MemoryApiServer:
    return MemoryApiServer(namespaces=("apps",))


@pytest.fixture
def probe(server: MemoryApiServer) -> Callable[..., DoorTrial]:
    def act(*statuses: dict[str, Any]) -> DoorTrial:
        body = probe_body(SOURCE, ARTIFACT, "probe")
        trial = probe_source(body, UNSIGNED, server, Puller(server, *statuses), timeout=30)
        assert server.read(OCI_REPOSITORIES, "apps", "probe") is None
        assert (trial.door, trial.artifact, trial.digest_url) == ("puller", UNSIGNED, ARTIFACT.digest_url)
        return trial

    return act


def test_a_verification_error_is_a_refusal(probe: Callable[..., DoorTrial]) -> None:
    trial = probe(RECONCILING, TROUBLED, REFUSING)

    assert (trial.outcome, trial.code, trial.message) == (
        DoorOutcome.REFUSED,
        "VerificationError",
        "it is not signed",
    )


@pytest.mark.parametrize(
    "status",
    [
        conditions(Ready=("True", "Succeeded", "stored")),
        {"artifact": {"revision": f"shop@{ARTIFACT.digest}", "digest": "sha256:" + "34" * 32, "size": 1}},
    ],
)
def test_an_artifact_that_is_served_was_accepted(probe: Callable[..., DoorTrial], status: dict[str, Any]) -> None:
    assert probe(RECONCILING, status).outcome is DoorOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("statuses", "says"),
    [
        ((), "is the puller installed and running"),
        ((RECONCILING,), "Progressing: reconciling"),
        ((TROUBLED,), "OCIArtifactPullFailed: no such host"),
        ((conditions(Stalled=("True", "URLInvalid", "bad url")),), "URLInvalid: bad url"),
    ],
)
def test_other_trouble_and_silence_prove_nothing(
    probe: Callable[..., DoorTrial], statuses: tuple[dict[str, Any], ...], says: str
) -> None:
    trial = probe(*statuses)

    assert trial.outcome is DoorOutcome.UNKNOWN
    assert says in trial.message


def test_a_probe_that_somebody_deletes_proves_nothing(server: MemoryApiServer) -> None:
    class Deleting(MemoryClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            server.delete(OCI_REPOSITORIES, PROBE)

    trial = probe_source(probe_body(SOURCE, ARTIFACT, "probe"), UNSIGNED, server, Deleting(), timeout=30)

    assert trial.outcome is DoorOutcome.UNKNOWN


def test_only_a_refusal_for_lack_of_trust_counts_as_one() -> None:
    def raising(error: Exception) -> Callable[[PinnedReference], object]:
        def door(_: PinnedReference) -> object:
            raise error

        return door

    bait = Bait(UNSIGNED, ARTIFACT, ())

    assert try_door("pull", raising(TrustError("no")), bait).outcome is DoorOutcome.REFUSED
    assert try_door("pull", raising(RegistryError("down")), bait).outcome is DoorOutcome.UNKNOWN
    assert try_door("pull", lambda _: None, bait).outcome is DoorOutcome.ACCEPTED
