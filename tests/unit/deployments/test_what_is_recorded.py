"""Names, hashes, lists and histories: the rules that need no registry."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.errors import UsageError
from pipeline.model.applying.inventory import InventoryEntry
from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.deployments.composing import (
    differing,
    hashes_of_entries,
    hashes_of_manifests,
)
from pipeline.model.deployments.document import read_record, record_document
from pipeline.model.deployments.history import Counts, counted, history_of
from pipeline.model.deployments.naming import DeployedName, check_cluster_name, parse_deployed
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.deployments.storage import MAX_LISTED, Listed, listed, merge, record_manifest
from pipeline.model.manifests import Manifests, ObjectId, Resource
from tests.unit.deployments.support import NOW, PASSWORD, SETTINGS, WEB, record

GENERATED = "credentials-4m2t7fg9bh"


def _resource(kind: str, name: str, namespace: str = "shop", **body: object) -> Resource:
    api_version = "apps/v1" if kind == "Deployment" else "v1"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return Resource.from_body({"apiVersion": api_version, "kind": kind, "metadata": metadata, **body})


@pytest.mark.parametrize("name", ["", "Prod", "a.b", "-a", "a-", "a" * 64, "a/b", "a\n"])
def test_what_cannot_be_part_of_a_tag_is_no_cluster(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a cluster"):
        check_cluster_name(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("deployed:prod", DeployedName("prod")),
        ("deployed:prod/shop", DeployedName("prod", "shop")),
        ("prod/apps/shop", DeployedName("prod", "apps/shop")),
        ("deployed:prod/Kustomization apps/shop", DeployedName("prod", "Kustomization apps/shop")),
    ],
)
def test_a_side_names_cluster_and_inventory(text: str, name: DeployedName) -> None:
    assert parse_deployed(text) == name


def test_an_inventory_is_named_as_short_as_possible() -> None:
    inventories = ["inventory shop/web", "Kustomization apps/web", "inventory shop/api"]
    assert DeployedName("prod", "api").choose(inventories) == "inventory shop/api"
    assert DeployedName("prod", "apps/web").choose(inventories) == "Kustomization apps/web"
    with pytest.raises(UsageError, match="deployed:prod/web is not one inventory"):
        DeployedName("prod", "web").choose(inventories)


def test_no_hash_and_no_name_gives_a_secret_away() -> None:
    manifests = Manifests.of(
        [
            _resource("Secret", "plain", stringData={"password": "hunter2"}),
            _resource("Secret", GENERATED, data={"password": "aHVudGVyMg=="}),
            _resource("Deployment", "web", spec={"secretName": GENERATED}),
            _resource("ConfigMap", "settings", data={"text": "one"}),
        ]
    )

    hashes = hashes_of_manifests(manifests, [resource.id for resource in manifests])

    told = json.dumps(record_document(record(objects=hashes)))
    assert "hunter2" not in told
    assert GENERATED not in told
    assert {str(key): bool(value) for key, value in hashes.items()} == {
        "Secret shop/plain": False,
        "Secret shop/credentials-(generated)": False,
        "Deployment.apps shop/web": False,
        "ConfigMap shop/settings": True,
    }


def test_manifests_without_a_namespace_are_found_where_they_were_put() -> None:
    manifests = Manifests.of([_resource("ConfigMap", "settings", "", data={"text": "one"})])

    assert hashes_of_manifests(manifests, [SETTINGS])[SETTINGS]
    assert hashes_of_manifests(Manifests(), [SETTINGS]) == {SETTINGS: ""}


@pytest.mark.parametrize(
    ("name", "has_secret_inputs", "told"),
    [("password", False, "aa" * 32), ("password", True, ""), (GENERATED, False, "")],
)
def test_a_kustomization_that_saw_secrets_tells_no_hash(name: str, *, has_secret_inputs: bool, told: str) -> None:
    secret = replace(PASSWORD, name=name)
    entries = {key: InventoryEntry(key, "v1", "aa" * 32) for key in (SETTINGS, secret)}

    hashes = hashes_of_entries(entries, has_secret_inputs=has_secret_inputs)

    assert hashes.pop(SETTINGS) == told
    assert list(hashes.values()) == [""]


def test_what_the_cluster_has_otherwise_than_the_artifact_is_told() -> None:
    old = Manifests.of([_resource("ConfigMap", "settings", "", data={"text": "one"}), _resource("Secret", "password")])
    new = Manifests.of(
        [
            _resource("ConfigMap", "settings", "", data={"text": "two"}),
            _resource("Secret", "password", data={"a": "Yg=="}),
            _resource("ConfigMap", "more"),
        ]
    )
    recorded = hashes_of_manifests(old, [SETTINGS, PASSWORD])

    assert differing(recorded, old) == ()
    assert differing(recorded, new) == (
        "ConfigMap settings was applied with another content",
        "ConfigMap shop/more is not recorded as applied",
    )


def test_a_record_reads_as_it_was_written() -> None:
    said = record(time=NOW + 0.25, message="x", overrides=("a", "b"))
    assert read_record(json.loads(json.dumps(record_document(said)))) == said


def _listed(number: int, inventory: str = "inventory shop/shop") -> Listed:
    said = record(time=NOW + number, inventory=inventory)
    nothing = Descriptor("x", "sha256:" + "00" * 32, 2)
    return listed(said, record_manifest(said, nothing, nothing))


def test_the_new_record_is_kept_whatever_its_time() -> None:
    old = [_listed(number) for number in range(3)]
    new = _listed(-10)

    merged = merge(old, new, keep=2)

    assert new in merged.records
    assert merged.dropped == (old[0],)
    assert merged.before == old[2].descriptor


def test_a_list_is_bounded_and_the_newest_of_each_inventory_stay_longest() -> None:
    lonely = _listed(-1000, "inventory shop/quiet")
    crowd = [_listed(number, f"inventory shop/{number % 2}") for number in range(MAX_LISTED)]

    merged = merge([lonely, *crowd], _listed(MAX_LISTED), keep=MAX_LISTED)

    assert len(merged.records) == MAX_LISTED
    assert lonely in merged.records
    assert set(merged.dropped) == {crowd[0], crowd[1]}


def _at(seconds: float, objects: dict[ObjectId, str], **changes: object) -> DeployRecord:
    return record(time=NOW + seconds, digest="sha256:" + f"{int(seconds):02d}" * 32, objects=objects, **changes)


def test_an_objects_history_has_what_happened_to_it_newest_first() -> None:
    records = [
        _at(1, {WEB: "a", SETTINGS: "a"}),
        _at(2, {WEB: "b", SETTINGS: "a"}),
        _at(3, {}, result=Deployed.FAILED),
        _at(4, {WEB: "b"}),
        _at(5, {WEB: "b", SETTINGS: "c"}, revision="later"),
    ]

    history = history_of(reversed(records))

    assert [(event.time - NOW, event.change) for event in history[WEB]] == [(2, "changed"), (1, "unchanged")]
    assert [(event.time - NOW, event.change) for event in history[SETTINGS]] == [
        (5, "created"),
        (4, "deleted"),
        (1, "unchanged"),
    ]
    assert (history[SETTINGS][0].revision, history[SETTINGS][0].digest) == ("later", records[4].digest)


def test_what_nobody_can_tell_is_not_told_as_a_change() -> None:
    records = [_at(1, {PASSWORD: ""}), _at(2, {PASSWORD: ""}), replace(_at(2, {PASSWORD: ""}), time=NOW + 3)]

    assert [event.change for event in history_of(records)[PASSWORD]] == ["unknown", "unchanged"]


def test_counts_compare_each_record_with_the_one_before_of_its_inventory() -> None:
    records = [
        _at(1, {WEB: "a", PASSWORD: ""}),
        _at(2, {WEB: "z"}, inventory="inventory shop/other"),
        _at(3, {WEB: "b", SETTINGS: "a", PASSWORD: ""}),
        _at(4, {SETTINGS: "a"}, result=Deployed.FAILED),
        _at(5, {}, result=Deployed.FAILED),
    ]

    assert [(item.time - NOW, counts) for item, counts in counted(records)] == [
        (5, None),
        (4, Counts(deleted=2)),
        (3, Counts(created=1, changed=1, unknown=1)),
        (2, None),
        (1, None),
    ]


def test_where_all_are_the_newest_those_that_were_deleted_go_first() -> None:
    deleted = replace(_listed(5, "Kustomization apps/preview"), result="deleted")
    crowd = [_listed(number, f"Kustomization apps/{number}") for number in range(MAX_LISTED)]

    merged = merge([deleted, *crowd], _listed(MAX_LISTED), keep=5)

    assert len(merged.records) == MAX_LISTED
    assert set(merged.dropped) == {deleted, crowd[0]}
