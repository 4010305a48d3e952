"""The accounts of tekton/rbac/, held against the real API server: enough for what they are for, and no more."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.model.flux.definitions import DEFINITIONS
from tests.command_line import Outcome, command_line
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

RBAC = Path(__file__).parents[3] / "tekton" / "rbac"
Gitless = Callable[..., Outcome]


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    return command_line(capsys)


@pytest.fixture
def kubectl(control_plane: Cluster) -> Callable[..., str]:
    def run(*arguments: str, text: str = "") -> str:
        environment = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig)}
        done = subprocess.run(
            [str(binary("kubectl")), *arguments],
            env=environment,
            input=text,
            text=True,
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def eventually(attempt: Callable[[], object], *, seconds: float = 120.0) -> None:
    """Try again until it succeeds."""
    until = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def account(control_plane: Cluster, kubectl: Callable[..., str], name: str, namespace: str) -> str:
    """A kubeconfig with the rights of a file of tekton/rbac, for this namespace instead of ``shop``."""
    documents = list(yaml.safe_load_all((RBAC / f"{name}.yaml").read_text()))
    rights = [body for body in documents if body["metadata"].get("namespace") == "shop"]
    for body in rights:
        body["metadata"]["namespace"] = namespace
    kubectl("apply", "-f", "-", text="\n---\n".join(map(json.dumps, rights)))
    *_, last = next(body["rules"] for body in rights if body["kind"] == "Role")
    what = f"{last['resources'][-1]}.{last['apiGroups'][-1]}".rstrip(".")
    asked = (last["verbs"][-1], "/".join([what, *last.get("resourceNames", ())]), "-n", namespace)
    # The API server learns of new rights by a watch.
    eventually(lambda: kubectl("auth", "can-i", *asked, "--as", f"system:serviceaccount:ci:gitless-{name}"))
    return str(control_plane.user(f"system:serviceaccount:ci:gitless-{name}"))


def deploy(**data: str) -> str:
    """A folder with a ConfigMap and a Deployment."""
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "shop.example/web:1"}]}}
    bodies: list[Mapping[str, Any]] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
        },
    ]
    folder = Path("deploy")
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text("\n---\n".join(map(json.dumps, bodies)))
    return str(folder)


def test_each_account_does_its_part_of_the_chain_in_its_namespace(
    control_plane: Cluster, kubectl: Callable[..., str], namespace: str, gitless: Gitless
) -> None:
    comparing = account(control_plane, kubectl, "diff", namespace)
    applying = account(control_plane, kubectl, "apply", namespace)
    here = ("--inventory", "shop", "-n", namespace)

    first = gitless("diff", "live", deploy(color="blue"), "--kubeconfig", comparing, *here, "-o", "json")
    assert (first.code, first.document["counts"]["create"]) == (0, 2), first.err
    assert kubectl("get", "configmap,deployment", "-n", namespace, "-o", "name").split() == [
        "configmap/kube-root-ca.crt"
    ]

    unsigned = "--insecure-skip-verification"
    applied = gitless("apply", "deploy", unsigned, "--kubeconfig", applying, *here)
    assert applied.code == 0, applied.err
    Path("deploy/all.yaml").write_text(Path("deploy/all.yaml").read_text().split("\n---\n")[1])
    second = gitless("diff", "live", "deploy", "--kubeconfig", comparing, *here, "-o", "json")
    assert (second.code, second.document["counts"]["prune"]) == (0, 1), second.err
    pruned = gitless("apply", "deploy", unsigned, "--kubeconfig", applying, *here)
    assert pruned.code == 0, pruned.err
    looked = gitless("verify", unsigned, "--kubeconfig", comparing, *here, "--no-wait", "--no-drift", "-o", "json")
    assert looked.document["kind"] == "VerifyResult", looked.err

    refused = [
        gitless("apply", deploy(color="red"), unsigned, "--kubeconfig", comparing, *here),
        gitless("apply", "deploy", unsigned, "--kubeconfig", applying, "--inventory", "shop", "-n", "default"),
    ]
    assert [outcome.code for outcome in refused] == [6, 6], [outcome.err for outcome in refused]
    assert "gitless-diff may not update configmaps" in refused[0].err


def test_an_account_acts_as_another_by_its_kubeconfig_and_as_nobody_else(
    control_plane: Cluster, kubectl: Callable[..., str], namespace: str, gitless: Gitless
) -> None:
    account(control_plane, kubectl, "apply", namespace)
    kubectl("delete", "rolebinding", "gitless-apply", "-n", namespace)
    kubectl("create", "rolebinding", "deployer", "--role=gitless-apply", f"--serviceaccount={namespace}:deployer",
            "-n", namespace)  # fmt: skip
    plain = Path(account(control_plane, kubectl, "impersonate", namespace))
    given = yaml.safe_load((RBAC / "impersonate.yaml").read_text().split("kubeconfig: |\n")[1])["users"][0]["user"][
        "as"
    ]

    def apply_as(name: str) -> Outcome:
        configuration = yaml.safe_load(plain.read_text())
        configuration["users"][0]["user"]["as"] = name
        Path("kubeconfig").write_text(json.dumps(configuration))
        return gitless(
            "apply", deploy(color="blue"), "--insecure-skip-verification", "--kubeconfig", ".", "-n", namespace
        )

    allowed = apply_as(given.replace(":shop:", f":{namespace}:"))
    denied = apply_as(f"system:serviceaccount:{namespace}:default")

    assert (allowed.code, denied.code) == (0, 6), (allowed.err, denied.err)


def test_waiting_for_a_cluster_that_pulls_takes_reading_and_asking(
    control_plane: Cluster, kubectl: Callable[..., str], namespace: str, gitless: Gitless
) -> None:
    kubectl("apply", "-f", "-", text="\n---\n".join(map(json.dumps, DEFINITIONS)))
    eventually(lambda: kubectl("get", "ocirepository,kustomization", "-n", namespace))
    waiting = account(control_plane, kubectl, "wait", namespace)
    source: dict[str, Any] = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository"}
    source |= {"spec": {"url": "oci://registry.test/shop", "interval": "1h", "ref": {"tag": "main"}}}
    target: dict[str, Any] = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization"}
    target |= {"spec": {"interval": "1h", "prune": True, "sourceRef": {"kind": "OCIRepository", "name": "shop"}}}
    for body in (source, target):
        kubectl("apply", "-n", namespace, "-f", "-", text=json.dumps({**body, "metadata": {"name": "shop"}}))

    artifact = f"oci://registry.test/shop:main@sha256:{'0' * 64}"
    outcome = gitless("wait", artifact, "-n", namespace, "--kubeconfig", waiting, "--reconcile", "--timeout", "2s")

    # Nobody pulls here; but everything was allowed.
    assert (outcome.code, outcome.out.count("Kustomization")) == (7, 1), outcome.err
    asked = kubectl("get", "ocirepository", "-n", namespace, "-o", "jsonpath={.items[*].metadata.annotations}")
    assert asked.count("reconcile.fluxcd.io/requestedAt") == 1
