"""The demo's steps about trust: a job signs as itself, says how it built what, and a policy decides on that."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from examples.demo.narration import Narrator
from tests.platform.sigstore.deployment import SigstoreDeployment

_JOB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_REPOSITORY_ID": "101",
    "GITHUB_REPOSITORY_OWNER_ID": "11",
    "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/release.yml@refs/heads/main",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_SHA": "8d1c8b69c3fce7bea45c73efd06983e3c419a92f",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "1",
    "RUNNER_ENVIRONMENT": "github-hosted",
}
"""What GitHub Actions tells a job about itself."""


def trust_without_keys(tell: Narrator, registry: str, state: Path) -> None:
    """Sign the artifact that runs without any key, attest how it was built, and let two policies decide."""
    artifact = _published(tell.folder, registry)
    with SigstoreDeployment.start(state / "sigstore") as deployment:
        shutil.copy(deployment.trusted_root, tell.folder / "trust")
        shutil.copy(deployment.signing_config, tell.folder / "trust")
        shutil.copy(deployment.token_file(), tell.folder / "identity-token")
        job = replace(tell, environment={**tell.environment, **_JOB})
        _sign(job, artifact)
    tell.step = job.step
    _decide(tell, artifact)


def _sign(job: Narrator, artifact: str) -> None:
    keyless = (
        "--keyless", "--identity-token-file", "identity-token",
        "--trusted-root", "trust/trusted_root.json", "--signing-config", "trust/signing_config.json",
    )  # fmt: skip
    job.heading("No key to guard: a CI job signs as itself, by a certificate of minutes, on a public log")
    job.say("  (Sigstore's services run on this machine for the demo; the job is a release workflow's on GitHub)")
    job.run("gitless", "sign", artifact, *keyless)
    job.heading("It also states how the artifact was built, and what is in it")
    job.run(
        "gitless",
        "attest",
        artifact,
        "--type",
        "slsaprovenance1",
        "--file",
        "gitless.yaml",
        "--target",
        "staging",
        *keyless,
    )
    job.run(
        "gitless", "attest", artifact, "--type", "cyclonedx", "--file", "gitless.yaml", "--target", "staging", *keyless
    )


def _decide(tell: Narrator, artifact: str) -> None:
    tell.heading("Anybody can see all of it, and check it offline with nothing but the trusted root")
    tell.run("gitless", "inspect", artifact, "--trust-policy", "trust/release.yaml", lines=60)
    tell.heading("A policy asks who signed, from which branch it was built, and what is in it: this one accepts")
    tell.run("cat", "trust/release.yaml")
    tell.run("gitless", "trust", "explain", artifact, "--trust-policy", "trust/release.yaml")
    tell.run("gitless", "apply", artifact, "--inventory", "shop", "--trust-policy", "trust/release.yaml")
    tell.heading("This one wants a release branch, and refuses: it says what it found, and what would do")
    tell.run("gitless", "trust", "explain", artifact, "--trust-policy", "trust/release-branches.yaml", expect=4)
    tell.run(
        "gitless", "apply", artifact, "--inventory", "shop", "--trust-policy", "trust/release-branches.yaml", expect=4
    )
    tell.heading("And every door is shut for what nobody, or somebody else, has signed")
    tell.run("gitless", "trust", "check", "--trust-policy", "trust/release.yaml")


def _published(folder: Path, registry: str) -> str:
    """The artifact that the chain published last, by digest."""
    digest = json.loads((folder / "results" / "package.json").read_text())["digest"]
    return f"oci://{registry}/demo/shop@{digest}"
