"""From staging to production and back: promoted by digest, rolled back in the cluster, held there until released."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.puller.conftest import Realm
from tests.integration.sign.cosign import Workplace
from tests.platform.registries import DebianRegistry
from tests.reconciling import World, config_map

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("realm")]

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Ci:
    """A job with a folder of manifests, a signing key, and logins for nothing: both registries ask for none."""

    workplace: Workplace
    staging: str
    production: str

    @property
    def folder(self) -> Path:
        return self.workplace.folder

    def gitless(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=self.folder,
            env={"HOME": str(self.folder), "PATH": os.environ["PATH"], "COSIGN_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    def document(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.gitless(*arguments, "-o", "json").stdout)
        return found

    def publish(self, color: str) -> str:
        """Build, push and sign in staging; returns the digest."""
        (self.folder / "app").mkdir(exist_ok=True)
        (self.folder / "app" / "settings.yaml").write_text(config_map(color=color))
        pushed = self.document("package", "app", f"{self.staging}:main")
        self.gitless("sign", pushed["digestUrl"], "--key", "ours.key")
        self.gitless(
            "attest", pushed["digestUrl"], "--key", "ours.key", "--type", "custom", "--predicate", "facts.json"
        )
        digest: str = pushed["digest"]
        return digest

    def promote(self, *, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.gitless("promote", f"{self.staging}:main", f"{self.production}:v1", "--key", "ours.pub", code=code)


@pytest.fixture
def ci(realm: Realm, tmp_path: Path) -> Iterator[Ci]:
    """Staging is a registry without the referrers API, production one with it."""
    with DebianRegistry.start(tmp_path / "staging") as staging:
        workplace = Workplace.in_folder(tmp_path, realm.registry.address)
        (tmp_path / "facts.json").write_text('{"tested": true}')
        yield Ci(workplace, f"oci://{staging.address}/shop", "")


def color(world: World) -> str:
    found = world.get("ConfigMap", "settings")
    assert found is not None
    shown: str = found["data"]["color"]
    return shown


@pytest.mark.parametrize("who", ["puller", "flux"])
def test_a_rollback_takes_effect_in_the_cluster_and_nothing_rolls_forward_until_it_is_released(
    realm: Realm, ci: Ci, who: str
) -> None:
    world = realm.world()
    repository = f"{realm.registry.address}/{world.namespace}/app"
    ci = Ci(ci.workplace, ci.staging, f"oci://{repository}")
    reconciler: AbstractContextManager[object] = realm.puller() if who == "puller" else realm.flux()
    key = (ci.folder / "ours.pub").read_text()
    world.put({"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"ours.pub": key}})
    good = ci.publish("green")
    ci.promote()
    with reconciler:
        world.source(verify={"provider": "cosign", "secretRef": {"name": "keys"}})
        world.kustomization()
        world.applied("app", good)
        bad = ci.publish("red")
        ci.promote()
        world.request("OCIRepository", "app")
        world.applied("app", bad)
        assert color(world) == "red"

        back = ("rollback", f"{ci.production}:v1", "--to", good, "--reason", "orders fail", "--key", "ours.pub")
        told = ci.document(*back, "--signing-key", "ours.key")
        world.request("OCIRepository", "app")
        world.applied("app", good)
        assert color(world) == "green"

        refused = ci.promote(code=9)
        assert "orders fail" in refused.stderr
        settings = f"signing: {{key: ours.key}}\nartifact: {{repository: '{ci.production}', tags: [v1]}}\n"
        head = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nsources: [{path: app}]\n"
        (ci.folder / "gitless.yaml").write_text(head + settings + "trust: {keys: [ours.pub]}\n")
        assert "is locked at" in ci.gitless("run", "--to", "sign", code=9).stderr
        world.reconcile("OCIRepository")
        assert color(world) == "green"

        ci.gitless("rollback", f"{ci.production}:v1", "--release")
        ci.promote()
        world.request("OCIRepository", "app")
        world.applied("app", bad)
        assert color(world) == "red"

    assert (told["previousDigest"], told["lock"]["inForce"]) == (bad, True)
    options = ("--key=ours.pub", "--allow-http-registry", "--insecure-ignore-tlog")
    for digest in (good, bad):
        # All that was signed in staging is found in production, by the real cosign.
        ci.workplace.cosign(3, "verify", *options, f"{repository}@{digest}")
        ci.workplace.cosign(3, "verify-attestation", "--type=custom", *options, f"{repository}@{digest}")
    kind = "--type=https://gitless.dev/attestations/rollback/v1"
    ci.workplace.cosign(3, "verify-attestation", kind, *options, f"{repository}@{good}")
