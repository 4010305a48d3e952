"""What the puller may do on a real cluster: enough for its work, and nothing beside."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.integration.installation.conftest import Gitless, Kubectl

pytestmark = pytest.mark.cluster

SOURCES, KUSTOMIZATIONS = "ocirepositories.source.toolkit.fluxcd.io", "kustomizations.kustomize.toolkit.fluxcd.io"

EVERYWHERE = [
    *((verb, kind) for kind in (SOURCES, KUSTOMIZATIONS) for verb in ("get", "list", "watch", "update", "patch")),
    *((verb, f"{kind}/status") for kind in (SOURCES, KUSTOMIZATIONS) for verb in ("get", "update", "patch")),
    *(("update", f"{kind}/finalizers") for kind in (SOURCES, KUSTOMIZATIONS)),
    *((verb, kind) for kind in ("secrets", "configmaps", "serviceaccounts") for verb in ("get", "list", "watch")),
    ("impersonate", "serviceaccounts"),
    ("create", "events"),
    ("patch", "events"),
    ("list", "deployments.apps"),
    ("list", "leases.coordination.k8s.io"),
]
OWN_NAMESPACE = [(verb, "leases.coordination.k8s.io") for verb in ("create", "update", "patch")]
BEYOND = [
    ("create", "pods"),
    ("create", "deployments.apps"),
    ("delete", "deployments.apps"),
    ("create", "secrets"),
    ("delete", "secrets"),
    ("patch", "configmaps"),
    ("delete", KUSTOMIZATIONS),
    ("create", SOURCES),
    ("impersonate", "users"),
    ("impersonate", "groups"),
    ("create", "serviceaccounts/token"),
    ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
]


def may(kubectl: Kubectl, place: str, namespace: str, verb: str, kind: str) -> bool:
    kind, _, subresource = kind.partition("/")
    arguments = ["auth", "can-i", verb, kind, "-n", namespace, f"--as=system:serviceaccount:{place}:gitless-puller"]
    if subresource:
        arguments.append(f"--subresource={subresource}")
    answer = kubectl(*arguments, succeeds=False)
    assert answer.stdout.strip() in {"yes", "no"}, answer.stderr
    return answer.stdout.strip() == "yes"


def test_locked_down_it_may_do_its_own_work_and_no_more(gitless: Gitless, kubectl: Kubectl, place: str) -> None:
    assert gitless("install", "-n", place, "--no-wait", "--no-cluster-admin").code == 0

    denied = [right for right in EVERYWHERE if not may(kubectl, place, "default", *right)]
    denied += [right for right in OWN_NAMESPACE if not may(kubectl, place, place, *right)]
    granted = [right for right in BEYOND if may(kubectl, place, "default", *right)]
    granted += [right for right in OWN_NAMESPACE if may(kubectl, place, "default", *right)]

    assert (denied, granted) == ([], [])


def test_unless_locked_down_it_may_apply_anything(gitless: Gitless, kubectl: Kubectl, place: str) -> None:
    assert gitless("install", "-n", place, "--no-wait").code == 0
    assert all(may(kubectl, place, "default", *right) for right in BEYOND)


def test_for_one_namespace_it_has_no_rights_in_others(gitless: Gitless, kubectl: Kubectl, place: str) -> None:
    arguments = ("--no-watch-all-namespaces", "--default-service-account", "deployer")
    assert gitless("install", "-n", place, "--no-wait", *arguments).code == 0

    rights = (("list", SOURCES), ("get", "secrets"), ("create", "events"))

    assert all(may(kubectl, place, place, *right) for right in rights)
    assert not any(may(kubectl, place, "default", *right) for right in rights)


def test_whoever_may_view_sees_both_kinds_and_who_may_edit_writes_them_only_where_that_is_no_way_up(
    gitless: Gitless, kubectl: Kubectl, place: str
) -> None:
    for role in ("view", "edit"):
        kubectl("-n", place, "create", "rolebinding", role, f"--clusterrole={role}", f"--user={role}-user-{place}")

    def can(user: str, verb: str) -> bool:
        arguments = ("auth", "can-i", verb, KUSTOMIZATIONS, "-n", place, f"--as={user}-user-{place}")
        return kubectl(*arguments, succeeds=False).stdout.strip() == "yes"

    assert gitless("install", "-n", place, "--no-wait").code == 0
    aggregated = ("-n", place, "auth", "can-i", "list", KUSTOMIZATIONS, f"--as=view-user-{place}")
    wait_until(lambda: kubectl(*aggregated, succeeds=False).stdout.strip() == "yes")
    assert [can("view", "list"), can("view", "patch"), can("edit", "create")] == [True, False, False]

    assert gitless("install", "-n", place, "--no-wait", "--no-cluster-admin").code == 0
    wait_until(lambda: can("edit", "create"))
    assert not can("view", "patch")


def wait_until(holds: Callable[[], bool]) -> None:
    """The controller that puts roles together takes a moment."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.3)
