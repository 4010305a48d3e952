from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, Manifests, Resource
from pipeline.model.plan import ABSENT, SENSITIVE, FieldChange
from pipeline.model.trust.policy import UnsafeSkipVerification
from pipeline.reports.console import JsonLog
from pipeline.stages.apply import apply
from pipeline.stages.diff import diff_live
from pipeline.stages.fetch import trust_local
from pipeline.testing.clock import MemoryClock
from pipeline.testing.cluster import MemoryCluster

OPTIONS = ApplyOptions(inventory="shop", namespace="shop", concurrency=1)
OLD, NEW = "db-5k2fm8gt4h", "db-7bc5dh2g9k"


class Cluster(MemoryCluster):
    """Lets nobody read the object of the name ``hidden``."""

    hidden = ""

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        if name == self.hidden:
            raise ClusterError("forbidden", code="cluster.denied")
        return super().read(resource_type, namespace, name)


def secret(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def config(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def manifests(*bodies: dict[str, Any]) -> Manifests:
    return Manifests.of(map(Resource.from_body, bodies))


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(namespaces=("default", "shop"))


def applied(cluster: Cluster, *bodies: dict[str, Any]) -> None:
    import sys

    trusted = trust_local(manifests(*bodies), UnsafeSkipVerification())
    apply(trusted, cluster, OPTIONS, reporter=JsonLog(sys.stderr, verbose=False), clock=MemoryClock())
    cluster.requests.clear()


def look(cluster: Cluster, *bodies: dict[str, Any], is_full: bool = False) -> LivePlan:
    return diff_live(manifests(*bodies), cluster, OPTIONS, is_full=is_full)


def test_a_renamed_secret_tells_which_keys_changed(cluster: Cluster) -> None:
    applied(cluster, secret(OLD, a="MQ==", b="Mg=="))
    created, pruned = look(cluster, secret(NEW, a="MQ==", b="Mw==")).plan.changes
    assert created.fields == (FieldChange("data.b", SENSITIVE, SENSITIVE),)
    assert (created.renamed_from, pruned.renamed_to) == (pruned.object_id, created.object_id)


def test_who_may_not_read_the_old_secret_still_sees_the_rename(cluster: Cluster) -> None:
    applied(cluster, secret(OLD, a="MQ=="))
    cluster.hidden = OLD
    created, pruned = look(cluster, secret(NEW, a="Mg==")).plan.changes
    assert created.renamed_from == pruned.object_id
    assert created.fields == ()


def test_drift_names_its_manager_and_a_desired_change_is_no_drift(cluster: Cluster) -> None:
    applied(cluster, config("a", x="1"), config("b", x="1"))
    cluster.apply_as("somebody", config("a", x="2"))
    drifted, changed = look(cluster, config("a", x="1"), config("b", x="2")).plan.changes
    assert drifted.fields == (FieldChange("data.x", "2", "1", manager="somebody", is_drift=True),)
    assert changed.fields == (FieldChange("data.x", "1", "2"),)


def test_the_content_of_creations_is_told_on_request_with_secrets_hidden(cluster: Cluster) -> None:
    (plain,) = look(cluster, secret("db", a="MQ==")).plan.changes
    (full,) = look(cluster, secret("db", a="MQ=="), is_full=True).plan.changes
    assert plain.fields == ()
    assert FieldChange("data.a", ABSENT, SENSITIVE) in full.fields


def test_the_content_of_what_is_pruned_is_told_on_request_where_it_may_be_read(cluster: Cluster) -> None:
    applied(cluster, config("gone", x="1"), secret("db", a="MQ=="))
    plain = look(cluster, config("new")).plan.changes[1:]
    full = look(cluster, config("new"), is_full=True).plan.changes[1:]
    assert [change.fields for change in plain] == [(), ()]
    told = {change.object_id.kind: change.fields for change in full}
    assert told == {
        "Secret": (FieldChange("data.a", SENSITIVE, ABSENT),),
        "ConfigMap": (FieldChange("data.x", "1", ABSENT),),
    }
    cluster.hidden = "gone"
    hidden = {
        change.object_id.name: change.fields for change in look(cluster, config("new"), is_full=True).plan.changes
    }
    assert hidden["gone"] == ()


def test_what_the_server_could_not_check_and_a_missing_inventory_are_noted(cluster: Cluster) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fresh"}}
    live = look(cluster, namespace, config("a", namespace="fresh"))
    assert [change.reason for change in live.plan.changes] == ["", ""]
    assert live.notes == (
        "there is no inventory shop/shop yet: nothing of it can be pruned",
        "1 object is not checked by the server, for the kind or namespace comes with the manifests",
    )


def test_a_diff_sends_nothing_but_dry_runs(cluster: Cluster) -> None:
    applied(cluster, config("a", x="1"), config("gone"))
    before = cluster.bodies()
    look(cluster, config("a", x="2"), config("new"))
    assert cluster.bodies() == before
    assert not {call for call, _ in cluster.requests} & {"apply", "delete", "save_inventory"}
