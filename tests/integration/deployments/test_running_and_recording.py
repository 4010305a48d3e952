"""``gitless run`` with records: what verify found is what is recorded."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.integration.deployments.conftest import Gitless, Registries
from tests.platform import control_plane as platform

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{{path: app}}]
artifact: {{repository: "{repository}", tags: [main]}}
signing: {{key: release.key}}
trust: {{keys: [release.pub]}}
records: {{keys: [cluster.pub]}}
targets:
  production:
    kubeconfig: {kubeconfig}
    namespace: {namespace}
    timeout: 20s
    deployRecord:
      cluster: prod
      repository: {repository}-deployments
      signing: {{key: cluster.key}}
"""
SERVICE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"text": "one"},
}
HOPELESS = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "nobody-has-this",
        "resources": {"requests": {"storage": "1Gi"}},
    },
}


@pytest.fixture
def repository(registries: Registries, folder: Path, control_plane: platform.Cluster, namespace: str) -> str:
    (folder / "app").mkdir()
    (folder / "app" / "a.json").write_text(json.dumps(SERVICE))
    made = f"oci://{registries.artifacts.address}/run-{uuid.uuid4().hex[:8]}"
    said = SETTINGS.format(repository=made, kubeconfig=control_plane.kubeconfig, namespace=namespace)
    (folder / "gitless.yaml").write_text(said)
    return made


def test_what_verify_finds_healthy_is_recorded_as_such(gitless: Gitless, repository: str) -> None:
    done = gitless("run", "-o", "json")
    assert done.code == 0, done.err

    found = gitless("history", "--cluster", "prod", "-o", "json").document["deployments"]

    assert [(item["result"], item["repository"]) for item in found] == [("healthy", repository)]
    assert gitless("wait", f"{repository}:main", "--deployed", "prod", "--timeout", "1s").code == 0
    assert gitless("diff", "deployed:prod", "app", "--exit-code").code == 0


def test_what_does_not_become_healthy_is_recorded_as_failed(gitless: Gitless, folder: Path, repository: str) -> None:
    (folder / "app" / "b.json").write_text(json.dumps(HOPELESS))

    assert gitless("run", "--timeout", "3s").code == 7

    found = gitless("history", "--cluster", "prod", "-o", "json").document["deployments"]
    assert [(item["result"], item["message"], item["objects"]) for item in found] == [("failed", "health", 2)]
    failed = gitless("wait", f"{repository}:main", "--deployed", "prod", "--timeout", "1s")
    assert failed.code == 7
    assert "it failed on prod" in failed.err


def test_an_option_wins_over_the_file(gitless: Gitless, repository: str) -> None:
    assert gitless("run", "--deploy-record", "other", "--record-signing-key", "release.key").code == 0

    assert gitless("history", "--cluster", "prod").code == 5
    listed = gitless("list", f"{repository}-deployments", "-o", "json").document["artifacts"]
    assert [item["tag"] for item in listed] == ["deployed-other"]
