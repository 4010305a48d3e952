"""What the puller may do: no more than it needs, and applying either as administrator or as others only.

Its own needs are two kinds, events about them, and reading what they refer to. What it applies it applies as the
service account that a Kustomization names; without one, with its own rights, for which it is bound to ``cluster-admin``
as Flux's controllers are, unless the installation is locked down.
"""

from __future__ import annotations

from typing import Any, Final

from pipeline.model.flux.api import KUSTOMIZE_GROUP, SOURCE_GROUP
from pipeline.model.installation.labels import PULLER, cluster_wide, metadata
from pipeline.model.installation.options import InstallOptions
from pipeline.model.manifests import Body
from pipeline.model.validation.suppressing import ANNOTATION_PREFIX

_RBAC: Final = "rbac.authorization.k8s.io"
_AGGREGATE: Final = f"{_RBAC}/aggregate-to-"
_WHY_ADMINISTRATOR: Final = (
    "Kustomizations that name no service account are applied by it; install --no-cluster-admin goes without"
)
_KINDS: Final = ((SOURCE_GROUP, "ocirepositories"), (KUSTOMIZE_GROUP, "kustomizations"))


def access(options: InstallOptions) -> tuple[Body, ...]:
    """Service account, roles and bindings."""
    account: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(options, PULLER),
    }
    return (
        account,
        *_own_needs(options),
        *_bound(options, "Role", PULLER + "-election", _election()),
        *(() if options.is_locked_down else (_administrator(options),)),
        _for_users(options, "view", ["get", "list", "watch"], ("view", "edit", "admin")),
        # Who may write a Kustomization applies with the puller's rights; in a locked-down installation they are none.
        _for_users(
            options,
            "edit",
            ["create", "delete", "deletecollection", "patch", "update"],
            ("edit", "admin") if options.is_locked_down else (),
        ),
    )


def _own_needs(options: InstallOptions) -> tuple[Body, ...]:
    """In every namespace, or where only one is watched, in that one."""
    kind = "ClusterRole" if options.puller.watch_all_namespaces else "Role"
    return _bound(options, kind, PULLER, _rules())


def _rules() -> list[dict[str, Any]]:
    kinds = [
        rule
        for group, plural in _KINDS
        for rule in (
            _rule(group, [plural], ["get", "list", "watch", "update", "patch"]),
            _rule(group, [f"{plural}/status"], ["get", "update", "patch"]),
            # Objects made on behalf of these may block their deletion.
            _rule(group, [f"{plural}/finalizers"], ["update"]),
        )
    ]
    return [
        *kinds,
        _rule("", ["configmaps", "secrets", "serviceaccounts"], ["get", "list", "watch"]),
        _rule("", ["serviceaccounts"], ["impersonate"]),
        _rule("", ["events"], ["create", "patch"]),
        # Whether Flux's own controllers, or other pullers, work beside it.
        _rule("apps", ["deployments"], ["get", "list"]),
        _rule("coordination.k8s.io", ["leases"], ["get", "list"]),
    ]


def _election() -> list[dict[str, Any]]:
    return [_rule("coordination.k8s.io", ["leases"], ["create", "update", "patch", "get", "list", "watch"])]


def _administrator(options: InstallOptions) -> Body:
    name = cluster_wide(options, PULLER + "-applies")
    binding = _binding(options, "ClusterRoleBinding", name, ("ClusterRole", "cluster-admin"))
    suppression = {f"{ANNOTATION_PREFIX}rbac-cluster-admin": _WHY_ADMINISTRATOR}
    return {**binding, "metadata": {**binding["metadata"], "annotations": suppression}}


def _for_users(options: InstallOptions, what: str, verbs: list[str], into: tuple[str, ...]) -> Body:
    role_metadata = metadata(options, cluster_wide(options, f"gitless-{what}"), namespaced=False)
    role_metadata["labels"] |= {_AGGREGATE + role: "true" for role in into}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": role_metadata,
        "rules": [_rule(group, [plural], verbs) for group, plural in _KINDS],
    }


def _bound(options: InstallOptions, kind: str, name: str, rules: list[dict[str, Any]]) -> tuple[Body, Body]:
    """A role and the binding of the puller to it, both of the same name."""
    is_wide = kind == "ClusterRole"
    full = cluster_wide(options, name) if is_wide else name
    role = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": metadata(options, full, namespaced=not is_wide),
        "rules": rules,
    }
    return role, _binding(options, kind + "Binding", full, (kind, full))


def _binding(options: InstallOptions, kind: str, name: str, role: tuple[str, str]) -> Body:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": metadata(options, name, namespaced=kind == "RoleBinding"),
        "roleRef": {"apiGroup": _RBAC, "kind": role[0], "name": role[1]},
        "subjects": [{"kind": "ServiceAccount", "name": PULLER, "namespace": options.namespace}],
    }


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
