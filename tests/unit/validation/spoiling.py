"""Ways to spoil the clean application, for the tests of the lint."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pipeline.gates.lint import LintGate
from pipeline.model.validation.finding import Finding
from tests.unit.validation.lint_example import Bodies, bodies, container_of, manifests, pod_of, spoiled

Spoil = Callable[[Bodies], object]


def found_in(spoil: Spoil) -> tuple[Finding, ...]:
    return LintGate().check(spoiled(spoil), None).findings


def changed_from_before(spoil: Spoil) -> tuple[Finding, ...]:
    return LintGate().check(spoiled(spoil), manifests(bodies())).findings


def image(text: str, workload: str = "Deployment/web") -> Spoil:
    return lambda of: container_of(of, workload).update(image=text)


def context(**settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: container_of(of)["securityContext"].update(settings)


def resources(**settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: container_of(of).update(resources=settings)


def without(key: str, workload: str = "Deployment/web") -> Spoil:
    return lambda of: container_of(of, workload).pop(key)


def pod(**settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: pod_of(of).update(settings)


def spec(name: str, **settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: of[name]["spec"].update(settings)


def top(name: str, **settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: of[name].update(settings)


def gone(name: str) -> Spoil:
    return lambda of: of.pop(name)


def added(name: str, body: dict[str, Any]) -> Spoil:
    return lambda of: of.update({name: body})


def volume(**settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: pod_of(of)["volumes"].append({"name": "another", **settings})


def env(**settings: Any) -> Spoil:  # noqa: ANN401 - any JSON value
    return lambda of: container_of(of)["env"].append({"name": "ANOTHER", **settings})


def ports(*listed: dict[str, Any], workload: str = "Deployment/web") -> Spoil:
    return lambda of: container_of(of, workload).update(ports=list(listed))


def sidecar(*listed: dict[str, Any], init: bool = False) -> Spoil:
    def spoil(of: Bodies) -> None:
        main = container_of(of)
        probes = {probe: {"tcpSocket": {"port": 8080}} for probe in ("readinessProbe", "livenessProbe")}
        another = {**main, **probes, "name": "another", "ports": list(listed)}
        another |= {"restartPolicy": "Always"} if init else {}
        pod_of(of).setdefault("initContainers" if init else "containers", []).append(another)

    return spoil


def probing(probe: str, port: str) -> Spoil:
    return lambda of: container_of(of)[probe]["httpGet"].update(port=port)


def secret(values: dict[str, str]) -> Spoil:
    return top("Secret/registry", stringData=values, data=None, sops=None)


def mount(name: str, workload: str = "Deployment/web") -> Spoil:
    return lambda of: container_of(of, workload).update(volumeMounts=[{"name": name, "mountPath": "/x"}])


def namesake(kind: str, version: str) -> Spoil:
    """A Service that selects nothing, beside something of the name that is in its selector."""

    def spoil(of: Bodies) -> None:
        of[f"{kind}/gone"] = {"apiVersion": version, "kind": kind, "metadata": {"name": "gone", "namespace": "shop"}}
        of["Service/web"]["spec"]["selector"] = {"app": "gone"}

    return spoil


def in_default_namespace(of: Bodies) -> None:
    env(valueFrom=SECRET_KEY)(of)
    for body in of.values():
        if "namespace" in body["metadata"]:
            body["metadata"]["namespace"] = "default"
        for item in body.get("subjects", ()):
            item.pop("namespace", None)


def role(**rule: list[str]) -> Spoil:
    return lambda of: of["Role/shop"]["rules"].append(rule)


HTTP = {"name": "http", "containerPort": 8080}
SECRET_KEY = {"secretKeyRef": {"name": "gone", "key": "x"}}
ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "TCPRoute",
    "metadata": {"name": "t", "namespace": "shop"},
}
HOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "hook"},
    "webhooks": [{"name": "a", "clientConfig": {"service": {"name": "gone", "namespace": "shop"}}}],
}
API_SERVICE = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": "v1.shop.example"},
    "spec": {"service": {"name": "gone", "namespace": "shop"}},
}
CONVERSION = "spec.conversion.webhook.clientConfig.service"
CONVERTED = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "carts.shop.example"},
    "spec": {"conversion": {"webhook": {"clientConfig": {"service": {"name": "gone", "namespace": "shop"}}}}},
}
SCALED_OBJECT = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"scaleTargetRef": {"name": "gone"}},
}
NETWORK_POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"podSelector": {"matchLabels": {"app": "gone"}}},
}
CLUSTER_ADMIN = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "shop"},
    "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"kind": "Group", "name": "everybody"}],
}
DAEMON_PORT = {"name": "http", "containerPort": 8080, "hostPort": 9000}


def second_agent(of: Bodies) -> None:
    container_of(of, "DaemonSet/agent")["ports"] = [DAEMON_PORT]
    other = {**of["DaemonSet/agent"], "metadata": {"name": "other", "namespace": "shop"}}
    of["DaemonSet/other"] = other


def second_agent_for_other_nodes(of: Bodies) -> None:
    second_agent(of)
    of["DaemonSet/other"] = deepcopy(of["DaemonSet/other"])
    pod_of(of, "DaemonSet/other")["nodeSelector"] = {"gpu": "yes"}


def node_port(*numbers: int) -> Spoil:
    def spoil(of: Bodies) -> None:
        for name, number in zip(("Service/queue", "Service/web"), numbers, strict=True):
            of[name]["spec"]["ports"][0]["nodePort"] = number

    return spoil
