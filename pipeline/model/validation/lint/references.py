"""Names that lead nowhere: ServiceAccounts, ConfigMaps, Secrets, claims and roles.

All are warnings: what is missing here may be in the cluster already, put there by somebody else. Left out is what is
optional, what Kubernetes and well-known operators make, and what would be in a namespace in which the manifests have
nothing. An object without a namespace is in the same one as the others without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.model.comparison.merge_keys import is_builtin
from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.existing import RBAC_GROUP, Existing
from pipeline.model.validation.lint.pods import PodTemplate
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject
from pipeline.model.validation.unfinished import is_unfinished

_FIX = "add it to the manifests or correct the name; where somebody else puts it there, say so in a suppression"


@lint_rule(
    "missing-service-account",
    Severity.WARNING,
    title="A ServiceAccount that is not there",
    reason="No Pod is created without its ServiceAccount, and rights that are given to nobody are of no use.",
    fix=_FIX,
)
def missing_service_account(subject: Subject) -> Iterator[Problem]:
    """Of Pods, and among the subjects of bindings."""
    existing = Existing(subject)
    for pod in subject.pods:
        for field in ("serviceAccountName", "serviceAccount"):
            name = text_at(pod.spec, field)
            if existing.is_missing("ServiceAccount", pod.resource.id.namespace, name):
                yield _missing(pod.resource, f"{pod.path}.{field}", "ServiceAccount", name)
                break
    for binding in subject.of_kind(RBAC_GROUP, "RoleBinding", "ClusterRoleBinding"):
        for index, item in items_at(binding.body, "subjects"):
            name, namespace = text_at(item, "name"), text_at(item, "namespace") or binding.id.namespace
            if text_at(item, "kind") == "ServiceAccount" and existing.is_missing("ServiceAccount", namespace, name):
                yield _missing(binding, f"subjects[{index}].name", "ServiceAccount", name)


@lint_rule(
    "missing-config-map",
    Severity.WARNING,
    title="A ConfigMap that is not there, or not with that key",
    reason="The Pod does not start before the ConfigMap is there with every key that is asked for.",
    fix=_FIX,
)
def missing_config_map(subject: Subject) -> Iterator[Problem]:
    """In environment variables and volumes, but for optional ones."""
    return _missing_contents(subject, "ConfigMap", "configMap")


@lint_rule(
    "missing-secret",
    Severity.WARNING,
    title="A Secret that is not there, or not with that key",
    reason="The Pod does not start, its image is not pulled, or the Ingress answers with another certificate.",
    fix=_FIX,
)
def missing_secret(subject: Subject) -> Iterator[Problem]:
    """In environment variables, volumes, imagePullSecrets and the TLS settings of an Ingress."""
    yield from _missing_contents(subject, "Secret", "secret")
    existing = Existing(subject)
    pulling = [(pod.resource, pod.spec, f"{pod.path}.") for pod in subject.pods]
    pulling += [(account, account.body, "") for account in subject.of_kind("", "ServiceAccount")]
    for resource, holder, prefix in pulling:
        for index, item in items_at(holder, "imagePullSecrets"):
            name = text_at(item, "name")
            if existing.is_missing("Secret", resource.id.namespace, name):
                yield _missing(resource, f"{prefix}imagePullSecrets[{index}].name", "Secret", name)
    for ingress in subject.of_kind("networking.k8s.io", "Ingress"):
        for index, item in items_at(ingress.body, "spec", "tls"):
            name = text_at(item, "secretName")
            if existing.is_missing("Secret", ingress.id.namespace, name):
                yield _missing(ingress, f"spec.tls[{index}].secretName", "Secret", name)


@lint_rule(
    "missing-volume-claim",
    Severity.WARNING,
    title="A PersistentVolumeClaim that is not there",
    reason="The Pod waits for its volume for ever.",
    fix=_FIX,
)
def missing_volume_claim(subject: Subject) -> Iterator[Problem]:
    """In volumes; the claims of a StatefulSet's own templates are there."""
    existing = Existing(subject)
    for pod in subject.pods:
        for index, volume in items_at(pod.spec, "volumes"):
            name = text_at(volume, "persistentVolumeClaim", "claimName")
            if existing.is_missing("PersistentVolumeClaim", pod.resource.id.namespace, name):
                path = f"{pod.path}.volumes[{index}].persistentVolumeClaim.claimName"
                yield _missing(pod.resource, path, "PersistentVolumeClaim", name)


@lint_rule(
    "missing-volume",
    Severity.ERROR,
    title="A mount of a volume that the Pod does not have",
    reason="The API server refuses the Pod, and what makes it.",
    fix="add the volume to the Pod or correct the name",
)
def missing_volume(subject: Subject) -> Iterator[Problem]:
    """In ``volumeMounts`` and ``volumeDevices``; of custom resources an operator may add volumes.

    A volume whose name is encrypted or has a variable may come to have any.
    """
    for pod in subject.pods:
        if not is_builtin(pod.resource.api_version):
            continue
        names = {text_at(volume, "name") for _, volume in items_at(pod.spec, "volumes")}
        claims = items_at(pod.resource.body, "spec", "volumeClaimTemplates")
        names |= {text_at(claim, "metadata", "name") for _, claim in claims}
        if is_unfinished(tuple(names)):
            continue
        for container in pod.containers:
            for field in ("volumeMounts", "volumeDevices"):
                for index, mount in items_at(container.body, field):
                    name = text_at(mount, "name")
                    if name and name not in names and not is_unfinished(name):
                        path = f"{container.path}.{field}[{index}].name"
                        yield Problem(pod.resource, path, f"the Pod has no volume named {shown(name)}")


