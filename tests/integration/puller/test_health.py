"""Waiting for health: kwok's nodes play the workloads, and statuses are written by hand where that tells more."""

from __future__ import annotations

import json
import time

import pytest

from tests.integration.puller.conftest import only_ours
from tests.reconciling import World, condition, config_map, is_busy, manifest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]


def deployment(name: str = "web", rehearse: str = "") -> str:
    labels = {"app": name, **({"gitless.dev/rehearse": rehearse} if rehearse else {})}
    pod = {"containers": [{"name": "main", "image": "example/main:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return manifest(
        "Deployment", name, spec={"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    )


def job(name: str = "migrate", rehearse: str = "") -> str:
    labels = {"gitless.dev/rehearse": rehearse} if rehearse else {}
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example/main:1"}]}
    return manifest("Job", name, spec={"backoffLimit": 0, "template": {"metadata": {"labels": labels}, "spec": pod}})


def widget_kind(world: World, name: str = "things") -> tuple[str, str]:
    """A kind of this test's own, with a status; its kind and group."""
    group = f"{world.namespace}.gitless.dev"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    world.put(
        {
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{name}.{group}"},
            "spec": {
                "group": group,
                "names": {"kind": "Thing", "plural": name},
                "scope": "Namespaced",
                "versions": [version],
            },
        }
    )
    end = time.monotonic() + 10
    path = f"/apis/{group}/v1/namespaces/{world.namespace}/{name}"
    while not world.access.answers(path):
        assert time.monotonic() < end
        time.sleep(0.1)
    return f"{group}/v1", path


def test_wait_ends_when_everything_is_healthy(world: World) -> None:
    body = world.deliver({"a.yaml": deployment(), "b.yaml": job(), "c.yaml": config_map()}, wait=True)

    assert condition(body, "Healthy")["status"] == "True"
    web = world.get("Deployment", "web")
    assert web is not None
    assert web["status"]["readyReplicas"] == 1


def test_a_failed_job_fails_the_reconciliation(world: World) -> None:
    world.publish({"b.yaml": job(rehearse="crash")})
    world.source()
    world.kustomization(wait=True)

    body = world.failed("Kustomization", reason="HealthCheckFailed")

    assert "migrate" in condition(body, "Ready")["message"]
    assert condition(body, "Healthy")["status"] == "False"


def test_health_checks_name_what_is_waited_for(world: World) -> None:
    files = {"a.yaml": deployment("good"), "b.yaml": deployment("bad", "never-ready")}
    check = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "good", "namespace": world.namespace}

    world.deliver(files, healthChecks=[check])


def test_what_is_not_healthy_in_time_fails_and_says_so_until_then(world: World) -> None:
    world.publish({"b.yaml": deployment("bad", "never-ready")})
    world.source()
    world.kustomization(wait=True, timeout="2s", retryInterval="1h")

    world.there("Deployment", "bad")
    body = world.until("Kustomization", "app", is_busy, "the health check")
    assert condition(body, "Ready")["status"] == "Unknown"

    # Flux waits 30 seconds at least, whatever is asked for.
    body = world.failed("Kustomization", reason="HealthCheckFailed")
    assert "bad" in condition(body, "Ready")["message"]


def test_expressions_tell_the_health_of_custom_kinds(world: World) -> None:
    version, path = widget_kind(world)
    body = {"apiVersion": version, "kind": "Thing", "metadata": {"name": "one"}}
    world.publish({"a.yaml": json.dumps(body)})
    world.source()
    rule = {
        "apiVersion": version,
        "kind": "Thing",
        "current": "status.phase == 'Done'",
        "inProgress": "!has(status.phase) || status.phase == 'Busy'",
        "failed": "status.phase == 'Broken'",
    }
    world.kustomization(wait=True, healthCheckExprs=[rule], retryInterval="1s")
    end = time.monotonic() + 20
    while not world.access.answers(f"{path}/one"):
        assert time.monotonic() < end
        time.sleep(0.1)

    for phase in ("Busy", "Broken"):
        world.access.request(
            "PATCH", f"{path}/one/status", {"status": {"phase": phase}}, content_type="application/merge-patch+json"
        )
        if phase == "Broken":
            world.failed("Kustomization", reason="HealthCheckFailed")
    world.access.request(
        "PATCH", f"{path}/one/status", {"status": {"phase": "Done"}}, content_type="application/merge-patch+json"
    )

    world.ready("Kustomization")


@only_ours
def test_a_new_revision_ends_the_wait_for_the_old(world: World) -> None:
    world.publish({"b.yaml": deployment("web", "never-ready")})
    world.source()
    world.kustomization(wait=True, timeout="10m")
    world.there("Deployment", "web")

    began = time.monotonic()
    published = world.update({"b.yaml": deployment("web")})

    world.applied("app", published.digest)
    assert time.monotonic() - began < 20


@only_ours
def test_a_slow_one_holds_up_no_other(world: World) -> None:
    world.publish({"b.yaml": deployment("web", "never-ready")}, name="slow")
    world.source("slow")
    for number in range(12):
        world.kustomization(f"slow-{number}", source="slow", wait=True, timeout="10m", path="./")
    world.there("Deployment", "web")

    world.deliver({"a.yaml": config_map()})
