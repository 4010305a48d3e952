from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.puller.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(api_host="10.96.0.1")


def samples(metrics: Metrics, name: str, /) -> Iterator[tuple[dict[str, str], float]]:
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            if sample.name == name:
                yield sample.labels, sample.value


def value(metrics: Metrics, name: str, /, **labels: str) -> float:
    found = [number for of, number in samples(metrics, name) if labels.items() <= of.items()]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def test_reconciliations_are_counted_as_flux_counts_them(metrics: Metrics) -> None:
    metrics.reconciled("Kustomization", "shop", "web", seconds=0.3, succeeded=True)
    metrics.reconciled("Kustomization", "shop", "web", seconds=4000, succeeded=False)

    of = {"kind": "Kustomization", "name": "web", "namespace": "shop"}
    assert value(metrics, "gotk_reconcile_duration_seconds_count", **of) == 2
    assert value(metrics, "gotk_reconcile_duration_seconds_sum", **of) == pytest.approx(4000.3)
    buckets = [number for _, number in samples(metrics, "gotk_reconcile_duration_seconds_bucket")]
    assert buckets == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2]
    assert value(metrics, "controller_runtime_reconcile_total", controller="kustomization", result="success") == 1
    assert value(metrics, "controller_runtime_reconcile_total", controller="kustomization", result="error") == 1
    assert value(metrics, "controller_runtime_reconcile_total", controller="ocirepository", result="error") == 0
    assert value(metrics, "controller_runtime_reconcile_errors_total", controller="kustomization") == 1
    assert value(metrics, "controller_runtime_reconcile_time_seconds_count", controller="kustomization") == 2


def test_bounds_of_buckets_belong_to_them(metrics: Metrics) -> None:
    metrics.reconciled("OCIRepository", "shop", "web", seconds=0.01, succeeded=True)

    assert value(metrics, "gotk_reconcile_duration_seconds_bucket", le="0.01") == 1


def test_an_object_is_shown_as_the_dashboards_select_it(metrics: Metrics) -> None:
    metrics.object_state(
        "Kustomization", "shop", "web", ready="False", suspended=True, revision="v1@sha256:0", source_name="source"
    )
    metrics.object_state("OCIRepository", "shop", "source", ready="True", suspended=False, url="oci://r.example/a")

    kustomization, source = (labels for labels, _ in samples(metrics, "gotk_resource_info"))
    assert kustomization == {
        "customresource_group": "kustomize.toolkit.fluxcd.io",
        "customresource_kind": "Kustomization",
        "customresource_version": "v1",
        "exported_namespace": "shop",
        "name": "web",
        "ready": "False",
        "suspended": "true",
        "revision": "v1@sha256:0",
        "source_name": "source",
    }
    assert source["url"] == "oci://r.example/a"
    assert source["suspended"] == "false"


def test_a_new_state_replaces_the_old(metrics: Metrics) -> None:
    for ready in ("Unknown", "True"):
        metrics.object_state("Kustomization", "shop", "web", ready=ready, suspended=False)

    assert [labels["ready"] for labels, _ in samples(metrics, "gotk_resource_info")] == ["True"]


def test_nothing_is_left_of_a_forgotten_object(metrics: Metrics) -> None:
    for name in ("gone", "kept"):
        metrics.reconciled("OCIRepository", "shop", name, seconds=1, succeeded=True)
        metrics.object_state("OCIRepository", "shop", name, ready="True", suspended=False)
        metrics.drift("OCIRepository", "shop", name, 2)
        metrics.artifact("shop", name, 1234)

    metrics.forget("OCIRepository", "shop", "gone")
    metrics.forget("OCIRepository", "shop", "never there")

    assert b'"gone"' not in metrics.text()
    assert value(metrics, "gitless_drift_objects", name="kept") == 2
    assert value(metrics, "gitless_artifact_size_bytes", name="kept") == 1234


@pytest.mark.parametrize("evil", ['a"b', "a\\b", "a\nb", "a\\n", 'a"} 1\nfake{x="', "ü"])
def test_label_values_are_escaped(metrics: Metrics, evil: str) -> None:
    metrics.object_state("Kustomization", "shop", "web", ready="True", suspended=False, revision=evil)

    assert [labels["revision"] for labels, _ in samples(metrics, "gotk_resource_info")] == [evil]


def test_requests_queue_workers_and_cache_are_told(metrics: Metrics) -> None:
    metrics.api_request("get", 200, 0.02)
    metrics.api_request("GET", 200, 0.02)
    metrics.api_request("PATCH", 0, 31)
    metrics.registry_request("HEAD", 401, 0.2, "ghcr.io")
    metrics.queue(7)
    metrics.queued_for(0.2)
    metrics.workers(3, of=10)
    metrics.cache(4096)
    metrics.leader("gitless", is_leader=True)
    metrics.events_dropped(2)

    assert value(metrics, "rest_client_requests_total", code="200", method="GET", host="10.96.0.1") == 2
    assert value(metrics, "rest_client_requests_total", code="<error>", method="PATCH") == 1
    assert value(metrics, "gitless_api_request_seconds_count", method="GET") == 2
    assert value(metrics, "gitless_registry_requests_total", code="401", method="HEAD", host="ghcr.io") == 1
    assert value(metrics, "gitless_registry_request_seconds_count", method="HEAD") == 1
    assert value(metrics, "workqueue_depth", name="gitless") == 7
    assert value(metrics, "workqueue_queue_duration_seconds_count", name="gitless") == 1
    assert value(metrics, "controller_runtime_active_workers") == 3
    assert value(metrics, "controller_runtime_max_concurrent_reconciles") == 10
    assert value(metrics, "gitless_cache_bytes") == 4096
    assert value(metrics, "leader_election_master_status", name="gitless") == 1
    assert value(metrics, "gitless_events_dropped_total") == 2
    assert value(metrics, "process_cpu_seconds_total") > 0
    assert value(metrics, "gitless_programs_cpu_seconds_total") >= 0


def test_made_up_hosts_do_not_fill_the_memory(metrics: Metrics) -> None:
    for number in range(500):
        metrics.registry_request("GET", 200, 0.1, f"host-{number}.example")

    hosts = {labels["host"] for labels, _ in samples(metrics, "gitless_registry_requests_total")}
    assert len(hosts) <= 51
    assert "other" in hosts


def test_counting_is_cheap_and_safe_in_threads(metrics: Metrics) -> None:
    def work(number: int) -> None:
        for turn in range(500):
            name = f"app-{turn % 50}"
            metrics.reconciled("Kustomization", "shop", name, seconds=0.1, succeeded=True)
            metrics.object_state("Kustomization", "shop", name, ready="True", suspended=False)
            metrics.api_request("GET", 200, 0.1)
            if turn % 100 == 0:
                metrics.text()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counts: Any = samples(metrics, "gotk_reconcile_duration_seconds_count")
    assert sum(number for _, number in counts) == 2000
    assert value(metrics, "rest_client_requests_total", code="200") == 2000


def test_two_thousand_objects_are_told_in_pieces_and_in_no_time(metrics: Metrics) -> None:
    for number in range(2000):
        metrics.reconciled("Kustomization", "shop", f"app-{number}", seconds=0.1, succeeded=True)

    begun = time.process_time()
    sizes = [len(chunk) for chunk in metrics.chunks()]

    assert time.process_time() - begun < 1
    assert max(sizes) < 200_000
    assert sum(sizes) > 1_000_000
