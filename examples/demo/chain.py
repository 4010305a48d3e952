"""The steps of the demo, as a user would type them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from examples.demo.narration import DemoError, Narrator

OVERLAY = "environments/staging"


def offline_half(tell: Narrator) -> None:
    """Build, package into a folder, sign, and compare two artifacts: no cluster, no registry."""
    tell.heading("Make a key pair that cosign accepts too")
    tell.run("gitless", "keys", "generate")
    tell.heading("Build: kustomize overlay and Helm chart become one canonical stream")
    tell.run("gitless", "build", OVERLAY, "charts/cache", "--helm-namespace", "shop", "--to", "out/v1")
    tell.heading("Package it into an OCI layout folder: a registry without a server")
    first = _digest(tell.run("gitless", "package", "out/v1", "oci-layout:layout:v1", "-o", "json"))
    tell.heading("Sign the digest, and verify it as a consumer would")
    tell.run("gitless", "sign", f"oci-layout:layout@{first}", "--key", "cosign.key")
    tell.run("gitless", "verify", f"oci-layout:layout@{first}", "--key", "cosign.pub")
    tell.heading("Change one image tag, package again, and compare artifact with artifact")
    set_frontend_tag(tell.folder, "1.5.0")
    tell.run("gitless", "build", OVERLAY, "charts/cache", "--helm-namespace", "shop", "--to", "out/v2", quiet=True)
    tell.run("gitless", "package", "out/v2", "oci-layout:layout:v2", quiet=True)
    tell.run("gitless", "diff", "oci-layout:layout:v1", "oci-layout:layout:v2", "--exit-code", expect=3)


def whole_chain(tell: Narrator, registry: str) -> None:
    """All six stages against a real registry and a real API server, then what goes wrong and is refused."""
    repository = f"oci://{registry}/demo/shop"
    run = ("gitless", "run", "--target", "staging", "--repository", repository)
    tell.heading("Run the whole chain from gitless.yaml: build, package, sign, diff, apply, verify")
    tell.show("export", f"KUBECONFIG={tell.environment['KUBECONFIG']}")
    tell.run(*run, "--results-dir", "results", lines=90)
    tell.run("kubectl", "get", "deployments,jobs", "--namespace=shop")
    tell.heading("Run it again: nothing changes, and it says so")
    tell.run(*run)
    tell.heading("Edit an image tag: one field in the diff, then applied")
    set_frontend_tag(tell.folder, "1.6.0")
    tell.run(*run, "--to", "diff")
    tell.run(*run)
    tell.heading("Remove an object from the sources: it is pruned")
    remove_network_policy(tell.folder)
    tell.run(*run, "--results-dir", "results")
    tell.heading("Tamper with what the tag points at: refused before anything is unpacked or applied")
    tell.run("gitless", "build", "environments/production", "--to", "out/evil", quiet=True)
    tell.run("gitless", "package", "out/evil", f"{repository}:staging", quiet=True)
    tell.run(
        "gitless", "apply", f"{repository}:staging", "--key", "cosign.pub", "--inventory", "shop", expect=4
    )  # fmt: skip
    tell.heading("What runs is still what was signed")
    tell.run("gitless", "verify", "--inventory", "shop", "--key", "cosign.pub")


def set_frontend_tag(folder: Path, tag: str) -> None:
    """Edit the overlay's image tag, as a developer would.

    Raises:
        DemoError: the overlay has no such tag.
    """
    file = folder / OVERLAY / "kustomization.yaml"
    before = file.read_text()
    after, count = re.subn(r"(name: \S*frontend\s+newTag: )\S+", rf'\g<1>"{tag}"', before)
    if count != 1:
        raise DemoError(f"{file} has no image tag for the frontend")
    file.write_text(after)


def remove_network_policy(folder: Path) -> None:
    """Take one object out of the base.

    Raises:
        DemoError: the base does not list it.
    """
    file = folder / "base" / "kustomization.yaml"
    lines = file.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "network-policy" not in line]
    if len(kept) != len(lines) - 1:
        raise DemoError(f"{file} does not list the network policy once")
    file.write_text("".join(kept))


def _digest(result: str) -> str:
    digest: str = json.loads(result)["digest"]
    return digest
