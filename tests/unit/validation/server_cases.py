"""What schemas allow and an API server refuses, one mistake at a time, and what it takes although it looks odd."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.validation.field_paths import steps_of
from tests.unit.validation.schema_cases import BODIES

_TEXT = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: main, image: "web:1"}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: web}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "web:1"}]}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 3}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "shop:web"}
rules: [{nonResourceURLs: [/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "shop:web"}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: default}]
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: of-the-rules}
provisioner: disks.example.com
"""

_BASES = BODIES | {body["kind"]: body for body, _ in read_documents(_TEXT.encode(), "server_cases.yaml")}
_BASES["Secret"] = _BASES["Secret"] | {"data": {"tls.crt": "YQ=="}}


class _Gone(Enum):
    """In the place of a value: the field is taken away."""

    GONE = "gone"


_GONE = _Gone.GONE


@dataclass(frozen=True)
class ServerCase:
    """One object: ``at`` and ``value`` are what is changed in the one without fault; where and what the gate tells."""

    kind: str
    at: str
    value: Any
    says: str
    told_at: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.kind} {self.at} {str(self.value)[:40]}"

    @property
    def path(self) -> str:
        """The field that the finding names."""
        return self.told_at or self.at

    @property
    def body(self) -> dict[str, Any]:
        """The object as it is changed."""
        return changed(self.kind, self.at, self.value)