@lint_rule(
    "missing-role",
    Severity.WARNING,
    title="A binding to a role that is not there",
    reason="Nobody gets any rights by it until somebody makes a role of that name, with whatever rights it then has.",
    fix=_FIX,
)
def missing_role(subject: Subject) -> Iterator[Problem]:
    """``roleRef`` of both kinds of bindings."""
    existing = Existing(subject)
    for binding in subject.of_kind(RBAC_GROUP, "RoleBinding", "ClusterRoleBinding"):
        kind, name = text_at(binding.body, "roleRef", "kind"), text_at(binding.body, "roleRef", "name")
        is_missing = (kind == "ClusterRole" and existing.is_cluster_role_missing(name)) or (
            kind == "Role" and existing.is_missing("Role", binding.id.namespace, name, RBAC_GROUP)
        )
        if is_missing:
            yield _missing(binding, "roleRef.name", kind, name)


def _missing_contents(subject: Subject, kind: str, field: str) -> Iterator[Problem]:
    """References to a ConfigMap or Secret by Pods: the object, and the keys that are named."""
    existing = Existing(subject)
    for pod in subject.pods:
        for path, reference, keys, name_field in _content_references(pod, kind, field):
            name, namespace = text_at(reference, name_field), pod.resource.id.namespace
            if reference.get("optional") is True:
                continue
            if existing.is_missing(kind, namespace, name):
                yield _missing(pod.resource, f"{path}.{name_field}", kind, name)
                continue
            yield from _missing_keys(existing, pod, kind, name, keys)


def _missing_keys(
    existing: Existing, pod: PodTemplate, kind: str, name: str, keys: Iterable[tuple[str, str]]
) -> Iterator[Problem]:
    holder = existing.object(kind, pod.resource.id.namespace, name)
    if holder is None:
        return
    known = {key for field in ("data", "binaryData", "stringData") for key in mapping_at(holder.body, field)}
    if not known:
        # Somebody else fills it in.
        return
    for path, key in keys:
        if key and key not in known:
            yield Problem(pod.resource, path, f"{kind} {shown(name)} has no key {shown(key)}")


_Reference = tuple[str, Mapping[str, Any], list[tuple[str, str]], str]
"""Where it stands, what it says, the keys that it names with their places, and the field with the name."""


def _content_references(pod: PodTemplate, kind: str, field: str) -> Iterator[_Reference]:
    for container in pod.containers:
        for index, item in items_at(container.body, "env"):
            reference = mapping_at(item, "valueFrom", f"{field}KeyRef")
            path = f"{container.path}.env[{index}].valueFrom.{field}KeyRef"
            yield path, reference, [(f"{path}.key", text_at(reference, "key"))], "name"
        for index, item in items_at(container.body, "envFrom"):
            yield f"{container.path}.envFrom[{index}].{field}Ref", mapping_at(item, f"{field}Ref"), [], "name"
    mounted = _mounted(pod)
    own_name = "secretName" if kind == "Secret" else "name"
    for index, volume in items_at(pod.spec, "volumes"):
        path = f"{pod.path}.volumes[{index}]"
        keys = (
            _keys(volume, field, path)
            if "items" in mapping_at(volume, field)
            else mounted.get(text_at(volume, "name"), [])
        )
        yield f"{path}.{field}", mapping_at(volume, field), keys, own_name
        for number, source in items_at(volume, "projected", "sources"):
            place = f"{path}.projected.sources[{number}]"
            yield f"{place}.{field}", mapping_at(source, field), _keys(source, field, place), "name"
        if kind == "Secret":
            yield (f"{path}.csi.nodePublishSecretRef", mapping_at(volume, "csi", "nodePublishSecretRef"), [], "name")


def _keys(holder: Mapping[str, Any], field: str, path: str) -> list[tuple[str, str]]:
    return [
        (f"{path}.{field}.items[{index}].key", text_at(item, "key")) for index, item in items_at(holder, field, "items")
    ]


def _mounted(pod: PodTemplate) -> dict[str, list[tuple[str, str]]]:
    """By volume, the single files of it that containers mount, each of which is a key."""
    found: dict[str, list[tuple[str, str]]] = {}
    for container in pod.containers:
        for index, mount in items_at(container.body, "volumeMounts"):
            file = (f"{container.path}.volumeMounts[{index}].subPath", text_at(mount, "subPath"))
            found.setdefault(text_at(mount, "name"), []).append(file)
    return found


def _missing(resource: Resource, path: str, kind: str, name: str) -> Problem:
    return Problem(resource, path, f"{kind} {shown(name)} is not in the manifests")
