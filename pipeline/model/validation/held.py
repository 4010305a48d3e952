"""An object of Kubernetes' own kinds as an API server holds it when it asks its policies: with defaults.

Without them ``object.spec.replicas <= 5`` would fail for every Deployment that leaves ``replicas`` out. Here is what
depends on the object alone; what a cluster adds (addresses, service accounts, priorities) nobody knows beforehand.

Source: Kubernetes API reference; k8s.io/kubernetes ``pkg/apis/*/v1/defaults.go``. Compared with a real API server in
``tests/integration/validate``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.model.manifests import Body
from pipeline.model.validation.held_pods import held_pod_spec, items, with_defaults

_RBAC = "rbac.authorization.k8s.io"
_PERCENT = "25%"


def held(body: Body) -> Body:
    """The object with the defaults of its kind; kinds that are not Kubernetes' own are as they are."""
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    rule = _RULES.get((group, str(body.get("kind"))))
    if rule is None:
        return body
    try:
        return rule(body)
    except (AttributeError, TypeError, KeyError, ValueError):
        # Of another shape than the kind's: the schema gate says so.
        return body


def _with_spec(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Body], Body]:
    return lambda body: {**body, "spec": change(dict(body.get("spec") or {}))}


def _templated(spec: Mapping[str, Any]) -> dict[str, Any]:
    template = spec.get("template")
    if template is None:
        return dict(spec)
    return {**spec, "template": {**template, "spec": held_pod_spec(template.get("spec") or {})}}


def _deployment(spec: dict[str, Any]) -> dict[str, Any]:
    strategy = with_defaults(spec.get("strategy") or {}, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = with_defaults(strategy.get("rollingUpdate") or {}, maxUnavailable=_PERCENT, maxSurge=_PERCENT)
        strategy["rollingUpdate"] = rolling
    defaults = {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    found = with_defaults(_templated(spec), **defaults) | {"strategy": strategy}
    return {key: value for key, value in found.items() if (key, value) != ("paused", False)}


def _stateful_set(spec: dict[str, Any]) -> dict[str, Any]:
    strategy = with_defaults(spec.get("updateStrategy") or {}, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = with_defaults(strategy.get("rollingUpdate") or {}, partition=0)
    retention = with_defaults(
        spec.get("persistentVolumeClaimRetentionPolicy") or {}, whenDeleted="Retain", whenScaled="Retain"
    )
    found = with_defaults(_templated(spec), replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    found |= {"updateStrategy": strategy, "persistentVolumeClaimRetentionPolicy": retention}
    if claims := spec.get("volumeClaimTemplates"):
        typed = [with_defaults(claim, apiVersion="v1", kind="PersistentVolumeClaim") for claim in claims]
        found["volumeClaimTemplates"] = [
            {**claim, "spec": _claim(dict(claim.get("spec") or {})), "status": {"phase": "Pending"}} for claim in typed
        ]
    return found


def _daemon_set(spec: dict[str, Any]) -> dict[str, Any]:
    strategy = with_defaults(spec.get("updateStrategy") or {}, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = with_defaults(strategy.get("rollingUpdate") or {}, maxSurge=0, maxUnavailable=1)
    return with_defaults(_templated(spec), revisionHistoryLimit=10) | {"updateStrategy": strategy}


def _job(spec: dict[str, Any]) -> dict[str, Any]:
    found = _templated(spec)
    if "completions" not in found and "parallelism" not in found:
        found["completions"] = 1
    defaults = {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False}
    policy = "Failed" if "podFailurePolicy" in found else "TerminatingOrFailed"
    return with_defaults(found, parallelism=1, podReplacementPolicy=policy, **defaults)


def _cron_job(spec: dict[str, Any]) -> dict[str, Any]:
    template = spec.get("jobTemplate") or {}
    inner = _templated(template.get("spec") or {})
    inner["template"] = with_defaults(inner.get("template") or {}, metadata={})
    found = {**spec, "jobTemplate": {**with_defaults(template, metadata={}), "spec": inner}}
    defaults = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    return with_defaults(found, concurrencyPolicy="Allow", suspend=False, **defaults)


def _service(spec: dict[str, Any]) -> dict[str, Any]:
    found = with_defaults(spec, type="ClusterIP", sessionAffinity="None")
    if found["type"] != "ExternalName":
        found = with_defaults(found, internalTrafficPolicy="Cluster")
    if found["type"] in {"NodePort", "LoadBalancer"}:
        found = with_defaults(found, externalTrafficPolicy="Cluster")
    if found["type"] == "LoadBalancer":
        found = with_defaults(found, allocateLoadBalancerNodePorts=True)
    return items(found, "ports", lambda port: with_defaults(port, protocol="TCP", targetPort=port.get("port")))


def _claim(spec: dict[str, Any]) -> dict[str, Any]:
    return with_defaults(spec, volumeMode="Filesystem", resources={})


def _network_policy(spec: dict[str, Any]) -> dict[str, Any]:
    types = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    found = with_defaults(spec, policyTypes=types, podSelector={})
    for direction in ("ingress", "egress"):
        found = items(
            found,
            direction,
            lambda rule: items(rule, "ports", lambda port: with_defaults(port, protocol="TCP")),
        )
    return found


def _autoscaler(spec: dict[str, Any]) -> dict[str, Any]:
    return with_defaults(spec, minReplicas=1)


def _secret(body: Body) -> Body:
    """What is written as text is held as base64."""
    texts = body.get("stringData") or {}
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in texts.items()}
    found = {key: value for key, value in body.items() if key != "stringData"}
    if encoded:
        found["data"] = {**(body.get("data") or {}), **encoded}
    return with_defaults(found, type="Opaque")


def _role_binding(body: Body) -> Body:
    def subject(each: Mapping[str, Any]) -> dict[str, Any]:
        return dict(each) if each.get("kind") == "ServiceAccount" else with_defaults(each, apiGroup=_RBAC)

    found = items(body, "subjects", subject)
    return {**found, "roleRef": with_defaults(found["roleRef"], apiGroup=_RBAC)}


def _namespace(body: Body) -> Body:
    metadata = body["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    return {**body, "metadata": {**metadata, "labels": labels}}


def _storage_class(body: Body) -> Body:
    return with_defaults(body, reclaimPolicy="Delete", volumeBindingMode="Immediate")


_RULES: Mapping[tuple[str, str], Callable[[Body], Body]] = {
    ("", "Pod"): _with_spec(lambda spec: held_pod_spec(spec, is_pod=True)),
    ("", "PodTemplate"): _templated,
    ("", "ReplicationController"): _with_spec(lambda spec: with_defaults(_templated(spec), replicas=1)),
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _with_spec(_claim),
    ("", "Secret"): _secret,
    ("", "Service"): _with_spec(_service),
    ("apps", "DaemonSet"): _with_spec(_daemon_set),
    ("apps", "Deployment"): _with_spec(_deployment),
    ("apps", "ReplicaSet"): _with_spec(lambda spec: with_defaults(_templated(spec), replicas=1)),
    ("apps", "StatefulSet"): _with_spec(_stateful_set),
    ("autoscaling", "HorizontalPodAutoscaler"): _with_spec(_autoscaler),
    ("batch", "CronJob"): _with_spec(_cron_job),
    ("batch", "Job"): _with_spec(_job),
    ("networking.k8s.io", "NetworkPolicy"): _with_spec(_network_policy),
    (_RBAC, "ClusterRoleBinding"): _role_binding,
    (_RBAC, "RoleBinding"): _role_binding,
    ("storage.k8s.io", "StorageClass"): _storage_class,
}
"""By group and kind."""
