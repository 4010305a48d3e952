"""Flux's own source-controller, unmodified, takes what we publish and believes what we sign."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.platform.binaries import binary
from tests.platform.control_plane import ControlPlane
from tests.platform.flux import source_controller
from tests.platform.registries import ReferrersRegistry
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("flux")]
GITLESS = Path(sys.executable).parent / "gitless"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: default\ndata: {a: b}\n"


@dataclass(frozen=True)
class Flux:
    folder: Path
    kubeconfig: Path
    registry: str

    def gitless(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(GITLESS), *arguments], check=False, capture_output=True, text=True, cwd=self.folder, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        command = [str(binary("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, input=stdin, timeout=60).stdout

    def publish(self, name: str) -> str:
        (self.folder / "manifests").mkdir(exist_ok=True)
        (self.folder / "manifests" / "settings.yaml").write_text(MANIFEST.replace("b}", f"{name}}}"))
        answer = self.gitless("package", "manifests", f"oci://{self.registry}/flux/{name}:v1", "-o", "json")
        reference: str = json.loads(answer)["digestUrl"]
        return reference

    def watch(self, name: str, verify: dict[str, Any] | None = None) -> dict[str, Any]:
        """Create an OCIRepository with our key, or what else is to be verified, and wait until it is decided on."""
        body = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "url": f"oci://{self.registry}/flux/{name}",
                "ref": {"tag": "v1"},
                "interval": "1m",
                "insecure": True,
                "verify": verify or {"provider": "cosign", "secretRef": {"name": "cosign"}},
            },
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps(body))
        deadline = time.monotonic() + 45
        while time.monotonic() < deadline:
            seen: dict[str, Any] = json.loads(self.kubectl("get", "ocirepository", name, "-n", "default", "-o", "json"))
            conditions = {entry["type"]: entry for entry in seen.get("status", {}).get("conditions", ())}
            if conditions.get("Ready", {}).get("status") in {"True", "False"}:
                return {**seen["status"], "conditions": conditions}
            time.sleep(0.2)
        raise AssertionError(f"source-controller did not decide on {name}")


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flux]:
    folder = tmp_path_factory.mktemp("flux")
    with (
        pytest.MonkeyPatch.context() as environment,
        ReferrersRegistry.start(folder / "registry") as registry,
        ControlPlane.start(folder / "cluster", workloads=False) as plane,
        source_controller(folder / "flux", plane.kubeconfig),
    ):
        environment.setenv("COSIGN_PASSWORD", "throw-away")
        made = Flux(folder, plane.kubeconfig, registry.address)
        made.gitless("keys", "generate")
        made.kubectl("create", "secret", "generic", "cosign", "-n", "default", f"--from-file={folder / 'cosign.pub'}")
        yield made


@pytest.mark.parametrize("signature_format", ["bundle", "simple"])
def test_flux_takes_and_verifies_our_artifact(flux: Flux, signature_format: str) -> None:
    reference = flux.publish(f"signed-{signature_format}")
    flux.gitless("sign", reference, "--key", "cosign.key", "--format", signature_format)

    status = flux.watch(f"signed-{signature_format}")

    assert status["conditions"]["Ready"]["status"] == "True", status["conditions"]
    assert status["conditions"]["SourceVerified"]["status"] == "True"
    assert status["artifact"]["revision"] == "v1@" + reference.rpartition("@")[2]


def test_flux_refuses_what_we_did_not_sign(flux: Flux) -> None:
    flux.publish("unsigned")

    status = flux.watch("unsigned")

    assert status["conditions"]["Ready"]["status"] == "False"
    assert status["conditions"]["Ready"]["reason"] == "VerificationError"


def _keyless(subject: str, secret: str = "usual") -> dict[str, Any]:
    identity = {"issuer": f"^{re.escape(ISSUER)}$", "subject": f"^{re.escape(subject)}$"}
    return {"provider": "cosign", "matchOIDCIdentity": [identity], "trustedRootSecretRef": {"name": secret}}


def _sign_keyless(flux: Flux, sigstore: SigstoreDeployment, reference: str) -> None:
    services = [f"--trusted-root={sigstore.trusted_root}", f"--signing-config={sigstore.signing_config}"]
    flux.gitless("sign", reference, "--keyless", f"--identity-token-file={sigstore.token_file()}", *services)


@pytest.fixture(scope="module")
def trusted_roots(flux: Flux, sigstore_deployment: SigstoreDeployment) -> SigstoreDeployment:
    """Secrets with the deployment's trusted root, and with that of somebody else."""
    for name, view in (("usual", sigstore_deployment), ("other", sigstore_deployment.variant("other"))):
        content = f"--from-file=trusted_root.json={view.trusted_root}"
        flux.kubectl("create", "secret", "generic", name, "-n", "default", content)
    return sigstore_deployment


def test_flux_believes_the_identity_that_we_sign_as(flux: Flux, trusted_roots: SigstoreDeployment) -> None:
    _sign_keyless(flux, trusted_roots, flux.publish("keyless"))

    conditions = flux.watch("keyless", _keyless(SUBJECT))["conditions"]

    assert conditions["Ready"]["status"] == "True", conditions
    assert conditions["SourceVerified"]["status"] == "True"


@pytest.mark.parametrize(
    ("name", "subject", "secret"),
    [("keyless-other-subject", f"{SUBJECT}x", "usual"), ("keyless-other-root", SUBJECT, "other")],
)
def test_flux_refuses_who_is_not_wanted_or_not_vouched_for(
    flux: Flux, trusted_roots: SigstoreDeployment, name: str, subject: str, secret: str
) -> None:
    _sign_keyless(flux, trusted_roots, flux.publish(name))

    conditions = flux.watch(name, _keyless(subject, secret))["conditions"]

    assert conditions["Ready"]["status"] == "False"
    assert conditions["Ready"]["reason"] == "VerificationError"


def test_flux_takes_an_attestation_for_a_signature_which_we_do_not(flux: Flux) -> None:
    (flux.folder / "predicate.json").write_text('{"passed": true}')
    reference = flux.publish("attested")
    flux.gitless(
        "attest", reference, "--key=cosign.key", "--type=https://example.org/test/v1", "--predicate=predicate.json"
    )

    status = flux.watch("attested")

    assert status["conditions"]["SourceVerified"]["status"] == "True"
    command = [str(GITLESS), "pull", reference, "pulled", "--key=cosign.pub"]
    ours = subprocess.run(command, check=False, capture_output=True, text=True, cwd=flux.folder, timeout=60)
    assert ours.returncode == 4
    assert "it is an attestation of type" in ours.stderr
