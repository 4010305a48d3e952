"""Reading records: whatever is not by the cluster, not about it, or not the newest, is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import ArtifactNotFoundError, TrustError, UsageError
from pipeline.model.artifact.manifest import OCI_MANIFEST, SIGSTORE_BUNDLE, Blob, Descriptor
from pipeline.model.deployments.document import record_document
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.deployments.storage import ANNOTATION_RESULT, listed, record_manifest, write_list
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.stages.deployed import listed_records, newest_record, read_history
from tests.unit.deployments.support import NOW, UNVERIFIED, Shop, record, trusting
from tests.unit.sign.support import signer, store


@pytest.fixture
def shop() -> Shop:
    return Shop()


def _forge(
    shop: Shop,
    said: DeployRecord,
    *,
    by: str = "cluster",
    subject: str = "",
    predicate_type: str = DEPLOY_RECORD,
    predicate: Mapping[str, Any] | None = None,
    shown: DeployRecord | None = None,
) -> str:
    """Put something under the tag that calls itself a record, as anybody could who may push."""
    artifact = shop.publish("forged")
    descriptor = shop.subject(artifact)
    about = subject or artifact.digest
    statement = write_statement(about, "shop", predicate_type, predicate or record_document(said))
    bundle = store(shop.records, Blob(SIGSTORE_BUNDLE, signer(by).attest(statement).content))
    store(shop.records, Blob("application/vnd.oci.empty.v1+json", b"{}"))
    manifest = record_manifest(shown or said, descriptor, bundle.descriptor)
    shop.records.write_manifest(manifest)
    shop.records.write_manifest(write_list("prod", [listed(shown or said, manifest)], None), "deployed-prod")
    return manifest.descriptor.digest


def _said(shop: Shop, **changes: object) -> DeployRecord:
    return record(**{"digest": shop.publish("forged").digest, **changes})


def test_the_newest_record_says_what_is_deployed(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", time=NOW + 5)

    found = shop.newest()

    assert found.record.digest == shop.publish("two").digest
    assert found.signer.startswith("cluster.pub")


def test_a_record_comes_back_as_it_was_written(shop: Shop) -> None:
    shop.deploy("one", overrides=("max-prune",), message="cluster.denied")

    assert shop.newest().record == record(
        digest=shop.publish("one").digest, overrides=("max-prune",), message="cluster.denied"
    )


def test_a_cluster_without_records_is_told_with_the_tag(shop: Shop) -> None:
    with pytest.raises(ArtifactNotFoundError, match="no deploy record of the cluster prod"):
        shop.newest()


def test_nobody_is_believed_who_is_not_named(shop: Shop) -> None:
    shop.deploy("one")

    with pytest.raises(TrustError, match="nobody is trusted to say what is deployed") as caught:
        newest_record(DeployedName("prod"), shop.records, trusting())

    assert "--record-key" in str(caught.value.hint)


def test_a_record_by_another_key_is_refused(shop: Shop) -> None:
    shop.deploy("one", by="stranger")

    with pytest.raises(TrustError, match="is not accepted"):
        shop.newest()


def test_without_verification_anybody_is_believed_who_asks_for_it_by_name(shop: Shop) -> None:
    shop.deploy("one", by="stranger")

    found = newest_record(DeployedName("prod"), shop.records, UNVERIFIED)

    assert (found.record.digest, found.signer) == (shop.publish("one").digest, "")


def test_a_newest_record_that_is_refused_is_not_replaced_by_the_one_before(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", by="stranger", time=NOW + 5)

    with pytest.raises(TrustError, match="is not accepted"):
        shop.newest()


def test_bytes_that_were_changed_are_refused(shop: Shop) -> None:
    shop.deploy("one")
    blobs = shop.store.blobs[shop.records.repository]
    digest = next(digest for digest, content in blobs.items() if b"dsseEnvelope" in content)
    blobs[digest] = blobs[digest].replace(b"mediaType", b"mediatype")

    with pytest.raises(TrustError):
        shop.newest()


def test_a_record_of_another_cluster_is_refused(shop: Shop) -> None:
    _forge(shop, _said(shop, cluster="staging"))

    with pytest.raises(TrustError, match="of the cluster 'staging', not of prod"):
        shop.newest()


def test_a_record_about_another_digest_than_it_is_attached_to_is_refused(shop: Shop) -> None:
    _forge(shop, _said(shop), subject="sha256:" + "99" * 32)

    with pytest.raises(TrustError, match="about another digest"):
        shop.newest()


def test_a_record_that_speaks_of_another_digest_than_its_subject_is_refused(shop: Shop) -> None:
    _forge(shop, _said(shop, digest="sha256:" + "99" * 32))

    with pytest.raises(TrustError, match="speaks of sha256:9999"):
        shop.newest()


def test_another_statement_of_the_same_signer_is_no_record(shop: Shop) -> None:
    _forge(shop, _said(shop), predicate_type="https://acme.dev/scan/v1")

    with pytest.raises(TrustError, match="no statement of type"):
        shop.newest()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Other"},
        {"apiVersion": "gitless.dev/v9"},
        {"time": "yesterday"},
        {"result": "splendid"},
        {"objects": [["apps", "Deployment"]]},
        {"objects": None},
        {"verifiedBy": "me"},
        {"artifact": "sha256"},
        {"cluster": 7},
    ],
)
def test_a_statement_that_is_no_record_is_refused(shop: Shop, change: dict[str, object]) -> None:
    said = _said(shop)
    _forge(shop, said, predicate={**record_document(said), **change})

    with pytest.raises(TrustError):
        shop.newest()


def test_keys_that_a_later_version_adds_are_no_trouble(shop: Shop) -> None:
    said = _said(shop)
    _forge(shop, said, predicate={**record_document(said), "weather": "fine"})

    assert shop.newest().record == said


def test_a_list_that_makes_an_old_record_look_new_is_refused(shop: Shop) -> None:
    _forge(shop, _said(shop), shown=_said(shop, time=NOW + 1000))

    with pytest.raises(TrustError, match="its list says"):
        shop.newest()


def test_a_list_that_gives_a_record_to_another_inventory_is_refused(shop: Shop) -> None:
    _forge(shop, _said(shop), shown=_said(shop, inventory="inventory shop/other"))

    with pytest.raises(TrustError, match="not of inventory shop/other, as its list says"):
        shop.newest()


def test_a_tag_that_was_moved_back_hides_nothing(shop: Shop) -> None:
    shop.deploy("one")
    old = shop.tag()
    shop.deploy("two", time=NOW + 5)
    shop.deploy("three", time=NOW + 6)

    shop.move_tag(old)

    assert shop.newest().record.digest == shop.publish("three").digest
    assert not shop.newest().is_listed
    history = read_history(DeployedName("prod"), shop.records, trusting("cluster"))
    assert [item.record.time - NOW for item in history.records] == [6, 5, 0]
    assert [note for note in history.notes if "lacks the newest record of inventory shop/shop" in note]


def test_a_new_list_with_an_old_record_alone_hides_nothing(shop: Shop) -> None:
    first = shop.deploy("one")
    shop.deploy("two", time=NOW + 5)

    # The tag may also name the record itself.
    shop.move_tag(first.digest)

    assert shop.newest().record.digest == shop.publish("two").digest


def test_of_two_that_recorded_at_once_neither_is_lost(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("other", inventory="inventory shop/other")
    before = shop.tag()
    shop.deploy("two", time=NOW + 5)
    # The other one had read the list before ours was written, and writes its own after we looked at ours.
    shop.move_tag(before)
    shop.deploy("another", time=NOW + 6, inventory="inventory shop/other")

    assert shop.newest(inventory="shop/shop").record.digest == shop.publish("two").digest
    shop.deploy("three", time=NOW + 7)
    listed = listed_records(shop.records, "prod")
    assert [item.time - NOW for item in listed if item.inventory == "inventory shop/shop"] == [7, 5, 0]


def test_of_several_inventories_those_that_were_deleted_need_no_words(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("other", inventory="inventory shop/other")

    shop.delete_inventory("inventory shop/other", NOW + 5)

    assert shop.newest().record.inventory == "inventory shop/shop"
    assert shop.newest(inventory="other").record.result is Deployed.DELETED


def test_a_list_cannot_say_that_an_inventory_was_deleted(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("other", inventory="inventory shop/other")
    said = listed_records(shop.records, "prod")
    lied = [replace(item, descriptor=_with_result(item.descriptor, "deleted")) for item in said]
    shop.records.write_manifest(write_list("prod", lied, None), "deployed-prod")

    with pytest.raises(UsageError, match="is not one inventory"):
        shop.newest()


def test_names_in_a_list_are_shown_without_control_characters(shop: Shop) -> None:
    for name in ("evil\x1b[2J", "other"):
        shop.deploy("one", inventory=f"inventory shop/{name}")

    with pytest.raises(UsageError, match=r"records of inventory shop/evil") as caught:
        shop.newest()
    with pytest.raises(ArtifactNotFoundError, match=r"records of: inventory shop/evil") as missing:
        shop.newest(inventory="nobody")
    assert "\x1b" not in f"{caught.value.message}{caught.value.hint}{missing.value.message}"


def _with_result(descriptor: Descriptor, result: str) -> Descriptor:
    return replace(descriptor, annotations={**descriptor.annotations, ANNOTATION_RESULT: result})


def test_a_stranger_cannot_make_a_good_record_look_old(shop: Shop) -> None:
    shop.deploy("one")
    good = shop.tag()
    shop.deploy("two", by="stranger", time=NOW + 5)

    shop.move_tag(good)

    assert shop.newest().record.digest == shop.publish("one").digest


def test_rubbish_under_the_tag_is_refused(shop: Shop) -> None:
    store(shop.records, Blob("application/vnd.oci.empty.v1+json", b"{}"))
    config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": _EMPTY, "size": 2}
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    shop.records.write_manifest(Blob(OCI_MANIFEST, json.dumps(body).encode()), "deployed-prod")

    with pytest.raises(ArtifactNotFoundError, match="no deploy record of deployed:prod"):
        shop.newest()


_EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_several_inventories_must_be_told_apart(shop: Shop) -> None:
    shop.deploy("one")
    shop.deploy("two", inventory="Kustomization apps/shop", time=NOW + 5)

    with pytest.raises(UsageError, match="Kustomization apps/shop, inventory shop/shop"):
        shop.newest()
    assert shop.newest(inventory="apps/shop").record.digest == shop.publish("two").digest
    assert shop.newest(inventory="shop/shop").record.digest == shop.publish("one").digest
    with pytest.raises(ArtifactNotFoundError, match=r"records of: Kustomization apps/shop"):
        shop.newest(inventory="nobody")


def test_history_is_newest_first_and_passes_over_what_nobody_vouches_for(shop: Shop) -> None:
    shop.deploy("one", by="stranger")
    shop.deploy("two", time=NOW + 5)
    shop.deploy("three", time=NOW + 9, inventory="inventory shop/other")

    history = read_history(DeployedName("prod"), shop.records, trusting("cluster"))

    assert [item.record.time - NOW for item in history.records] == [9, 5]
    assert len(history.notes) == 1
    assert "is passed over" in history.notes[0]


def test_history_can_be_limited(shop: Shop) -> None:
    for number in range(4):
        shop.deploy(f"v{number}", time=NOW + number)

    history = read_history(DeployedName("prod"), shop.records, trusting("cluster"), limit=2)

    assert [item.record.time - NOW for item in history.records] == [3, 2]
