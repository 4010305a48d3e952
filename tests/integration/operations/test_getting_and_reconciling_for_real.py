"""``get``, ``reconcile``, ``suspend`` and ``resume`` on a real API server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.operations.conftest import Controllers, Gitless
from tests.unit.flux_commands.objects import BEFORE, OURS, condition, failed

pytestmark = pytest.mark.cluster

Meanwhile = Callable[..., None]


def test_what_is_there_is_shown(controllers: Controllers, gitless: Gitless) -> None:
    controllers.source(metadata={"labels": {"team": "shop"}})
    drifted = [
        condition("Ready", "True", "ReconciliationSucceeded", "done"),
        condition("Drifted", "True", "DriftDetected", "configure ConfigMap a/b: data.c (kubectl)"),
    ]
    controllers.kustomization(conditions=drifted, metadata={"annotations": {"gitless.dev/drift": "report"}})
    controllers.kustomization(BEFORE, name="broken", conditions=failed("BuildFailed"))

    everything = gitless("get", "-o", "json").document["objects"]
    wide = gitless("get", "ks", "shop", "-o", "wide")

    assert [(item["kind"], item["name"]) for item in everything] == [
        ("OCIRepository", "shop"),
        ("Kustomization", "broken"),
        ("Kustomization", "shop"),
    ]
    assert everything[0]["created"].endswith("Z")
    assert wide.out.endswith("\n  configure ConfigMap a/b: data.c (kubectl)\n")
    assert gitless("get", "sources", "oci", "-l", "team=other").out == ""
    assert gitless("get", "ks", "--status-selector", "ready=false", "--no-header").out.startswith(
        "broken  main@sha256:b"
    )
    assert gitless("get", "ks", "missing").code == 6


def test_a_kustomization_is_reconciled_with_its_source(
    controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile
) -> None:
    source = controllers.source(BEFORE)
    kustomization = controllers.kustomization(BEFORE)

    def handle_source() -> None:
        token = controllers.request(source)
        controllers.source(status={"lastHandledReconcileAt": token})

    def handle_kustomization() -> None:
        token = controllers.request(kustomization)
        controllers.kustomization(status={"lastHandledReconcileAt": token})

    meanwhile(handle_source, handle_kustomization)

    outcome = gitless("reconcile", "ks", "shop", "--with-source", "--timeout", "30s")

    assert outcome.code == 0, outcome.err
    assert [line.split(" (")[0] for line in outcome.out.splitlines()] == [
        f"✓ OCIRepository {controllers.namespace}/shop: fetched revision main@{OURS}",
        f"✓ Kustomization {controllers.namespace}/shop: applied revision main@{OURS}",
    ]


def test_suspended_objects_are_refused_until_they_are_resumed(
    controllers: Controllers, gitless: Gitless, meanwhile: Meanwhile
) -> None:
    body = controllers.kustomization()

    assert gitless("suspend", "kustomization", "shop").out.endswith("/shop suspended\n")
    assert controllers.read(body)["spec"]["suspend"] is True
    refused = gitless("reconcile", "kustomization", "shop")
    assert refused.code == 2
    assert f"gitless resume kustomization shop -n {controllers.namespace}" in refused.err

    def observe() -> None:
        generation = controllers.read(body)["metadata"]["generation"]
        ready = condition("Ready", "True", "ReconciliationSucceeded", "done", generation)
        controllers.kustomization(observed=generation, conditions=[ready])

    meanwhile(observe)
    resumed = gitless("resume", "kustomization", "--all", "--wait", "--timeout", "20s")

    assert resumed.code == 0, resumed.err
    assert "suspend" not in controllers.read(body)["spec"]
    assert "shop resumed" in resumed.out
