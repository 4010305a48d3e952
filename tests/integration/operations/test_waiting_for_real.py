"""``gitless wait`` on a real API server, whose statuses the tests write as Flux's controllers do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.operations.conftest import Controllers, Gitless
from tests.integration.operations.proxy import Proxy
from tests.unit.flux_commands.objects import AFTER, BEFORE, OURS, UNKNOWN, URL, failed

pytestmark = pytest.mark.cluster

Meanwhile = Callable[..., None]
WANTED = f"{URL}@{OURS}"


def test_a_delivery_is_followed_to_its_end(controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile) -> None:
    controllers.source(BEFORE)
    controllers.kustomization(BEFORE)
    meanwhile(
        controllers.source,
        lambda: controllers.kustomization(BEFORE, OURS, [UNKNOWN]),
        controllers.kustomization,
    )

    outcome = gitless("wait", WANTED, "--timeout", "20s", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert outcome.document["outcome"] == "delivered"
    assert outcome.document["kustomizations"][0]["lastAppliedDigest"] == OURS
    assert "still has main@" in outcome.err


def test_a_failed_health_check_ends_with_7_and_the_reason(
    controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile
) -> None:
    controllers.source()
    controllers.kustomization(BEFORE)
    unhealthy = failed("HealthCheckFailed", "timeout waiting for: [Deployment/shop/web status: 'InProgress']")
    meanwhile(
        lambda: controllers.kustomization(BEFORE, OURS, [UNKNOWN]),
        lambda: controllers.kustomization(BEFORE, OURS, unhealthy),
    )

    outcome = gitless("wait", WANTED, "--timeout", "20s")

    assert outcome.code == 7
    assert ": failed after" in outcome.out
    assert "HealthCheckFailed: timeout waiting for: [Deployment/shop/web" in outcome.err


def test_a_changed_spec_makes_ready_stale(controllers: Controllers, gitless: Gitless) -> None:
    controllers.source()
    controllers.kustomization(spec={"path": "./deploy"})
    controllers.kustomization(spec={"path": "./other"})  # generation 2, of which the status does not speak

    outcome = gitless("wait", WANTED, "--timeout", "1s", "-o", "json")

    assert (outcome.code, outcome.document["outcome"]) == (7, "timeout")


def test_what_others_overtake_is_superseded(controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile) -> None:
    controllers.source()
    controllers.kustomization(BEFORE)
    meanwhile(lambda: controllers.source(AFTER))

    outcome = gitless("wait", WANTED, "--timeout", "20s", "-o", "json")

    assert (outcome.code, outcome.document["outcome"]) == (7, "superseded")


def test_a_source_that_is_deleted_ends_the_wait(
    controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile
) -> None:
    source = controllers.source(BEFORE)
    controllers.kustomization(BEFORE)
    meanwhile(lambda: controllers.delete(source))

    outcome = gitless("wait", WANTED, "--timeout", "20s")

    assert outcome.code == 7
    assert "is gone" in outcome.err


def test_an_api_server_that_restarts_is_waited_for(
    controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile, proxy: tuple[Proxy, Path]
) -> None:
    way, kubeconfig = proxy
    controllers.source(BEFORE)
    controllers.kustomization(BEFORE)
    meanwhile(way.cut, controllers.source, controllers.kustomization, way.mend)

    outcome = gitless("wait", WANTED, "--timeout", "30s", kubeconfig=kubeconfig)

    assert outcome.code == 0, outcome.err
    assert outcome.err.count("trying again") == 1


def test_the_source_is_asked_to_look_now(controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile) -> None:
    source = controllers.source(BEFORE)
    controllers.kustomization(BEFORE)

    def look() -> None:
        token = controllers.request(source)
        controllers.source(status={"lastHandledReconcileAt": token})

    meanwhile(look, controllers.kustomization)

    assert gitless("wait", WANTED, "--timeout", "20s", "--reconcile").code == 0


def test_every_namespace_is_looked_into_where_asked(controllers: Controllers, gitless: Gitless) -> None:
    controllers.source()
    controllers.kustomization(name=controllers.namespace)

    outcome = gitless("wait", WANTED, "-A", "--kustomization", controllers.namespace, "-o", "json")

    assert outcome.code == 0, outcome.err
    assert [item["namespace"] for item in outcome.document["kustomizations"]] == [controllers.namespace]


def test_where_nothing_reads_the_repository_it_is_a_mistake(controllers: Controllers, gitless: Gitless) -> None:
    controllers.source()

    assert gitless("wait", f"oci://registry.example/other@{OURS}").code == 2
    assert gitless("wait", WANTED).code == 2
