"""Whom a source believes: keyless signers of a Sigstore of one's own, trust policies, and nothing that is older."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.artifacts import Published
from tests.integration.puller.conftest import IS_FLUX, Ground, Signing
from tests.platform.control_plane import ControlPlane
from tests.platform.puller import install, puller, service_account
from tests.platform.registries import ReferrersRegistry
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment
from tests.reconciling import Body, World, condition, config_map, inventory

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller-trust"),
    pytest.mark.skipif(IS_FLUX, reason="policies are the puller's, and the pinned Flux knows no trusted root"),
]

NAMESPACE = "flux-system"

FILES = {"a.yaml": config_map()}
ACME = {"issuer": f"^{ISSUER}$", "subject": "^https://github\\.com/acme/shop/"}
OTHERS = {"issuer": f"^{ISSUER}$", "subject": "^https://github\\.com/other/"}


def pinned(world: World, published: Published) -> str:
    return f"{world.registry}/{published.repository}@{published.digest}"


def keyless(signing: Signing, deployment: SigstoreDeployment, reference: str, subject: str = SUBJECT) -> None:
    """Sign as a job of that deployment's."""
    signing.gitless(
        "sign",
        f"oci://{reference}",
        "--keyless",
        f"--identity-token-file={deployment.token_file(subject)}",
        f"--trusted-root={deployment.trusted_root}",
        f"--signing-config={deployment.signing_config}",
    )


def asking(*identities: dict[str, str], root: str = "root") -> dict[str, Any]:
    return {"provider": "cosign", "matchOIDCIdentity": list(identities), "trustedRootSecretRef": {"name": root}}


def root_secret(world: World, deployment: SigstoreDeployment, name: str = "root") -> None:
    content = {"trusted_root.json": deployment.trusted_root.read_text()}
    world.put({"kind": "Secret", "metadata": {"name": name}, "stringData": content})


def verified(body: Body) -> tuple[str, str]:
    found = condition(body, "SourceVerified")
    return found["status"], found["reason"]


def policy(world: World, files: Mapping[str, str], name: str = "trust", namespace: str = "", **spec: object) -> None:
    """Put a trust policy there whose changes count at once; ``files`` are what it names."""
    document = {"apiVersion": "gitless.dev/v1", "kind": "TrustPolicy", "spec": spec}
    labels = {"reconcile.fluxcd.io/watch": "Enabled"}
    metadata = {"name": name, "namespace": namespace or world.namespace, "labels": labels}
    world.put({"kind": "ConfigMap", "metadata": metadata, "data": {"policy.yaml": json.dumps(document), **files}})


def floor(world: World, signing: Signing, deployment: SigstoreDeployment) -> None:
    """What this module's sources are all held to: our key, or a job of Acme's."""
    files = {
        "cosign.pub": (signing.folder / "cosign.pub").read_text(),
        "root.json": deployment.trusted_root.read_text(),
    }
    acme = {"issuer": ISSUER, "subjectRegExp": "^https://github\\.com/acme/.*$"}
    policy(world, files, "floor", NAMESPACE, keys=["cosign.pub"], identities=[acme], trustedRoot="root.json")


@pytest.fixture(scope="module")
def trusting(
    tmp_path_factory: pytest.TempPathFactory, signing: Signing, sigstore_deployment: SigstoreDeployment
) -> Iterator[Ground]:
    """An installation that is held to a policy, and its puller with the rights that it has there."""
    folder = tmp_path_factory.mktemp("trust")
    option = f"{NAMESPACE}/floor"
    with (
        ReferrersRegistry.start(folder / "registry") as registry,
        ControlPlane.start(folder / "cluster", workloads=False) as plane,
    ):
        install(plane.kubeconfig, f"--trust-policy={option}")
        pod = service_account(folder / "pod", plane.kubeconfig)
        with puller(folder / "puller", plane.kubeconfig, pod=pod, trust_policy=option) as started:
            ground = Ground(plane, registry, folder, started)
            floor(ground.world(), signing, sigstore_deployment)
            yield ground


@pytest.fixture
def world(trusting: Ground) -> World:
    return trusting.world()


def annotate(world: World, name: str, value: str | None) -> None:
    world.patch("OCIRepository", "app", {"metadata": {"annotations": {name: value}}})


def test_a_keyless_signature_of_a_deployment_of_ones_own(
    world: World, signing: Signing, sigstore_deployment: SigstoreDeployment
) -> None:
    published = world.publish(FILES)
    keyless(signing, sigstore_deployment, pinned(world, published))
    root_secret(world, sigstore_deployment)
    world.source(verify=asking(ACME))

    body = world.ready("OCIRepository")

    assert verified(body) == ("True", "Succeeded")
    message = condition(body, "SourceVerified")["message"]
    assert message == f"verified signature of revision {published.revision} by the trust policy flux-system/floor"
    assert body["status"]["artifact"]["metadata"]["gitless.dev/issued-at"].endswith("Z")


