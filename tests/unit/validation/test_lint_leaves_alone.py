from __future__ import annotations

import pytest

from tests.unit.validation.lint_example import Bodies, container_of, pod_of
from tests.unit.validation.spoiling import (
    HTTP,
    NETWORK_POLICY,
    Spoil,
    added,
    context,
    env,
    found_in,
    image,
    mount,
    node_port,
    pod,
    ports,
    probing,
    resources,
    second_agent_for_other_nodes,
    secret,
    spec,
    top,
    volume,
)

DIGEST = "@sha256:" + "7" * 64
ENCRYPTED = "ENC[AES256_GCM,data:x0Y=,iv:AA==,tag:AA==,type:str]"

DATABASE = {"apiVersion": "db.example/v1", "kind": "Cluster", "metadata": {"name": "db", "namespace": "shop"}}

CLAIM = {
    "apiVersion": "s3.example/v1",
    "kind": "Bucket",
    "metadata": {"name": "files", "namespace": "shop"},
    "spec": {"writeConnectionSecretToRef": {"name": "bucket-keys"}},
}
PROVIDER_CLASS = {
    "apiVersion": "secrets-store.csi.x-k8s.io/v1",
    "kind": "SecretProviderClass",
    "metadata": {"name": "vault", "namespace": "shop"},
    "spec": {"secretObjects": [{"secretName": "from-vault"}]},
}
SCHEDULER = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "scheduler", "namespace": "kube-system"},
    "spec": {"selector": {"component": "kube-scheduler"}},
}


def beside_operators(secret_name: str) -> Spoil:
    def spoil(of: Bodies) -> None:
        of["Cluster/db"], of["Bucket/files"], of["SecretProviderClass/vault"] = DATABASE, CLAIM, PROVIDER_CLASS
        env(valueFrom={"secretKeyRef": {"name": secret_name, "key": "x"}})(of)

    return spoil


def selecting(layer: str, label: str) -> Spoil:
    def spoil(of: Bodies) -> None:
        of["Deployment/web"]["spec"]["selector"]["matchLabels"]["layer"] = layer
        of["Deployment/web"]["spec"]["template"]["metadata"]["labels"]["layer"] = label

    return spoil


def policies_of_another_team(of: Bodies) -> None:
    of["NetworkPolicy/n"] = NETWORK_POLICY | {"metadata": {"name": "n", "namespace": "team"}}


def limit_range(of: Bodies) -> None:
    container_of(of).pop("resources")
    limits = {"type": "Container", "default": {"cpu": 1, "memory": 1}}
    of["LimitRange/l"] = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "l", "namespace": "shop"},
        "spec": {"limits": [limits]},
    }


