from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import ObjectId
from pipeline.testing.api_server import MemoryApiServer
from tests.command_line import Outcome, command_line

Gitless = Callable[..., Outcome]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> MemoryApiServer:
    """What every kubeconfig leads to: a source and a Kustomization, in Flux's namespace and in another one."""
    memory = MemoryApiServer(namespaces=("flux-system", "shop"))
    monkeypatch.setattr(wiring, "api_server", lambda *_: memory)
    for namespace in ("flux-system", "shop"):
        source = {
            "apiVersion": OCI_REPOSITORIES.api_version,
            "kind": OCI_REPOSITORIES.kind,
            "metadata": {"name": "apps", "namespace": namespace},
            "spec": {"interval": "1m", "url": "oci://registry.test/apps"},
        }
        memory.create(OCI_REPOSITORIES, source, manager="test")
        kustomization = {
            "apiVersion": KUSTOMIZATIONS.api_version,
            "kind": KUSTOMIZATIONS.kind,
            "metadata": {"name": "apps", "namespace": namespace, "finalizers": ["finalizers.fluxcd.io"]},
            "spec": {"interval": "1m", "prune": True, "sourceRef": {"kind": "OCIRepository", "name": "apps"}},
        }
        memory.create(KUSTOMIZATIONS, kustomization, manager="test")
        status = {"inventory": {"entries": [{"id": f"{namespace}_web_apps_Deployment", "v": "v1"}]}}
        object_id = ObjectId(KUSTOMIZATIONS.group, KUSTOMIZATIONS.kind, namespace, "apps")
        memory.merge_patch(KUSTOMIZATIONS, object_id, {"status": status}, manager="test", subresource="status")
    return memory


@pytest.fixture
def gitless(
    server: MemoryApiServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Gitless:
    """Run a command line with no variables of ours set."""
    del server
    monkeypatch.chdir(tmp_path)
    for name in ("GITLESS_NAMESPACE", "GITLESS_LOG_FORMAT", "GITLESS_OUTPUT"):
        monkeypatch.delenv(name, raising=False)

    return command_line(capsys)