def test_keyless_signatures_that_do_not_do(
    world: World, signing: Signing, sigstore_deployment: SigstoreDeployment
) -> None:
    published = world.publish(FILES)
    keyless(signing, sigstore_deployment, pinned(world, published))
    root_secret(world, sigstore_deployment)
    root_secret(world, sigstore_deployment.variant("other"), "other")
    for verify in (asking(OTHERS), asking(ACME, root="other"), asking(ACME, root="missing")):
        world.source(verify=verify)
        body = world.failed("OCIRepository", reason="VerificationError")
        assert verified(body) == ("False", "VerificationError")
        assert "artifact" not in body["status"]
    world.source(verify=asking(ACME))
    assert verified(world.ready("OCIRepository")) == ("True", "Succeeded")


def test_nothing_is_accepted_without_the_policy_of_the_process(
    world: World, signing: Signing, sigstore_deployment: SigstoreDeployment
) -> None:
    published = world.publish(FILES)
    world.source(interval="2s")
    message = condition(world.failed("OCIRepository", reason="VerificationError"), "Ready")["message"]
    assert message.startswith("failed to verify by the trust policy 'flux-system/floor': ")
    assert message.endswith(f"@{published.digest} is not signed")
    signing.sign(pinned(world, published))
    message = condition(world.ready("OCIRepository"), "SourceVerified")["message"]
    assert message.endswith("by the trust policy flux-system/floor")

    # What is gone is noticed at the next look at the latest; what was accepted before stays.
    world.access.request("DELETE", world.path("ConfigMap", "floor", NAMESPACE))
    try:
        body = world.failed("OCIRepository", reason="VerificationError")
        assert "configmap 'flux-system/floor' not found" in condition(body, "Ready")["message"]
        assert body["status"]["artifact"]["revision"] == published.revision
    finally:
        floor(world, signing, sigstore_deployment)
    world.ready("OCIRepository")


def test_a_source_is_also_held_to_a_policy_of_its_own(world: World, signing: Signing) -> None:
    published = world.publish(FILES)
    signing.sign(pinned(world, published))
    world.source()
    world.ready("OCIRepository")
    annotate(world, "gitless.dev/trust-policy", "trust")
    message = condition(world.failed("OCIRepository", reason="VerificationError"), "Ready")["message"]
    assert f"configmap '{world.namespace}/trust' not found" in message

    # The label makes a change count at once.
    policy(world, {"cosign.pub": (signing.folder / "cosign.pub").read_text()}, keys=["cosign.pub"])
    message = condition(world.ready("OCIRepository"), "SourceVerified")["message"]
    assert message.endswith(f"by the trust policy flux-system/floor and {world.namespace}/trust")
    policy(world, {}, keys=["cosign.pub"])
    message = condition(world.failed("OCIRepository", reason="VerificationError"), "Ready")["message"]
    assert "names the file 'cosign.pub', which is no key of it" in message


def test_an_older_artifact_does_not_follow_a_newer_one(world: World, signing: Signing) -> None:
    signing.keys(world, "keys")
    old = world.publish({"a.yaml": config_map(color="old")})
    signing.sign(pinned(world, old))
    time.sleep(1.1)
    new = world.publish({"a.yaml": config_map(color="new")})
    signing.sign(pinned(world, new))
    world.source(verify={"provider": "cosign", "secretRef": {"name": "keys"}})
    assert world.ready("OCIRepository")["status"]["artifact"]["revision"] == new.revision
    world.kustomization()
    world.applied(digest=new.digest)

    world.update({"a.yaml": config_map(color="old")})

    body = world.failed("OCIRepository", reason="VerificationError")
    assert f"{old.digest} was signed at " in condition(body, "SourceVerified")["message"]
    assert body["status"]["artifact"]["revision"] == new.revision

    def is_told(_: Body) -> bool:
        told = [event["message"] for event in world.list("Event") if event["reason"] == "VerificationError"]
        return any(f"{old.digest} was signed at " in message for message in told)

    world.until("OCIRepository", "app", is_told, "an Event about it")

    annotate(world, "gitless.dev/allow-rollback", old.digest)
    assert world.ready("OCIRepository")["status"]["artifact"]["revision"] == old.revision
    world.applied(digest=old.digest)
    assert {entry.split("_")[1] for entry in inventory(world.ready("Kustomization"))} == {"settings"}
    annotate(world, "gitless.dev/allow-rollback", None)
    world.update({"a.yaml": config_map(color="new")})
    world.applied(digest=new.digest)
