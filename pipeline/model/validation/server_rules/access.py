"""Roles, and who gets them.

Source: k8s.io/kubernetes ``pkg/apis/rbac/validation``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.manifests import Body
from pipeline.model.validation.name_formats import DNS_SUBDOMAIN
from pipeline.model.validation.server_rules.refusal import Refusal, missing

_GROUP: Final = "rbac.authorization.k8s.io"
_SUBJECTS: Final = ("ServiceAccount", "User", "Group")


def _role(body: Body) -> Iterator[Refusal]:
    return _rules(body, is_cluster_wide=False)


def _cluster_role(body: Body) -> Iterator[Refusal]:
    return _rules(body, is_cluster_wide=True)


def _rules(body: Body, *, is_cluster_wide: bool) -> Iterator[Refusal]:
    for index, rule in items_at(body, "rules"):
        here = ("rules", index)
        if not rule.get("verbs"):
            yield missing(*here, "verbs")
        if rule.get("nonResourceURLs"):
            if not is_cluster_wide:
                yield Refusal((*here, "nonResourceURLs"), "may be in a ClusterRole only")
            elif any(rule.get(key) for key in ("apiGroups", "resources", "resourceNames")):
                yield Refusal((*here, "nonResourceURLs"), "may not be there beside resources; make it two rules")
            continue
        if not rule.get("apiGroups"):
            yield missing(*here, "apiGroups", hint="the core group is written ''")
        if not rule.get("resources"):
            yield missing(*here, "resources")


def _role_binding(body: Body) -> Iterator[Refusal]:
    return _binding(body, ("Role", "ClusterRole"), is_cluster_wide=False)


def _cluster_role_binding(body: Body) -> Iterator[Refusal]:
    return _binding(body, ("ClusterRole",), is_cluster_wide=True)


def _binding(body: Body, roles: tuple[str, ...], *, is_cluster_wide: bool) -> Iterator[Refusal]:
    role = mapping_at(body, "roleRef")
    if role.get("apiGroup") not in (None, "", _GROUP):
        yield Refusal(("roleRef", "apiGroup"), value=role["apiGroup"], expected=_GROUP)
    if role and role.get("kind") not in roles:
        expected = f"{'one of: ' if len(roles) > 1 else ''}{', '.join(roles)}"
        yield Refusal(("roleRef", "kind"), value=role.get("kind"), expected=expected)
    if role.get("name") == "":
        yield missing("roleRef", "name")
    for index, subject in items_at(body, "subjects"):
        here = ("subjects", index)
        kind = subject.get("kind")
        if kind not in _SUBJECTS:
            yield Refusal((*here, "kind"), value=kind, expected=f"one of: {', '.join(_SUBJECTS)}")
        elif subject.get("apiGroup") not in (None, "", "" if kind == "ServiceAccount" else _GROUP):
            expected = "none; a ServiceAccount is in the core group" if kind == "ServiceAccount" else _GROUP
            yield Refusal((*here, "apiGroup"), value=subject["apiGroup"], expected=expected)
        if kind == "ServiceAccount" and not subject.get("namespace") and is_cluster_wide:
            yield missing(*here, "namespace", hint="a ClusterRoleBinding has none that could be meant")
        name = text_at(subject, "name")
        if name and kind == "ServiceAccount" and not DNS_SUBDOMAIN.accepts(name):
            yield Refusal((*here, "name"), value=name, expected=DNS_SUBDOMAIN.words)


RULES: Final[Mapping[tuple[str, str], Callable[[Body], Iterator[Refusal]]]] = {
    (_GROUP, "ClusterRole"): _cluster_role,
    (_GROUP, "ClusterRoleBinding"): _cluster_role_binding,
    (_GROUP, "Role"): _role,
    (_GROUP, "RoleBinding"): _role_binding,
}
"""By group and kind."""
