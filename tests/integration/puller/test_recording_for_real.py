"""Events as the real API server stores and shows them."""

from __future__ import annotations

import io
import os
import subprocess
import uuid

import pytest

from pipeline import wiring
from pipeline.clock import SystemClock
from pipeline.model.flux.api import CONFIG_MAPS, EVENTS
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import ApiServer
from pipeline.puller.recording import EventRecorder
from pipeline.reports.log import Log
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def api(control_plane: Cluster) -> ApiServer:
    options = ClusterOptions(kubeconfig=str(control_plane.kubeconfig))
    return wiring.api_server(options, os.environ, Log(io.StringIO()))


def test_events_are_stored_counted_and_shown(api: ApiServer, control_plane: Cluster, namespace: str) -> None:
    name = f"it-{uuid.uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
    about = {"apiVersion": "v1", "kind": "ConfigMap"} | dict(api.create(CONFIG_MAPS, body, manager="test"))
    log = io.StringIO()
    recorder = EventRecorder(api, SystemClock(), Log(log), controller="gitless", instance="gitless-0")
    recorder.start()

    for message in ("Applied revision: v1", "x" * 5000, "Applied revision: v1"):
        recorder.record(about, ObjectEvent(Severity.INFO, "ReconciliationSucceeded", message, {"a.b/revision": "v1"}))
    recorder.record(about, ObjectEvent(Severity.ERROR, "BuildFailed", "línea 1\nline 2"))
    recorder.stop(10)

    assert log.getvalue() == ""
    stored = api.list(EVENTS, namespace, fields=f"involvedObject.name={name}").items
    assert sorted((event["type"], event["reason"], event["count"]) for event in stored) == [
        ("Normal", "ReconciliationSucceeded", 1),
        ("Normal", "ReconciliationSucceeded", 2),
        ("Warning", "BuildFailed", 1),
    ]
    assert {event["involvedObject"]["uid"] for event in stored} == {about["metadata"]["uid"]}
    assert {event["reportingComponent"] for event in stored} == {"gitless"}
    shown = subprocess.run(
        [
            str(binary("kubectl")),
            f"--kubeconfig={control_plane.kubeconfig}",
            "events",
            "-n",
            namespace,
            f"--for=configmap/{name}",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "Applied revision: v1" in shown
    assert "BuildFailed" in shown


def test_a_namespace_that_is_gone_is_only_a_line_in_the_log(api: ApiServer) -> None:
    log = io.StringIO()
    recorder = EventRecorder(api, SystemClock(), Log(log), controller="gitless", instance="gitless-0")
    recorder.start()

    gone = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it", "namespace": "nowhere"}}
    recorder.record(gone, ObjectEvent(Severity.INFO, "Reason", "message"))
    recorder.stop(10)

    assert "cannot write an Event" in log.getvalue()