def changed(kind: str, at: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The object of that kind without fault, but for one field."""
    body: dict[str, Any] = deepcopy(_BASES[kind])
    *parents, last = steps_of(at)
    here: Any = body
    for step in parents:
        here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
    if value is _GONE:
        del here[last]
    elif isinstance(here, list) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return body


_POD = "spec.template.spec"
_MAIN = f"{_POD}.containers[0]"
_SUBDOMAIN = "text of at most 253 lower-case letters"
_LABEL = "text of at most 63 lower-case letters, digits and -"
_CLAIM = {"name": "a", "emptyDir": {}, "hostPath": {"path": "/"}}
_HTTP = "spec.rules[0].http.paths[0]"


def _case(kind: str, at: str, value: Any, says: str, told_at: str = "") -> ServerCase:  # noqa: ANN401
    return ServerCase(kind, at, value, says, told_at)


CASES = [
    *(
        _case(kind, "metadata.name", name, f'"{name}"; expected {_SUBDOMAIN}')
        for kind in (
            "ConfigMap", "Secret", "Deployment", "CronJob", "Ingress", "ServiceAccount", "Pod", "StatefulSet", "Job",
            "HorizontalPodAutoscaler", "NetworkPolicy", "StorageClass", "Widget",
        )
        for name in ("web_1",)
    ),
    _case("ConfigMap", "metadata.name", "Web", _SUBDOMAIN),
    _case("ConfigMap", "metadata.name", "web.", _SUBDOMAIN),
    _case("ConfigMap", "metadata.name", "a" * 254, _SUBDOMAIN),
    _case("Service", "metadata.name", "web.shop", _LABEL),
    _case("Namespace", "metadata.name", "my.shop", _LABEL),
    _case("ClusterRole", "metadata.name", "shop/web", "a name without / and %"),
    _case("Role", "metadata.name", "web%", "a name without / and %"),
    _case("CronJob", "metadata.name", "a" * 53, "is 53 characters long; expected at most 52"),
    _case("ConfigMap", "metadata.labels[bad key]", "a", "is no key"),
    _case("ConfigMap", "metadata.labels[Shop.example/team]", "a", "is no key"),
    _case("ConfigMap", "metadata.labels[a/b/c]", "a", "is no key"),
    _case("ConfigMap", "metadata.labels.app", "two words", '"two words"; expected text of at most 63 letters'),
    _case("Widget", "metadata.labels.app", "-x", '"-x"; expected text of at most 63 letters'),
    _case("ConfigMap", "metadata.labels.app", "a" * 64, "at most 63 letters"),
    _case("ConfigMap", "metadata.annotations[a b]", "a", "is no key"),
    _case("ConfigMap", "metadata.annotations.a", "a" * 262_144, "expected at most 262144", "metadata.annotations"),
    _case("ConfigMap", "data[a b]", "a", "is no key"),
    _case("ConfigMap", "data[..a]", "a", "is no key"),
    _case("ConfigMap", "binaryData.key", "YQ==", "is in data as well"),
    _case("ConfigMap", "data.large", "a" * 1_048_577, "expected at most 1048576", "data"),
    _case("Secret", "stringData[a/b]", "a", "is no key"),
    _case("Secret", "type", "kubernetes.io/tls", "data[tls.key] is missing", "data[tls.key]"),
    _case("Secret", "type", "kubernetes.io/dockerconfigjson", "is missing", "data[.dockerconfigjson]"),
    _case("Secret", "type", "kubernetes.io/basic-auth", "is missing", "data.username"),
    _case("Secret", "type", "kubernetes.io/ssh-auth", "is missing", "data.ssh-privatekey"),
    _case("Secret", "type", "kubernetes.io/service-account-token", "is missing",
          "metadata.annotations[kubernetes.io/service-account.name]"),
    _case("Deployment", "spec.template.metadata.labels", {"app": "other"}, "app=other, which spec.selector does not"),
    _case("Deployment", "spec.selector", {}, "is empty"),
    _case("Deployment", "spec.selector.matchExpressions", [{"key": "app", "operator": "in", "values": ["web"]}],
          'is "in"; expected one of: In', "spec.selector.matchExpressions[0].operator"),
    _case("Deployment", "spec.selector.matchExpressions", [{"key": "app", "operator": "In"}],
          "is missing", "spec.selector.matchExpressions[0].values"),
    _case("Deployment", "spec.selector.matchExpressions", [{"key": "app", "operator": "Exists", "values": ["web"]}],
          "may not be there", "spec.selector.matchExpressions[0].values"),
    _case("Deployment", "spec.replicas", -1, "is -1; expected at least 0"),
    _case("Deployment", "spec.strategy.type", "Recreate", "may not be there with the strategy Recreate",
          "spec.strategy.rollingUpdate"),
    _case("Deployment", "spec.strategy.rollingUpdate", {"maxSurge": 0, "maxUnavailable": "0%"}, "no Pod could be",
          "spec.strategy.rollingUpdate.maxUnavailable"),
    _case("Deployment", f"{_POD}.restartPolicy", "Never", "expected Always"),
    _case("StatefulSet", "spec.template.metadata.labels", {"app": "other"}, "does not select"),
    _case("StatefulSet", f"{_POD}.restartPolicy", "Never", "expected Always"),
    _case("Job", f"{_POD}.restartPolicy", _GONE, "is missing"),
    _case("Job", f"{_POD}.restartPolicy", "Always", "expected one of: OnFailure, Never"),
    _case("Job", "spec.backoffLimit", -1, "at least 0"),
    _case("CronJob", "spec.jobTemplate.spec.template.spec.restartPolicy", _GONE, "expected one of: OnFailure, Never"),
    _case("CronJob", "spec.schedule", "", "is missing"),
    _case("CronJob", "spec.schedule", "0 * * *", "has 4 fields; expected five"),
    _case("CronJob", "spec.schedule", "0 24 * * *", "has '24' for the hour; expected 0 to 23"),
    _case("CronJob", "spec.schedule", "0 0 * * 7", "has '7' for the day of the week"),
    _case("CronJob", "spec.schedule", "*/0 * * * *", "for the minute"),
    _case("CronJob", "spec.schedule", "5-1 * * * *", "for the minute"),
    _case("CronJob", "spec.schedule", "9" * 5000 + " * * * *", "has '99999"),
    _case("CronJob", "spec.schedule", "@dayly", "is no schedule"),
    _case("Deployment", f"{_POD}.containers", [], "is empty; expected at least one container"),
    _case("Deployment", f"{_MAIN}.name", "Main_1", f'"Main_1"; expected {_LABEL}'),
    _case("Deployment", f"{_MAIN}.image", "", "is missing"),
    _case("Deployment", f"{_MAIN}.image", _GONE, "is missing"),
    _case("Deployment", f"{_POD}.initContainers", [{"name": "main", "image": "web:1"}], "of an init container as well",
          f"{_MAIN}.name"),
    _case("Deployment", f"{_MAIN}.ports[0].containerPort", 0, "is 0; expected a port from 1 to 65535"),
    _case("Deployment", f"{_MAIN}.ports[0].hostPort", 65536, "a port from 1 to 65535"),
    _case("Deployment", f"{_MAIN}.ports[0].name", "a-name-of-16-let", "at most 15"),
    _case("Deployment", f"{_MAIN}.ports[0].name", "8080", "one letter at least"),
    _case("Deployment", f"{_MAIN}.ports[0].name", "a--b", "single -"),
    _case("Deployment", f"{_MAIN}.env[0].name", "A=B", "without ="),
    _case("Deployment", f"{_MAIN}.env[0].name", "", "without ="),
    _case("Deployment", f"{_MAIN}.env[1].value", "a", "beside a value", f"{_MAIN}.env[1].valueFrom"),
    _case("Deployment", f"{_MAIN}.volumeMounts", [{"name": "gone", "mountPath": "/a"}],
          "one of the Pod's volumes: cache", f"{_MAIN}.volumeMounts[0].name"),
    _case("Deployment", f"{_MAIN}.volumeMounts", [{"name": "cache", "mountPath": ""}], "is missing",
          f"{_MAIN}.volumeMounts[0].mountPath"),
    _case("Deployment", f"{_POD}.volumes[0].name", "Cache", _LABEL),
    _case("Deployment", f"{_POD}.volumes[1]", _CLAIM, "has emptyDir and hostPath; expected one"),
    _case("Deployment", f"{_MAIN}.resources.requests.cpu", 2, "is 2, which is more than the limit of 1"),
    _case("Deployment", f"{_MAIN}.resources.limits.memory", "32Mi", "which is more than the limit of 32Mi",
          f"{_MAIN}.resources.requests.memory"),
    _case("Deployment", f"{_MAIN}.resources.limits.mem", "1Gi", "is no resource"),
    _case("Deployment", f"{_MAIN}.resources.limits.ephemeral-storage", "-1", "at least 0"),
    _case("Deployment", f"{_MAIN}.readinessProbe", {"periodSeconds": 5}, "does nothing; expected one of: exec"),
    _case("Deployment", f"{_MAIN}.readinessProbe.tcpSocket", {"port": 80}, "has httpGet and tcpSocket",
          f"{_MAIN}.readinessProbe"),
    _case("Deployment", f"{_MAIN}.readinessProbe.httpGet.port", "8080", "a number has no quotes"),
    _case("Deployment", f"{_MAIN}.livenessProbe", {"exec": {"command": ["a"]}, "successThreshold": 2}, "expected 1",
          f"{_MAIN}.livenessProbe.successThreshold"),
    _case("Deployment", f"{_POD}.nodeSelector", {"a b": "c"}, "is no key", f"{_POD}.nodeSelector[a b]"),
    _case("Deployment", f"{_POD}.serviceAccountName", "Web", _SUBDOMAIN),
    _case("Pod", "spec.containers[0].name", "a.b", _LABEL),
    _case("HorizontalPodAutoscaler", "spec.maxReplicas", 0, "is 0; expected at least 1"),
    _case("HorizontalPodAutoscaler", "spec.maxReplicas", 1, "is 1, which is less than minReplicas, 2"),
    _case("PodDisruptionBudget", "spec.maxUnavailable", 1, "beside minAvailable"),
    _case("NetworkPolicy", "spec.podSelector.matchExpressions[0].operator", "Is", 'is "Is"; expected one of: In'),
    _case("Service", "spec.ports[0].port", 0, "a port from 1 to 65535"),
    _case("Service", "spec.ports[0].targetPort", "HTTP", "the name of a port"),
    _case("Service", "spec.ports[0].targetPort", "8080", "a number has no quotes"),
    _case("Service", "spec.ports[0].name", "Http", _LABEL),
    _case("Service", "spec.ports[1]", {"port": 81, "name": "b"}, "each has a name", "spec.ports[0].name"),
    _case("Service", "spec.ports", [{"port": 81, "name": "b"}, {"port": 80, "name": "b"}], "another name",
          "spec.ports[1].name"),
    _case("Service", "spec.ports", [], "is missing"),
    _case("Service", "spec.type", "ExternalName", "is missing", "spec.externalName"),
    _case("Service", "spec.selector", {"a b": "c"}, "is no key", "spec.selector[a b]"),
    _case("Ingress", "spec", {"ingressClassName": "a"}, "needs one of: rules, defaultBackend"),
    _case("Ingress", "spec.rules[0].host", "Shop.example", "in lower case"),
    _case("Ingress", "spec.rules[0].host", "10.0.0.1", "not an address"),
    _case("Ingress", f"{_HTTP}.path", "shop", "begins with /"),
    _case("Ingress", f"{_HTTP}.backend", {}, "has neither; expected one of: service, resource"),
    _case("Ingress", f"{_HTTP}.backend.service.port.number", 80, "a name and a number",
          f"{_HTTP}.backend.service.port"),
    _case("Ingress", f"{_HTTP}.backend.service.port", {}, "is missing; expected a name or a number"),
    _case("Role", "rules[0].verbs", [], "is missing"),
    _case("Role", "rules[0].apiGroups", _GONE, "is missing"),
    _case("Role", "rules[0].resources", _GONE, "is missing"),
    _case("Role", "rules[0].nonResourceURLs", ["/a"], "in a ClusterRole only"),
    _case("ClusterRole", "rules[0].resources", ["pods"], "beside resources", "rules[0].nonResourceURLs"),
    _case("ClusterRoleBinding", "subjects[0].namespace", _GONE, "is missing"),
    _case("RoleBinding", "subjects[0].kind", "serviceaccount", "expected one of: ServiceAccount, User, Group"),
    _case("RoleBinding", "subjects[0].apiGroup", "rbac.authorization.k8s.io", "in the core group"),
    _case("RoleBinding", "roleRef.kind", "role", "expected one of: Role, ClusterRole"),
    _case("ClusterRoleBinding", "roleRef.kind", "Role", "expected ClusterRole"),
]  # fmt: skip

CLEAN = [
    *((kind, "metadata.labels.app", "") for kind in _BASES),
    ("ConfigMap", "metadata.name", "0.a-b.c" + "d" * 246),
    ("Deployment", "metadata.name", "web.shop.example"),
    ("Job", "metadata.name", "9"),
    ("CronJob", "metadata.name", "a" * 52),
    ("Namespace", "metadata.name", "0" * 63),
    ("Service", "metadata.name", "1web"),
    ("Role", "metadata.name", "Any_Name: it is!"),
    ("ConfigMap", "metadata.labels[a.b/C_d.e-f]", "A_b.c-9"),
    ("ConfigMap", "metadata.annotations[Shop.Example/a]", "ä\n"),
    ("ConfigMap", "data[.a_-B]", "x"),
    ("ConfigMap", "data.large", "a" * 1_048_566),
    ("Secret", "type", "shop.example/any"),
    ("Deployment", "spec.selector.matchExpressions", [{"key": "app", "operator": "NotIn", "values": ["x"]}]),
    ("Deployment", "spec.replicas", 0),
    ("Deployment", f"{_MAIN}.env[0].name", "a b!{}"),
    ("Deployment", f"{_MAIN}.ports[0].name", "8a"),
    ("Deployment", f"{_MAIN}.ports[0].hostPort", 0),
    ("Deployment", f"{_MAIN}.resources.limits[nvidia.com/gpu]", 1),
    ("Deployment", f"{_MAIN}.livenessProbe", {"exec": {"command": ["a"]}, "successThreshold": 0}),
    ("Deployment", f"{_POD}.volumes[1]", {"name": "a"}),
    ("StatefulSet", f"{_MAIN}.name", "main"),
    *(
        ("CronJob", "spec.schedule", schedule)
        for schedule in (
            "@every 1h30m", "*/5,1-3/2 0-23 ? JAN-mar sun", " 0 0 1,15 * Mon-Fri ", "*-5 * * * *", "1,,2 * * * *",
        )
    ),
    ("Service", "spec", {"clusterIP": "None", "selector": {"app": "web"}}),
    ("Service", "spec", {"type": "ExternalName", "externalName": "shop.example."}),
    ("Service", "spec.ports[0].name", "1"),
    ("Service", "spec.ports[0].targetPort", 0),
    ("Ingress", "spec.rules[0].host", "*.shop.example"),
    ("Ingress", f"{_HTTP}.pathType", "ImplementationSpecific"),
    ("RoleBinding", "subjects[0]", {"kind": "User", "name": "Jane Doe"}),
    ("RoleBinding", "subjects[0].namespace", ""),
    ("PodDisruptionBudget", "metadata.name", "web_1"),
    ("RoleBinding", "roleRef.name", "system:auth-delegator"),
    ("ClusterRole", "rules", None),
    ("HorizontalPodAutoscaler", "spec.minReplicas", None),
]  # fmt: skip
