"""Writing records: what is written, what is not, what is deleted, and who comes in between."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from pipeline.errors import RefusedError, RegistryError
from pipeline.model.artifact.manifest import Blob, Descriptor, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed
from pipeline.model.deployments.storage import RECORD_TYPE, write_list
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.deployed import listed_records, read_history
from pipeline.stages.record_deployment import record_deployment
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.testing.registry import MemoryRegistry
from tests.unit.deployments.support import NOW, Shop, record, trusting
from tests.unit.sign.support import SIMPLE, policy, signer


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_record_refers_to_the_artifact_and_is_found_by_the_clusters_tag(shop: Shop) -> None:
    artifact = shop.publish("one")

    shop.deploy("one")

    (listed,) = listed_records(shop.records, "prod")
    manifest = parse_manifest(shop.records.read_manifest(listed.descriptor.digest))
    assert manifest.artifact_type == RECORD_TYPE
    assert manifest.subject == Descriptor(
        "application/vnd.oci.image.manifest.v1+json",
        artifact.digest,
        len(shop.artifacts.read_manifest(artifact.digest).content),
    )
    assert (listed.inventory, listed.digest, listed.result, listed.time) == (
        "inventory shop/shop",
        artifact.digest,
        "healthy",
        NOW,
    )


def test_a_record_is_an_attestation_of_the_artifact_to_every_verifier(shop: Shop) -> None:
    artifact = shop.publish("one")
    said = record(digest=artifact.digest)

    record_deployment(said, shop.subject(artifact), shop.ports(beside=artifact))

    judgement = judge_signatures(artifact, shop.artifacts, CosignVerifier(), policy("cluster"))
    assert [item.predicate_type for item in judgement.attestations] == [DEPLOY_RECORD]
    assert judgement.attestations[0].predicate["cluster"] == "prod"


def test_the_artifacts_repository_is_not_written_where_records_have_their_own(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.artifacts.calls.clear()
    subject = shop.subject(artifact)

    record_deployment(record(digest=artifact.digest), subject, shop.ports())

    assert shop.artifacts.calls == [("read_manifest", artifact.digest)]
    assert shop.artifacts.tags() == ["one"]


def test_the_same_again_writes_nothing(shop: Shop) -> None:
    first = shop.deploy("one")

    again = shop.deploy("one", time=NOW + 60, message="in other words")

    assert (first.written, again.written) == (True, False)
    assert again.digest == first.digest
    assert len(listed_records(shop.records, "prod")) == 1


@pytest.mark.parametrize(
    "change",
    [{"result": Deployed.FAILED}, {"objects": {}}, {"overrides": ("max-prune",)}, {"inventory": "inventory shop/b"}],
)
def test_whatever_else_is_said_is_a_record_of_its_own(shop: Shop, change: dict[str, object]) -> None:
    shop.deploy("one")

    again = shop.deploy("one", **{"time": NOW + 60, **change})  # type: ignore[arg-type]

    assert again.written
    assert len(listed_records(shop.records, "prod")) == 2


def test_what_was_overridden_once_needs_no_second_record_without(shop: Shop) -> None:
    shop.deploy("one", overrides=("max-prune",))

    assert not shop.deploy("one", time=NOW + 60).written
    assert shop.newest().record.overrides == ("max-prune",)


def test_a_clock_that_is_behind_makes_no_record_older_than_the_one_before(shop: Shop) -> None:
    shop.deploy("one")

    shop.deploy("two", time=NOW - 30)

    assert shop.newest().record.digest == shop.publish("two").digest
    assert shop.newest().record.time == pytest.approx(NOW + 0.001, abs=1e-6)


def test_a_record_by_somebody_else_with_the_same_words_is_no_reason_to_say_nothing(shop: Shop) -> None:
    shop.deploy("one", by="stranger")

    assert shop.deploy("one", time=NOW + 1).written
    assert shop.newest().signer.startswith("cluster.pub")


def test_only_the_last_records_of_each_inventory_are_kept(shop: Shop) -> None:
    shop.deploy("other", inventory="inventory shop/other", time=NOW - 100)
    for number in range(5):
        shop.deploy(f"v{number}", keep=3, time=NOW + number)

    history = read_history(DeployedName("prod", "shop"), shop.records, trusting("cluster"))
    assert [item.record.time - NOW for item in history.records] == [4, 3, 2]
    assert len(listed_records(shop.records, "prod")) == 4
    kept = {item.descriptor.digest for item in listed_records(shop.records, "prod")}
    stored = shop.store.manifests[shop.records.repository]
    assert {digest for digest in stored if parse_manifest(stored[digest]).artifact_type == RECORD_TYPE} == kept


def test_a_record_that_somebody_tagged_is_kept(shop: Shop) -> None:
    kept = shop.deploy("v0", keep=1)
    shop.move_tag(kept.digest, "audit-2026")

    deleted = shop.deploy("v1", keep=1, time=NOW + 1).deleted

    assert deleted == 0
    assert shop.records.read_manifest(kept.digest).digest == kept.digest


def test_a_registry_that_deletes_nothing_is_no_failure(shop: Shop) -> None:
    shop.deletes = False
    shop.deploy("v0", keep=1)

    second = shop.deploy("v1", keep=1, time=NOW + 1)

    assert (second.written, second.deleted) == (True, 0)
    assert "deletes nothing" in shop.talk.getvalue()
    assert json.loads(shop.talk.getvalue().splitlines()[-1])["level"] in {"detail", "debug"}


def test_many_tags_are_too_many_to_look_at_before_deleting(shop: Shop) -> None:
    first = shop.deploy("v0", keep=1)
    for number in range(201):
        shop.move_tag(first.digest, f"tag-{number}")

    assert shop.deploy("v1", keep=1, time=NOW + 1).deleted == 0
    assert "too many to see" in shop.talk.getvalue()


def test_beside_an_artifact_whose_signatures_it_would_hide_nothing_is_written(shop: Shop) -> None:
    artifact = shop.publish("one")
    sign(artifact, shop.artifacts, signer("ours", SIMPLE), CosignVerifier())

    with pytest.raises(RefusedError, match="overlook") as caught:
        record_deployment(record(digest=artifact.digest), shop.subject(artifact), shop.ports(beside=artifact))

    assert "--record-repository" in str(caught.value.hint)
    assert not shop.artifacts.referrers(artifact.digest)


class _Overtaken(MemoryRegistry):
    """Somebody else moves the tag right after we did, so many times."""

    _theirs, _left = "", 0

    def overtake(self, theirs: str, times: int) -> None:
        self._theirs, self._left = theirs, times

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        written = super().write_manifest(manifest, tag)
        if tag == "deployed-prod" and self._left:
            self._left -= 1
            self.store.tags[self.repository][tag] = self._theirs
        return written


def _racing(shop: Shop, times: int) -> _Overtaken:
    registry = _Overtaken(shop.records.repository, shop.store)
    shop.records = registry
    shop.deploy("theirs", by="other", inventory="inventory shop/theirs")
    registry.overtake(shop.tag(), times)
    return registry


def _inventories(registry: MemoryRegistry) -> Sequence[str]:
    return sorted(item.inventory for item in listed_records(registry, "prod"))


def test_whoever_records_at_the_same_time_is_not_lost_and_neither_are_we(shop: Shop) -> None:
    registry = _racing(shop, times=2)

    shop.deploy("ours")

    assert _inventories(registry) == ["inventory shop/shop", "inventory shop/theirs"]


def test_a_tag_that_others_never_stop_moving_is_told(shop: Shop) -> None:
    _racing(shop, times=99)

    with pytest.raises(RegistryError, match="others keep moving the tag deployed-prod"):
        shop.deploy("ours")


def test_records_of_two_clusters_do_not_meet(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", cluster="staging")

    assert shop.newest().record.digest == shop.publish("one").digest
    assert shop.newest(cluster="staging").record.digest == shop.publish("two").digest


def test_where_a_record_is_kept_beside_the_artifact_few_enough_referrers_are_left(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact: PinnedReference = shop.publish("one")
    crowd = [Descriptor("application/vnd.oci.image.manifest.v1+json", artifact.digest, 1)] * 128
    monkeypatch.setattr(shop.artifacts, "referrers", lambda _: crowd)

    with pytest.raises(RefusedError, match="128 referrers already"):
        record_deployment(record(digest=artifact.digest), shop.subject(artifact), shop.ports(beside=artifact))


@pytest.mark.parametrize("number", [0, 2001])
def test_what_others_put_under_the_tag_is_set_right(shop: Shop, number: int) -> None:
    first = shop.deploy("one")
    (listed,) = listed_records(shop.records, "prod")
    shop.records.write_manifest(write_list("prod", [listed] * number, None), "deployed-prod")

    shop.deploy("two", time=NOW + 5)

    assert first.digest != shop.newest().listed.descriptor.digest
    assert shop.newest().record.digest == shop.publish("two").digest


def test_a_deletion_says_what_was_there_last(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", time=NOW + 1)

    assert shop.delete_inventory(time=NOW + 2, stays=True)
    found = shop.newest().record

    assert (found.result, found.digest) == (Deployed.DELETED, shop.publish("two").digest)
    assert found.objects == record().objects
    again = shop.delete_inventory(time=NOW + 3)
    assert again is not None
    assert not again.written
    assert shop.deploy("two", time=NOW + 4).written


def test_of_what_was_never_recorded_there_is_no_deletion(shop: Shop) -> None:
    shop.deploy("one", by="stranger")

    assert shop.delete_inventory() is None
    assert shop.delete_inventory("inventory shop/other") is None


def test_a_clock_that_was_days_ahead_does_not_hide_what_is_deployed_now(shop: Shop) -> None:
    shop.deploy("one", time=NOW + 400 * 86400)

    shop.deploy("two")

    assert shop.newest().record.digest == shop.publish("two").digest
    assert "the new record is dated right after that one" in shop.talk.getvalue()


def test_what_is_left_is_what_was_applied_last_and_not_what_failed(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", time=NOW + 1, result=Deployed.FAILED, objects={})

    shop.delete_inventory(time=NOW + 2, stays=True)

    assert shop.newest().record.objects == record().objects


def test_a_record_of_the_same_millisecond_is_the_newer_one(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", time=NOW + 0.0004)

    assert shop.newest().record.digest == shop.publish("two").digest
    assert shop.newest().record.time - NOW == pytest.approx(0.001, abs=1e-6)
