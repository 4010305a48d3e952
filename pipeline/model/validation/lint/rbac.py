"""Rights without bounds.

Source: Kubernetes documentation, "Role Based Access Control Good Practices".
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.documents.untyped import items_at, text_at, texts_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.existing import RBAC_GROUP
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject


@lint_rule(
    "rbac-any-resource",
    Severity.ERROR,
    title="A role for every resource",
    reason="* is everything that there is and everything that will be: Secrets, and rights themselves.",
    fix="list the resources that are needed",
)
def rbac_any_resource(subject: Subject) -> Iterator[Problem]:
    """``*`` in ``resources`` or ``nonResourceURLs``."""
    for field in ("resources", "nonResourceURLs"):
        for role, path in _granting(subject, field):
            yield Problem(role, path, f"grants rights over every one of its {field}: *")


@lint_rule(
    "rbac-any-group",
    Severity.ERROR,
    title="A role for every API group",
    reason="* reaches into every group that anybody ever installs, whatever its resources of that name are.",
    fix='list the API groups that are needed; "" is the one of Pods and Services',
)
def rbac_any_group(subject: Subject) -> Iterator[Problem]:
    """``*`` in ``apiGroups``."""
    for role, path in _granting(subject, "apiGroups"):
        yield Problem(role, path, "grants rights in every API group: *")


@lint_rule(
    "rbac-any-verb",
    Severity.WARNING,
    title="A role for every verb",
    reason="* includes verbs that nobody thinks of, such as escalate, bind, impersonate and deletecollection.",
    fix="list the verbs that are needed, such as get, list, watch, create, update, patch and delete",
)
def rbac_any_verb(subject: Subject) -> Iterator[Problem]:
    """``*`` in ``verbs``."""
    for role, path in _granting(subject, "verbs"):
        yield Problem(role, path, "grants every verb: *")


@lint_rule(
    "rbac-cluster-admin",
    Severity.ERROR,
    title="A binding to cluster-admin",
    reason="Whoever takes over one of its subjects owns the cluster, or with a RoleBinding the namespace.",
    fix="bind a role that lists what is needed",
)
def rbac_cluster_admin(subject: Subject) -> Iterator[Problem]:
    """``roleRef`` of either kind of binding."""
    for binding in subject.of_kind(RBAC_GROUP, "ClusterRoleBinding", "RoleBinding"):
        name, kind = text_at(binding.body, "roleRef", "name"), text_at(binding.body, "roleRef", "kind")
        if (kind, name) == ("ClusterRole", "cluster-admin"):
            subjects = [text_at(item, "name") for _, item in items_at(binding.body, "subjects")]
            yield Problem(binding, "roleRef", f"makes a cluster-admin of {shown(', '.join(subjects)) or 'nobody yet'}")


def _granting(subject: Subject, field: str) -> Iterator[tuple[Resource, str]]:
    for role in subject.of_kind(RBAC_GROUP, "ClusterRole", "Role"):
        for index, rule in items_at(role.body, "rules"):
            values = texts_at(rule, field)
            if "*" in values:
                yield role, f"rules[{index}].{field}[{values.index('*')}]"
