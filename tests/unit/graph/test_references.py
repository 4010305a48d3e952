"""Every place in which one object names another, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.graph.references import makes, owners, pod_labels, references, selections
from pipeline.model.manifests import Resource
from tests.unit.graph.objects import resource, workload

ADMISSION = "admissionregistration.k8s.io/v1"
AUTOSCALING = "autoscaling/v2"
FLUX_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
FLUX_SOURCE = "source.toolkit.fluxcd.io/v1"
GATEWAY = "gateway.networking.k8s.io/v1"


def containing(**container: object) -> dict[str, Any]:
    return {"containers": [{"name": "c", **container}]}


def env(**source: object) -> dict[str, Any]:
    return containing(env=[{"name": "A", "valueFrom": source}])


def volume(**source: object) -> dict[str, Any]:
    return {"volumes": [{"name": "v", **source}]}


PODS = [
    ({"serviceAccountName": "robot"}, "ServiceAccount shop/robot"),
    ({"imagePullSecrets": [{"name": "pull"}]}, "Secret shop/pull"),
    ({"priorityClassName": "high"}, "PriorityClass.scheduling.k8s.io high"),
    ({"runtimeClassName": "gvisor"}, "RuntimeClass.node.k8s.io gvisor"),
    (env(configMapKeyRef={"name": "settings", "key": "a"}), "ConfigMap shop/settings"),
    (env(secretKeyRef={"name": "db", "key": "a"}), "Secret shop/db"),
    (containing(envFrom=[{"configMapRef": {"name": "settings"}}]), "ConfigMap shop/settings"),
    (containing(envFrom=[{"secretRef": {"name": "db"}}]), "Secret shop/db"),
    ({"initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "db"}}]}]}, "Secret shop/db"),
    ({"ephemeralContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "db"}}]}]}, "Secret shop/db"),
    (volume(configMap={"name": "settings"}), "ConfigMap shop/settings"),
    (volume(secret={"secretName": "tls"}), "Secret shop/tls"),
    (volume(persistentVolumeClaim={"claimName": "data"}), "PersistentVolumeClaim shop/data"),
    (volume(projected={"sources": [{"configMap": {"name": "settings"}}]}), "ConfigMap shop/settings"),
    (volume(projected={"sources": [{"secret": {"name": "db"}}]}), "Secret shop/db"),
    (volume(csi={"driver": "d", "nodePublishSecretRef": {"name": "csi"}}), "Secret shop/csi"),
    (volume(azureFile={"secretName": "azure", "shareName": "s"}), "Secret shop/azure"),
    (volume(cephfs={"secretRef": {"name": "ceph"}}), "Secret shop/ceph"),
    (
        volume(ephemeral={"volumeClaimTemplate": {"spec": {"storageClassName": "fast"}}}),
        "StorageClass.storage.k8s.io fast",
    ),
    ({"resourceClaims": [{"name": "g", "resourceClaimName": "gpu"}]}, "ResourceClaim.resource.k8s.io shop/gpu"),
    (
        {"resourceClaims": [{"name": "g", "resourceClaimTemplateName": "gpu"}]},
        "ResourceClaimTemplate.resource.k8s.io shop/gpu",
    ),
]


@pytest.mark.parametrize(("spec", "expected"), PODS)
def test_a_pods_specification_names(spec: dict[str, Any], expected: str) -> None:
    assert [str(found.target) for found in references(workload(**spec))] == [expected]


@pytest.mark.parametrize(
    "made",
    [
        resource("Pod", spec={"containers": [], "serviceAccountName": "robot"}),
        workload(kind="StatefulSet", serviceAccountName="robot"),
        resource(
            "CronJob",
            api="batch/v1",
            spec={"jobTemplate": {"spec": {"template": {"spec": {"containers": [], "serviceAccountName": "robot"}}}}},
        ),
        resource(
            "Rollout",
            api="argoproj.io/v1alpha1",
            spec={"template": {"spec": {"containers": [], "serviceAccountName": "robot"}}},
        ),
        resource(
            "Fleet",
            api="acme.dev/v1",
            spec={"parts": [{"pod": {"spec": {"containers": [], "serviceAccountName": "robot"}}}]},
        ),
    ],
    ids=lambda made: made.id.kind,
)
def test_a_pods_specification_is_found_wherever_it_stands(made: Resource) -> None:
    assert [str(found.target) for found in references(made)] == ["ServiceAccount shop/robot"]


REFERENCES = [
    (resource("ServiceAccount", secrets=[{"name": "token"}]), "reference Secret shop/token"),
    (resource("ServiceAccount", imagePullSecrets=[{"name": "pull"}]), "reference Secret shop/pull"),
    (
        resource("PersistentVolumeClaim", spec={"storageClassName": "fast"}),
        "reference StorageClass.storage.k8s.io fast",
    ),
    (resource("PersistentVolumeClaim", spec={"volumeName": "disk"}), "reference PersistentVolume disk"),
    (
        resource(
            "PersistentVolumeClaim",
            spec={"dataSource": {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}},
        ),
        "reference VolumeSnapshot.snapshot.storage.k8s.io shop/s",
    ),
    (
        resource("PersistentVolume", namespace="", spec={"storageClassName": "fast"}),
        "reference StorageClass.storage.k8s.io fast",
    ),
    (resource("StatefulSet", spec={"serviceName": "peers"}), "reference Service shop/peers"),
    (
        resource("StatefulSet", spec={"volumeClaimTemplates": [{"spec": {"storageClassName": "fast"}}]}),
        "reference StorageClass.storage.k8s.io fast",
    ),
    (
        resource(
            "HorizontalPodAutoscaler",
            api=AUTOSCALING,
            spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}},
        ),
        "selector StatefulSet.apps shop/db",
    ),
    (
        resource(
            "VerticalPodAutoscaler",
            api="autoscaling.k8s.io/v1",
            spec={"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
        ),
        "selector Deployment.apps shop/web",
    ),
    (
        resource("ScaledObject", api="keda.sh/v1alpha1", spec={"scaleTargetRef": {"name": "web"}}),
        "selector Deployment.apps shop/web",
    ),
    (resource("Ingress", spec={"ingressClassName": "nginx"}), "reference IngressClass.networking.k8s.io nginx"),
    (resource("Ingress", spec={"defaultBackend": {"service": {"name": "web"}}}), "reference Service shop/web"),
    (
        resource(
            "Ingress", spec={"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "web"}}}]}}]}
        ),
        "reference Service shop/web",
    ),
    (resource("Ingress", spec={"tls": [{"secretName": "tls"}]}), "reference Secret shop/tls"),
    (
        resource("HTTPRoute", api=GATEWAY, spec={"parentRefs": [{"name": "public", "namespace": "edge"}]}),
        "reference Gateway.gateway.networking.k8s.io edge/public",
    ),
    (
        resource("GRPCRoute", api=GATEWAY, spec={"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}),
        "reference Service shop/web",
    ),
    (
        resource(
            "HTTPRoute",
            api=GATEWAY,
            spec={"rules": [{"filters": [{"requestMirror": {"backendRef": {"name": "copy"}}}]}]},
        ),
        "reference Service shop/copy",
    ),
    (
        resource("Gateway", api=GATEWAY, spec={"gatewayClassName": "istio"}),
        "reference GatewayClass.gateway.networking.k8s.io istio",
    ),
    (
        resource("Gateway", api=GATEWAY, spec={"listeners": [{"tls": {"certificateRefs": [{"name": "tls"}]}}]}),
        "reference Secret shop/tls",
    ),
    (resource("RoleBinding", roleRef={"kind": "Role", "name": "r"}), "reference Role.rbac.authorization.k8s.io shop/r"),
    (
        resource("ClusterRoleBinding", namespace="", roleRef={"kind": "ClusterRole", "name": "r"}),
        "reference ClusterRole.rbac.authorization.k8s.io r",
    ),
    (
        resource("RoleBinding", subjects=[{"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}]),
        "reference ServiceAccount ci/robot",
    ),
    (
        resource(
            "ValidatingWebhookConfiguration",
            api=ADMISSION,
            namespace="",
            webhooks=[{"clientConfig": {"service": {"name": "hook", "namespace": "ops"}}}],
        ),
        "reference Service ops/hook",
    ),
    (
        resource(
            "MutatingWebhookConfiguration",
            api=ADMISSION,
            namespace="",
            webhooks=[{"clientConfig": {"service": {"name": "hook", "namespace": "ops"}}}],
        ),
        "reference Service ops/hook",
    ),
    (
        resource("ValidatingAdmissionPolicyBinding", api=ADMISSION, namespace="", spec={"policyName": "p"}),
        "reference ValidatingAdmissionPolicy.admissionregistration.k8s.io p",
    ),
    (
        resource(
            "CustomResourceDefinition",
            namespace="",
            spec={"conversion": {"webhook": {"clientConfig": {"service": {"name": "c", "namespace": "ops"}}}}},
        ),
        "reference Service ops/c",
    ),
    (
        resource(
            "APIService",
            api="apiregistration.k8s.io/v1",
            namespace="",
            spec={"service": {"name": "metrics", "namespace": "kube-system"}},
        ),
        "reference Service kube-system/metrics",
    ),
    (
        resource(
            "Kustomization",
            api=FLUX_KUSTOMIZE,
            spec={"sourceRef": {"kind": "OCIRepository", "name": "shop", "namespace": "flux-system"}},
        ),
        "source OCIRepository.source.toolkit.fluxcd.io flux-system/shop",
    ),
    (
        resource("Kustomization", api=FLUX_KUSTOMIZE, spec={"dependsOn": [{"name": "infra"}]}),
        "dependsOn Kustomization.kustomize.toolkit.fluxcd.io shop/infra",
    ),
    (
        resource("Kustomization", api=FLUX_KUSTOMIZE, spec={"decryption": {"secretRef": {"name": "age"}}}),
        "reference Secret shop/age",
    ),
    (
        resource(
            "Kustomization",
            api=FLUX_KUSTOMIZE,
            spec={"postBuild": {"substituteFrom": [{"kind": "Secret", "name": "vars"}]}},
        ),
        "reference Secret shop/vars",
    ),
    (
        resource("Kustomization", api=FLUX_KUSTOMIZE, spec={"serviceAccountName": "robot"}),
        "reference ServiceAccount shop/robot",
    ),
    (
        resource("OCIRepository", api=FLUX_SOURCE, spec={"verify": {"secretRef": {"name": "keys"}}}),
        "reference Secret shop/keys",
    ),
    (
        resource("OCIRepository", api=FLUX_SOURCE, spec={"secretRef": {"name": "login"}}),
        "reference Secret shop/login",
    ),
    (
        resource(
            "HelmRelease",
            api="helm.toolkit.fluxcd.io/v2",
            spec={"chart": {"spec": {"sourceRef": {"kind": "HelmRepository", "name": "charts"}}}},
        ),
        "source HelmRepository.source.toolkit.fluxcd.io shop/charts",
    ),
    (
        resource(
            "Certificate",
            api="cert-manager.io/v1",
            spec={"issuerRef": {"kind": "ClusterIssuer", "name": "acme"}},
        ),
        "reference ClusterIssuer.cert-manager.io acme",
    ),
    (
        resource("Ingress", metadata={"annotations": {"cert-manager.io/cluster-issuer": "acme"}}),
        "reference ClusterIssuer.cert-manager.io acme",
    ),
    (
        resource("ExternalSecret", api="external-secrets.io/v1", spec={"secretStoreRef": {"name": "vault"}}),
        "reference SecretStore.external-secrets.io shop/vault",
    ),
]


@pytest.mark.parametrize(("made", "expected"), REFERENCES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_object_names(made: Resource, expected: str) -> None:
    assert [f"{found.relation.value} {found.target}" for found in references(made)] == [expected]


def test_what_may_be_missing_is_marked_so() -> None:
    made = workload(**env(configMapKeyRef={"name": "settings", "key": "a", "optional": True}))

    assert [found.is_optional for found in references(made)] == [True]


def test_users_and_groups_are_no_objects() -> None:
    made = resource("RoleBinding", subjects=[{"kind": "User", "name": "ann"}, {"kind": "Group", "name": "devs"}])

    assert list(references(made)) == []


def test_the_same_name_for_the_same_purpose_is_told_once() -> None:
    made = workload(**containing(envFrom=[{"secretRef": {"name": "db"}}, {"secretRef": {"name": "db"}}]))

    assert [(found.label, str(found.target)) for found in references(made)] == [("env", "Secret shop/db")]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "CustomResourceDefinition"])
def test_what_looks_like_a_pod_in_data_or_a_schema_is_none(kind: str) -> None:
    made = resource(kind, data={"spec": {"containers": [], "serviceAccountName": "robot"}})

    assert (list(references(made)), pod_labels(made)) == ([], None)


@pytest.mark.parametrize(
    "spec",
    [None, [], "text", {"template": []}, {"template": {"spec": {"containers": {}, "volumes": 3}}},
     {"template": {"spec": {"containers": [None, 1, {"env": "x", "envFrom": [{"secretRef": []}]}], "volumes": [[]],
                            "imagePullSecrets": [{"name": 7}], "serviceAccountName": {"name": []}}}},
     {"rules": [{"http": None}], "tls": {"secretName": 1}, "scaleTargetRef": {"kind": 1, "name": None}}],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["Deployment", "Ingress", "StatefulSet", "Service"])
def test_bodies_of_any_shape_are_read_without_a_complaint(kind: str, spec: object) -> None:
    made = resource(kind, spec=spec, metadata={"ownerReferences": [None, {"kind": 1}], "annotations": 3})

    assert (list(references(made)), list(owners(made)), list(selections(made)), makes(made)) == ([], [], [], None)


SELECTIONS = [
    (resource("Service", spec={"selector": {"app": "web"}}), "selects"),
    (resource("PodDisruptionBudget", spec={"selector": {"matchLabels": {"app": "web"}}}), "protects"),
    (resource("NetworkPolicy", spec={"podSelector": {"matchLabels": {"app": "web"}}}), "guards"),
    (
        resource("PodMonitor", api="monitoring.coreos.com/v1", spec={"selector": {"matchLabels": {"app": "web"}}}),
        "watches",
    ),
]


@pytest.mark.parametrize(("made", "expected"), SELECTIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_object_selects_pods_by_labels(made: Resource, expected: str) -> None:
    [found] = selections(made)

    assert (found.label, found.namespace) == (expected, "shop")
    assert found.selector.matches({"app": "web", "tier": "front"})
    assert not found.selector.matches({"app": "api"})


def test_expressions_select_as_labels_do() -> None:
    expressions = [
        {"key": "app", "operator": "In", "values": ["web", "api"]},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    [found] = selections(resource("PodDisruptionBudget", spec={"selector": {"matchExpressions": expressions}}))

    assert found.selector.matches({"app": "api"})
    assert not found.selector.matches({"app": "api", "old": ""})


def test_an_empty_selector_draws_no_line_to_everything() -> None:
    assert list(selections(resource("NetworkPolicy", spec={"podSelector": {}}))) == []


def test_an_owner_is_told_with_its_group_and_namespace() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u"}

    assert [str(found) for found in owners(resource("Pod", metadata={"ownerReferences": [owner]}))] == [
        "ReplicaSet.apps shop/web-1"
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (resource("Certificate", api="cert-manager.io/v1", spec={"secretName": "tls"}), "Secret shop/tls"),
        (
            resource("ExternalSecret", "db", api="external-secrets.io/v1", spec={"target": {"name": "x"}}),
            "Secret shop/x",
        ),
        (resource("ExternalSecret", "db", api="external-secrets.io/v1", spec={}), "Secret shop/db"),
        (resource("SealedSecret", "db", api="bitnami.com/v1alpha1", spec={}), "Secret shop/db"),
    ],
)
def test_some_objects_become_a_secret(made: Resource, expected: str) -> None:
    assert str(makes(made)) == expected
