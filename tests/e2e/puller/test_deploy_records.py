"""The puller records what it applied, and a CI without any access to the cluster reads it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.artifacts import Published
from tests.e2e.puller.conftest import Realm
from tests.platform.flux import NAMESPACE
from tests.platform.puller import Puller, puller
from tests.platform.registries import DebianRegistry
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment
from tests.reconciling import Body, World

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

_KEY = ("--record-key", "cosign.pub")
SECRET = "hunter2"
MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {text: TEXT}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: hunter2}
"""


@dataclass(frozen=True)
class Ci:
    """A job with the cluster's public key and a login for the records, and nothing else."""

    folder: Path
    login: Path
    records: str

    def gitless(self, *arguments: str, trusting: Sequence[str] = _KEY) -> subprocess.CompletedProcess[str]:
        where = ["--record-repository", self.records, "--record-registry-config", str(self.login)]
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments, *trusting, *where],
            cwd=self.folder,
            env={"HOME": str(self.folder), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def history(self, trusting: Sequence[str] = _KEY) -> list[dict[str, Any]]:
        """What is recorded, newest first."""
        found = self.gitless("history", "--cluster", "prod", "-o", "json", trusting=trusting)
        if found.returncode == 5:
            return []
        assert found.returncode == 0, found.stderr
        assert SECRET not in found.stdout
        deployments: list[dict[str, Any]] = json.loads(found.stdout)["deployments"]
        return deployments

    def until(self, number: int, trusting: Sequence[str] = _KEY) -> list[dict[str, Any]]:
        """The history once it has so many records."""
        end = time.monotonic() + 60
        while len(found := self.history(trusting)) < number:
            assert time.monotonic() < end, found
            time.sleep(0.5)
        return found


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    """A registry that asks for a login; the artifacts' registry asks for none."""
    with DebianRegistry.start(tmp_path_factory.mktemp("records"), auth="basic") as started:
        yield started


@pytest.fixture
def ci(records: DebianRegistry, tmp_path: Path) -> Ci:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "COSIGN_PASSWORD": "throw-away"}
    subprocess.run([sys.executable, "-m", "pipeline", "keys", "generate"], cwd=tmp_path, env=environment, check=True)
    login = tmp_path / "login.json"
    secret = base64.b64encode(f"{records.username}:{records.password}".encode()).decode()
    login.write_text(json.dumps({"auths": {records.address: {"auth": secret}}}))
    return Ci(tmp_path, login, f"oci://{records.address}/{tmp_path.name}-deployments".lower())


@pytest.fixture
def recording(realm: Realm, ci: Ci) -> Callable[..., AbstractContextManager[Puller]]:
    """A puller that records, with its key and its login in Secrets of its own namespace."""
    system = World(realm.plane.access, realm.registry.address, NAMESPACE)
    system.put({"kind": "Namespace", "metadata": {"name": NAMESPACE}})
    key = {"cosign.key": (ci.folder / "cosign.key").read_text(), "cosign.password": "throw-away"}
    system.put({"kind": "Secret", "metadata": {"name": "records-key"}, "stringData": key})
    system.put(
        {
            "kind": "Secret",
            "metadata": {"name": "records-login"},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": ci.login.read_text()},
        }
    )

    def start(
        repository: str = ci.records,
        *,
        before: Sequence[str] = (),
        key_secret: str | None = "records-key",
        sigstore: str | None = None,
    ) -> AbstractContextManager[Puller]:
        return puller(
            ci.folder / "puller",
            realm.plane.kubeconfig,
            before=before,
            enable_leader_election=False,
            deploy_record="prod",
            record_repository=repository,
            record_key_secret=key_secret,
            record_keyless=key_secret is None,
            record_sigstore=sigstore,
            record_registry_secret="records-login",
            keep_records=3,
        )

    return start


def _trusting(services: SigstoreDeployment) -> list[str]:
    return [
        f"--record-certificate-identity={SUBJECT}",
        f"--record-certificate-oidc-issuer={ISSUER}",
        f"--record-trusted-root={services.trusted_root}",
    ]


def _deliver(world: World, text: str) -> Published:
    published = world.publish({"all.yaml": MANIFEST.replace("TEXT", text)})
    world.source()
    world.request("OCIRepository", "app")
    world.kustomization()
    return published


