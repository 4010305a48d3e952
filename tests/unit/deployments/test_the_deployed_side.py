"""What a cluster has, as a side of a comparison."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import ArtifactNotFoundError, TrustError
from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.artifact.reference import Reference, Repository
from pipeline.model.deployments.composing import hashes_of_manifests
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed
from pipeline.model.deployments.storage import ANNOTATION_INVENTORY, write_list
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.diff import Side
from pipeline.ports import Registry
from pipeline.stages.deployed import listed_records, read_history
from pipeline.stages.deployed_side import read_deployed
from pipeline.stages.fetch import read_artifact
from pipeline.stages.record_deployment import record_deployment
from tests.unit.deployments.support import NOW, SETTINGS, SHOP, Shop, record, trusting
from tests.unit.kustomizing.support import FakeTrees
from tests.unit.sign.support import stored_artifact


@pytest.fixture
def shop() -> Shop:
    return Shop()


def _side(shop: Shop) -> Side:
    def open_registry(repository: Repository) -> Registry:
        assert repository == shop.artifacts.repository
        return shop.artifacts

    manifests, side = read_deployed(DeployedName("prod"), shop.records, trusting("cluster"), open_registry, FakeTrees())
    assert len(manifests) == 1
    return side


def _objects(shop: Shop, text: str) -> dict[ObjectId, str]:
    artifact = shop.publish(text)
    manifests, _ = read_artifact(Reference(artifact.repository, None, artifact.digest), shop.artifacts)
    return hashes_of_manifests(manifests, [SETTINGS])


def test_the_side_is_the_recorded_artifact_and_says_since_when(shop: Shop) -> None:
    shop.deploy("one", objects=_objects(shop, "one"))

    side = _side(shop)

    assert side.artifact is not None
    assert side.artifact.digest == shop.publish("one").digest
    assert side.document()["deployed"]["result"] == "healthy"
    assert side.notes == ("prod has had this since 2027-01-15T08:00:00Z (inventory shop/shop)",)


def test_after_a_failure_the_side_is_what_was_there_before(shop: Shop) -> None:
    shop.deploy("one", objects=_objects(shop, "one"))
    shop.deploy("two", time=NOW + 5, result=Deployed.FAILED, message="cluster.denied", objects={})

    side = _side(shop)

    assert side.artifact is not None
    assert side.artifact.digest == shop.publish("one").digest
    assert f"the apply of {shop.publish('two').digest}" in side.notes[1]
    assert "failed (cluster.denied)" in side.notes[1]


def test_what_is_applied_and_unhealthy_is_there_all_the_same(shop: Shop) -> None:
    shop.deploy("one", result=Deployed.FAILED, message="health", objects=_objects(shop, "one"))

    assert _side(shop).notes[1] == "it is applied, but failed (health)"


def test_failures_alone_say_nothing_of_what_is_there(shop: Shop) -> None:
    shop.deploy("one", result=Deployed.FAILED, objects={})

    with pytest.raises(ArtifactNotFoundError, match="nobody knows what is deployed"):
        _side(shop)


def test_what_was_there_before_a_failure_may_be_missing_from_the_list(shop: Shop) -> None:
    shop.deploy("one", objects=_objects(shop, "one"))
    before = shop.tag()
    shop.deploy("two", time=NOW + 5, objects=_objects(shop, "two"))
    shop.deploy("three", time=NOW + 6, result=Deployed.FAILED, objects={})
    shop.move_tag(before)

    side = _side(shop)

    assert side.artifact is not None
    assert side.artifact.digest == shop.publish("two").digest


def test_what_was_overridden_and_what_is_otherwise_is_told(shop: Shop) -> None:
    shop.deploy("one", overrides=("max-prune",), verified_by=(), objects=_objects(shop, "two"))

    assert _side(shop).notes[1:] == (
        "it was applied with max-prune",
        "no signature of the artifact is recorded as verified",
        "ConfigMap settings was applied with another content",
    )


def test_what_a_kustomization_renders_is_not_compared_with_the_artifact(shop: Shop) -> None:
    shop.deploy("one", inventory="Kustomization apps/shop", objects=_objects(shop, "two"))

    side = _side(shop)

    assert [note for note in side.notes if "another content" in note] == []
    assert "compared is the artifact as it is built, before Kustomization apps/shop changes anything" in side.notes[1]


def test_of_a_kustomizations_artifact_only_its_folder_is_compared(shop: Shop) -> None:
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
    files = {f"{folder}/app.yaml": manifest.encode() for folder in ("staging", "prod")}
    artifact = stored_artifact(shop.artifacts, files, tag="one")
    said = record(digest=artifact.digest, inventory="Kustomization apps/shop", path="./prod")
    record_deployment(said, shop.subject(artifact), shop.ports())

    side = _side(shop)

    assert side.deployed is not None
    assert side.deployed.path == "./prod"
    assert "compared is its folder ./prod as it is built" in side.notes[1]


def test_what_was_deleted_is_not_deployed_any_more(shop: Shop) -> None:
    shop.deploy("one")
    shop.delete_inventory(time=NOW + 5)

    with pytest.raises(ArtifactNotFoundError, match="inventory shop/shop was deleted at 2027-01-15T08:00:05Z"):
        _side(shop)


def test_what_was_there_before_a_deletion_is_not_there_after_a_failure(shop: Shop) -> None:
    shop.deploy("one")
    shop.delete_inventory(time=NOW + 5)
    shop.deploy("two", time=NOW + 6, result=Deployed.FAILED, objects={})

    with pytest.raises(ArtifactNotFoundError, match="or came after it was deleted, is of an apply that failed"):
        _side(shop)


def test_after_a_failure_the_list_cannot_pass_off_another_inventorys_record(shop: Shop) -> None:
    shop.deploy("other", inventory="inventory shop/other")
    shop.deploy("two", time=NOW + 5, result=Deployed.FAILED, objects={})
    said = listed_records(shop.records, "prod")
    lied = [replace(item, descriptor=_of_shop(item.descriptor)) for item in said]
    shop.records.write_manifest(write_list("prod", lied, None), "deployed-prod")

    with pytest.raises(TrustError, match="is of inventory shop/other, not of inventory shop/shop"):
        _side(shop)
    history = read_history(DeployedName("prod", SHOP), shop.records, trusting("cluster"))
    assert [item.record.inventory for item in history.records] == [SHOP]


def _of_shop(descriptor: Descriptor) -> Descriptor:
    return replace(descriptor, annotations={**descriptor.annotations, ANNOTATION_INVENTORY: SHOP})


def test_a_list_that_lacks_the_newest_record_is_told(shop: Shop) -> None:
    shop.deploy("one", objects=_objects(shop, "one"))
    before = shop.tag()
    shop.deploy("two", time=NOW + 5, objects=_objects(shop, "two"))
    shop.move_tag(before)

    side = _side(shop)

    assert side.artifact is not None
    assert side.artifact.digest == shop.publish("two").digest
    assert "the tag deployed-prod lacks the newest record" in side.notes[1]
