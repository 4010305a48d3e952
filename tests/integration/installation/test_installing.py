"""Installing, upgrading and checking on a real cluster; pods are simulated, so the image need not exist."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pipeline.model.installation.kinds import CLUSTER_ROLE_BINDINGS, NAMESPACES
from pipeline.ports import ApiServer
from tests.integration.installation.conftest import Gitless, Kubectl, deployment, yaml
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster


def counts(document: dict[str, object]) -> dict[str, int]:
    found = document["counts"]
    assert isinstance(found, dict)
    return {key: value for key, value in found.items() if value}


def test_installing_twice_changes_nothing_the_second_time(gitless: Gitless, api: ApiServer, place: str) -> None:
    first = gitless("install", "-n", place, "-o", "json")
    assert first.code == 0, first.err
    assert first.document["ready"] is True
    before = deployment(api, place)

    second = gitless("install", "-n", place, "-o", "json")

    assert second.code == 0, second.err
    assert counts(second.document).keys() <= {"unchanged", "skip"}
    after = deployment(api, place)
    assert before is not None
    assert after is not None
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_other_options_take_away_what_is_no_longer_part_of_it(gitless: Gitless, api: ApiServer, place: str) -> None:
    assert gitless("install", "-n", place, "--no-wait").code == 0
    applies = f"gitless-puller-applies-{place}"
    assert api.read(CLUSTER_ROLE_BINDINGS, "", applies) is not None

    locked = gitless("install", "-n", place, "--no-wait", "--default-service-account", "default",
                     "--no-network-policy", "-o", "json")  # fmt: skip

    assert locked.code == 0, locked.err
    pruned = {(change["kind"], change["name"]) for change in locked.document["changes"] if change["action"] == "prune"}
    assert pruned == {("ClusterRoleBinding", applies), ("NetworkPolicy", "gitless-puller")}
    assert api.read(CLUSTER_ROLE_BINDINGS, "", applies) is None


def test_a_dry_run_writes_nothing_though_the_namespace_is_not_there(gitless: Gitless, api: ApiServer) -> None:
    outcome = gitless("install", "-n", "nowhere-yet", "--dry-run", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert outcome.document["dryRun"] is True
    created = [change["kind"] for change in outcome.document["changes"] if change["action"] == "create"]
    assert {"Namespace", "Deployment", "ClusterRole", "Role"} <= set(created)
    assert api.read(NAMESPACES, "", "nowhere-yet") is None


def test_kubectl_applies_what_is_exported(gitless: Gitless, kubectl: Kubectl, place: str) -> None:
    exported = gitless("install", "-n", place, "--export")
    assert exported.code == 0

    kubectl("apply", "--server-side", "-f", "-", stdin=exported.out)

    kubectl("-n", place, "rollout", "status", "deployment/gitless-puller", "--timeout=60s")


def test_a_namespace_that_was_there_before_keeps_its_labels(gitless: Gitless, api: ApiServer, place: str) -> None:
    outcome = gitless("install", "-n", place, "--no-wait", "-o", "json")

    (left,) = [change for change in outcome.document["changes"] if change["kind"] == "Namespace"]
    assert left["action"] == "skip"
    live = api.read(NAMESPACES, "", place)
    assert live is not None
    assert not [key for key in live["metadata"]["labels"] if key.startswith("pod-security")]


def test_the_pods_pass_the_restricted_policy(gitless: Gitless, kubectl: Kubectl, place: str) -> None:
    kubectl("label", "namespace", place, "pod-security.kubernetes.io/enforce=restricted")

    outcome = gitless("install", "-n", place, "--priority-class", "system-cluster-critical", "--timeout", "1m")

    assert outcome.code == 0, outcome.err


@pytest.fixture
def rival(kubectl: Kubectl, place: str) -> Iterator[str]:
    """The namespace of a Deployment that looks like Flux's kustomize-controller, and works."""
    labels = {"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/component": "kustomize-controller"}
    pod = {"metadata": {"labels": {"app": "rival"}}, "spec": {"containers": [{"name": "c", "image": "flux.test/c:1"}]}}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "kustomize-controller", "namespace": place, "labels": labels},
        "spec": {"selector": {"matchLabels": {"app": "rival"}}, "template": pod},
    }
    kubectl("apply", "-f", "-", stdin=yaml(body))
    kubectl("-n", place, "rollout", "status", "deployment/kustomize-controller", "--timeout=60s")
    yield place
    kubectl("-n", place, "delete", "deployment/kustomize-controller", "--cascade=foreground")


def test_it_refuses_to_fight_with_controllers_of_flux(gitless: Gitless, api: ApiServer, rival: str) -> None:
    refused = gitless("install", "-n", rival, "--no-wait")
    assert refused.code == 9
    assert f"{rival}/kustomize-controller" in refused.err
    assert deployment(api, rival) is None

    shard = gitless("install", "-n", rival, "--no-wait", "--watch-label-selector", "sharding.fluxcd.io/key=two")
    assert shard.code == 0, shard.err
    assert gitless("check", "-n", rival, "--pre").code == 7
    checked = gitless("check", "-n", rival, "-o", "json")
    assert {check["name"]: check["passed"] for check in checked.document["checks"]}["rivals"] is True


def test_check_passes_on_what_was_just_installed(gitless: Gitless, place: str) -> None:
    assert gitless("check", "-n", place, "--pre").code == 0
    missing = gitless("check", "-n", place)
    assert missing.code == 7
    assert f"✗ Deployment {place}/gitless-puller is missing" in missing.err

    assert gitless("install", "-n", place).code == 0
    outcome = gitless("check", "-n", place, "-o", "json")

    assert outcome.code == 0, outcome.err
    assert [check for check in outcome.document["checks"] if not check["passed"]] == []
    assert "✔ " in outcome.err
    assert outcome.out == json.dumps(outcome.document, indent=2, ensure_ascii=False) + "\n"


def test_check_names_another_version(gitless: Gitless, kubectl: Kubectl, place: str) -> None:
    assert gitless("install", "-n", place).code == 0
    kubectl("-n", place, "label", "--overwrite", "deployment/gitless-puller", "app.kubernetes.io/version=v0.0.0")

    outcome = gitless("check", "-n", place, "-o", "json")

    assert outcome.code == 7
    failed = {check["name"]: check["message"] for check in outcome.document["checks"] if not check["passed"]}
    assert failed.keys() == {"version"}
    assert "v0.0.0" in failed["version"]


def test_check_says_which_rights_are_missing(
    gitless: Gitless, control_plane: Cluster, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    user = control_plane.user("nobody-special")
    monkeypatch.setenv("KUBECONFIG", str(user))

    outcome = gitless("check", "-n", place, "--pre", "-o", "json")

    assert outcome.code == 7
    checks = {check["name"]: check for check in outcome.document["checks"]}
    assert "create deployments.apps" in checks["rights"]["message"]
    assert checks["kubernetes"]["passed"] is True


def test_what_was_written_is_told_also_where_the_puller_does_not_come_up(
    gitless: Gitless, kubectl: Kubectl, place: str
) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    kubectl("-n", place, "create", "-f", "-", stdin=quota)

    outcome = gitless("install", "-n", place, "--timeout", "5s", "-o", "json")

    assert outcome.code == 7
    assert outcome.document["ready"] is False
    assert "Deployment" in [change["kind"] for change in outcome.document["changes"]]
    assert f"kubectl -n {place} describe pods" in outcome.err