def test_one_record_for_each_change_which_a_ci_without_the_cluster_reads(
    realm: Realm, ci: Ci, recording: Callable[..., AbstractContextManager[Puller]]
) -> None:
    world = realm.world()
    repository = f"oci://{realm.registry.address}/{world.namespace}/app"
    with recording():
        one = _deliver(world, "one")
        world.applied("app", one.digest)
        (first,) = ci.until(1)
        for _ in range(3):
            world.reconcile("Kustomization")
        two = _deliver(world, "two")
        world.applied("app", two.digest)
        found = ci.until(2)
        waited = ci.gitless("wait", f"{repository}@{two.digest}", "--deployed", "prod", "--accept-applied")
        diff = ci.gitless("diff", "deployed:prod", f"{repository}@{one.digest}", "-o", "json")
        world.delete("Kustomization", "app")
        gone = ci.until(3)

    assert [item["digest"] for item in found] == [two.digest, one.digest]
    assert found[1] == first
    assert found[0]["inventory"] == f"Kustomization {world.namespace}/app"
    assert found[0]["changes"] == {"created": 0, "changed": 1, "deleted": 0, "unknown": 1}
    assert diff.returncode == 0, diff.stderr
    assert json.loads(diff.stdout)["counts"]["configure"] == 1
    assert json.loads(diff.stdout)["from"]["digest"] == two.digest
    assert waited.returncode == 0, waited.stderr
    assert (gone[0]["result"], gone[0]["digest"], gone[0]["changes"]["deleted"]) == ("deleted", two.digest, 2)
    assert gone[1:] == found


def test_without_a_key_the_clusters_identity_signs(
    realm: Realm,
    ci: Ci,
    recording: Callable[..., AbstractContextManager[Puller]],
    sigstore_deployment: SigstoreDeployment,
) -> None:
    world, services = realm.world(), sigstore_deployment
    documents = {file.name: file.read_text() for file in (services.signing_config, services.trusted_root)}
    system = World(realm.plane.access, realm.registry.address, NAMESPACE)
    system.put({"kind": "ConfigMap", "metadata": {"name": "sigstore"}, "data": documents})
    token = f"SIGSTORE_ID_TOKEN={services.token_file().read_text().strip()}"
    with recording(before=["env", token], key_secret=None, sigstore="sigstore"):
        one = _deliver(world, "one")
        world.applied("app", one.digest)
        (found,) = ci.until(1, _trusting(services))

    assert (found["digest"], found["result"]) == (one.digest, "applied")
    assert SUBJECT in found["signer"]


def test_a_restart_writes_nothing_and_a_failure_is_recorded(
    realm: Realm, ci: Ci, recording: Callable[..., AbstractContextManager[Puller]]
) -> None:
    world = realm.world()
    with recording() as started:
        one = _deliver(world, "one")
        world.applied("app", one.digest)
        before = ci.until(1)
        started.restart()
        world.reconcile("Kustomization")
        broken = world.update({"all.yaml": "kind: {"})
        world.until("Kustomization", "app", lambda body: _reason(body) == "BuildFailed", "the failure")
        found = ci.until(2)

    assert found[1:] == before
    assert (found[0]["digest"], found[0]["result"], found[0]["message"]) == (broken.digest, "failed", "BuildFailed")
    repository = f"oci://{realm.registry.address}/{world.namespace}/app"
    waited = ci.gitless("wait", f"{repository}@{broken.digest}", "--deployed", "prod", "--timeout", "5s")
    assert waited.returncode == 7, waited.stderr
    diff = ci.gitless("diff", "deployed:prod", f"{repository}@{one.digest}", "-o", "json")
    assert json.loads(diff.stdout)["from"]["digest"] == one.digest
    assert any("failed (BuildFailed)" in note for note in json.loads(diff.stdout)["notes"])


def test_a_registry_that_does_not_answer_disturbs_nothing(
    realm: Realm, recording: Callable[..., AbstractContextManager[Puller]]
) -> None:
    world = realm.world()
    with recording("oci://127.0.0.1:1/nowhere") as started:
        one = _deliver(world, "one")
        world.applied("app", one.digest)
        two = _deliver(world, "two")
        world.applied("app", two.digest)
        events = world.until(
            "Kustomization", "app", lambda _: "DeployRecordFailed" in _reasons(world), "an event that says so"
        )
        assert _reason(events) == "ReconciliationSucceeded"
        assert started.is_ready()


def _reason(body: Body) -> str:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return next((str(item["reason"]) for item in conditions if item["type"] == "Ready"), "")


def _reasons(world: World) -> set[str]:
    return {str(event["reason"]) for event in world.list("Event")}
