"""Old records are gone from real registries, with everything that led to them."""

from __future__ import annotations

import pytest

from pipeline.errors import ArtifactNotFoundError
from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.manifest import OCI_INDEX
from pipeline.model.artifact.reference import Repository
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Registry
from pipeline.registries.oci import connect
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attaching import read_subject
from pipeline.stages.deployed import listed_records, read_history
from pipeline.stages.record_deployment import RecordPorts, record_deployment
from pipeline.wiring import delete_manifest
from tests.contract.registry.servers import Kind, Silent, server
from tests.unit.deployments.support import NOW, Shop, record, trusting
from tests.unit.sign.support import signer

pytestmark = pytest.mark.registry


def _records(kind: Kind, name: str) -> tuple[Registry, RecordPorts]:
    records = connect(Repository(server(kind).address, name), RegistryOptions(), {}, Silent())
    ports = RecordPorts(
        registry=records,
        delete=lambda digest: delete_manifest(records, digest),
        signer=signer("cluster"),
        verifier=CosignVerifier(),
        expressions=CelExpressions(),
        reporter=Silent(),
    )
    return records, ports


@pytest.mark.parametrize("kind", ["referrers", "none"])
def test_old_records_leave_nothing_behind(kind: Kind) -> None:
    shop = Shop()
    records, ports = _records(kind, "retention")
    artifacts = [shop.publish(f"v{number}") for number in range(5)]
    made = [
        record_deployment(
            record(digest=artifact.digest, time=NOW + number), read_subject(artifact, shop.artifacts), ports, keep=2
        )
        for number, artifact in enumerate(artifacts)
    ]

    assert [item.deleted for item in made] == [0, 0, 1, 1, 1]
    kept = [item.digest for item in reversed(made[3:])]
    assert [item.descriptor.digest for item in listed_records(records, "prod")] == kept
    history = read_history(DeployedName("prod"), records, trusting("cluster"))
    assert [item.record.time - NOW for item in history.records] == [4, 3]
    for item in made[:3]:
        with pytest.raises(ArtifactNotFoundError):
            records.read_manifest(item.digest)
    assert [len(records.referrers(artifact.digest)) for artifact in artifacts] == [0, 0, 0, 1, 1]
    # The list that made the last one follow the one before is still found from there.
    assert [item.media_type for item in records.referrers(made[3].digest)] == [OCI_INDEX]
    named = {digest.replace(":", "-") for digest in (artifacts[3].digest, artifacts[4].digest, made[3].digest)}
    assert set(records.tags()) == {"deployed-prod", *(named if kind == "none" else ())}


@pytest.mark.parametrize("kind", ["referrers", "none"])
def test_what_a_cleanup_of_the_registry_took_away_stops_no_record(kind: Kind) -> None:
    shop = Shop()
    records, ports = _records(kind, "cleanup")
    artifacts = [shop.publish(f"v{number}") for number in range(4)]

    def deploy(number: int) -> str:
        said = record(digest=artifacts[number].digest, time=NOW + number)
        return record_deployment(said, read_subject(artifacts[number], shop.artifacts), ports).digest

    made = [deploy(number) for number in range(3)]
    assert delete_manifest(records, made[1])
    # What was the newest, too: nobody can tell what came before.
    assert delete_manifest(records, made[2])

    last = deploy(3)

    assert [item.descriptor.digest for item in listed_records(records, "prod")] == [last, made[0]]