CLEAN: list[Spoil] = [
    image(f"shop.example/web{DIGEST}"),
    image(f"shop.example/web:latest{DIGEST}"),
    image("${IMAGE}"),
    resources(limits={"cpu": 1, "memory": "1Gi"}),
    lambda of: (pod_of(of).update(resources=container_of(of)["resources"]), container_of(of).pop("resources")),
    context(runAsUser=1000, runAsNonRoot=None),
    lambda of: pod_of(of).update(securityContext={}, hostUsers=False),
    lambda of: (pod_of(of).update(os={"name": "windows"}, securityContext={}), container_of(of).pop("securityContext")),
    context(capabilities={"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}),
    pod(hostNetwork=False, hostPID=False, hostIPC=None),
    volume(emptyDir={}),
    top("Secret/registry", data={}, sops=None),
    top("Secret/registry", data={"a": ""}, stringData={"b": "${PASSWORD}"}, sops=None),
    top("Secret/registry", data={"a": "JHtQQVNTV09SRH0="}, sops=None),
    top("Secret/registry", type="kubernetes.io/service-account-token", data=None, sops=None),
    top(
        "Secret/registry",
        stringData={"ca.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        data=None,
        sops=None,
    ),
    env(valueFrom={"configMapKeyRef": {"name": "gone", "key": "x", "optional": True}}),
    lambda of: container_of(of)["envFrom"].append({"configMapRef": {"name": "gone", "optional": True}}),
    volume(secret={"secretName": "gone", "optional": True}),
    volume(persistentVolumeClaim={"claimName": "data-queue-0"}),
    pod(serviceAccountName="default"),
    pod(serviceAccountName="shop-${ENVIRONMENT}"),
    top("RoleBinding/shop", subjects=[{"kind": "ServiceAccount", "name": "x", "namespace": "monitoring"}]),
    top("RoleBinding/viewers", roleRef={"kind": "ClusterRole", "name": "system:node"}),
    spec("Service/web", selector=None),
    lambda of: (added("Cluster/db", DATABASE)(of), spec("Service/web", selector={"db.example/cluster": "db"})(of)),
    lambda of: (
        added("Cluster/db", DATABASE)(of),
        spec("PodDisruptionBudget/web", selector={"matchLabels": {"db.example/cluster": "db"}})(of),
    ),
    spec("Service/web", type="ExternalName", externalName="shop.example", selector={"app": "gone"}),
    spec("HTTPRoute/web", rules=[{"backendRefs": [{"name": "bucket", "kind": "Bucket", "group": "storage.example"}]}]),
    spec("HTTPRoute/web", rules=[{"backendRefs": [{"name": "other", "namespace": "elsewhere", "port": 80}]}]),
    spec("Ingress/web", defaultBackend={"resource": {"kind": "Bucket", "name": "x"}}),
    ports(HTTP, {"name": "dns", "containerPort": 8080, "protocol": "UDP"}),
    ports(
        HTTP | {"hostPort": 1, "hostIP": "10.0.0.1"},
        {"name": "b", "containerPort": 8081, "hostPort": 1, "hostIP": "10.0.0.2"},
    ),
    node_port(30080, 30081),
    lambda of: pod_of(of).update(initContainers=[{**container_of(of), "name": "first"}]),
    lambda of: of["Service/web"]["spec"]["ports"][1].update(port=80, protocol="UDP"),
    second_agent_for_other_nodes,
    image("shop.example/web@sha512:" + "7" * 128),
    volume(image={"reference": f"shop.example/model{DIGEST}"}),
    volume(image=None, emptyDir={}),
    image(ENCRYPTED),
    context(capabilities={"add": ["${CAPABILITY}"]}),
    lambda of: (pod_of(of)["volumes"].append({"name": "${VOLUME}"}), mount("data")(of)),
    mount(ENCRYPTED),
    selecting("front", "${LAYER}"),
    selecting(ENCRYPTED, ENCRYPTED.replace("x0Y", "x1Y")),
    limit_range,
    context(runAsNonRoot=None),
    probing("livenessProbe", "8080"),
    probing("readinessProbe", "${PORT}"),
    mount("data", "StatefulSet/queue"),
    secret({"a": "${PASSWORD:=}", "b": " ${ PASSWORD } ", "url": "postgres://shop:${PASSWORD}@db:5432/shop?a=b"}),
    lambda of: of["Service/web"]["spec"].update(selector={"app": "${NAME}"}),
    lambda of: of["Service/web"]["metadata"].pop("namespace"),
    lambda of: of["ConfigMap/settings"]["metadata"].pop("namespace"),
    lambda of: of["Deployment/web"]["metadata"].pop("namespace"),
    added("Service/scheduler", SCHEDULER),
    added("NetworkPolicy/n", NETWORK_POLICY | {"spec": {"podSelector": {}}}),
    policies_of_another_team,
    spec("Ingress/web", defaultBackend={"service": {"name": "redirect", "port": {"name": "use-annotation"}}}),
    env(valueFrom={"secretKeyRef": {"name": "kubernetes", "key": "x", "optional": True}}),
    lambda of: (
        volume(configMap={"name": "settings", "items": [{"key": "color", "path": "a/b"}]})(of),
        container_of(of).update(volumeMounts=[{"name": "another", "mountPath": "/x", "subPath": "a"}]),
    ),
    beside_operators("db"),
    beside_operators("db-app"),
    beside_operators("db-connection"),
    beside_operators("bucket-keys"),
    beside_operators("from-vault"),
]


@pytest.mark.parametrize("spoil", CLEAN)
def test_what_is_all_right_is_no_finding(spoil: Spoil) -> None:
    assert found_in(spoil) == ()
