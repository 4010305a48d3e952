from __future__ import annotations

from copy import deepcopy

import pytest

from pipeline.gates.lint import LintGate
from pipeline.model.manifests import Origin
from pipeline.model.validation.lint.rules import LINT_RULES
from tests.unit.validation.lint_example import Bodies, bodies, manifests, pod_of
from tests.unit.validation.spoiling import (
    CLUSTER_ADMIN,
    HOOK,
    HTTP,
    ROUTE,
    SECRET_KEY,
    Spoil,
    added,
    context,
    env,
    found_in,
    gone,
    image,
    node_port,
    pod,
    ports,
    resources,
    role,
    second_agent,
    sidecar,
    spec,
    top,
    volume,
    without,
)

POD = "spec.template.spec"
MAIN = f"{POD}.containers[0]"
CRON = "spec.jobTemplate.spec.template.spec"

BROKEN: list[tuple[str, Spoil, str, str]] = [
    ("image-latest", image("shop.example/web"), "Deployment/web", f"{MAIN}.image"),
    ("image-latest", image("shop.example:5000/web"), "Deployment/web", f"{MAIN}.image"),
    ("image-latest", image("web:latest"), "Deployment/web", f"{MAIN}.image"),
    ("image-latest", image("web:latest", "CronJob/tidy"), "CronJob/tidy", f"{CRON}.containers[0].image"),
    ("image-digest", image("shop.example/web:1.2.3"), "Deployment/web", f"{MAIN}.image"),
    ("image-digest", image("shop.example/web:1.2.3", "Job/migrate"), "Job/migrate", f"{MAIN}.image"),
    ("resource-requests", resources(requests={"memory": 1}, limits={"memory": "1Gi"}), "", f"{MAIN}.resources"),
    ("resource-requests", resources(limits={"memory": "1Gi"}), "Deployment/web", f"{MAIN}.resources"),
    ("resource-memory-limit", resources(requests={"cpu": 1, "memory": 1}, limits={"cpu": 1}), "", f"{MAIN}.resources"),
    ("resource-cpu-limit", resources(requests={"cpu": 1}, limits={"memory": 1}), "", f"{MAIN}.resources"),
    ("probe-readiness", without("readinessProbe"), "Deployment/web", MAIN),
    ("probe-readiness", without("readinessProbe", "StatefulSet/queue"), "StatefulSet/queue", MAIN),
    ("probe-liveness", without("livenessProbe"), "Deployment/web", MAIN),
    ("probe-liveness", without("livenessProbe", "DaemonSet/agent"), "DaemonSet/agent", MAIN),
    ("host-network", pod(hostNetwork=True), "Deployment/web", f"{POD}.hostNetwork"),
    ("host-pid", pod(hostPID=True), "Deployment/web", f"{POD}.hostPID"),
    ("host-ipc", pod(hostIPC=True), "Deployment/web", f"{POD}.hostIPC"),
    ("host-path", volume(hostPath={"path": "/var/run"}), "Deployment/web", f"{POD}.volumes[2].hostPath"),
    ("privileged", context(privileged=True), "Deployment/web", f"{MAIN}.securityContext.privileged"),
    (
        "privilege-escalation",
        context(allowPrivilegeEscalation=True),
        "",
        f"{MAIN}.securityContext.allowPrivilegeEscalation",
    ),
    ("privilege-escalation", without("securityContext"), "", f"{MAIN}.securityContext.allowPrivilegeEscalation"),
    ("run-as-root", pod(securityContext={}), "Deployment/web", f"{MAIN}.securityContext.runAsNonRoot"),
    ("run-as-root", context(runAsUser=0), "Deployment/web", f"{MAIN}.securityContext.runAsUser"),
    ("run-as-root", context(runAsNonRoot=False), "Deployment/web", f"{MAIN}.securityContext.runAsNonRoot"),
    (
        "added-capability",
        context(capabilities={"add": ["CHOWN", "CAP_SYS_ADMIN"]}),
        "",
        f"{MAIN}.securityContext.capabilities.add",
    ),
    ("secret-plain", lambda of: of["Secret/registry"].pop("sops"), "Secret/registry", "data"),
    ("missing-service-account", pod(serviceAccountName="gone"), "Deployment/web", f"{POD}.serviceAccountName"),
    (
        "missing-service-account",
        top("RoleBinding/shop", subjects=[{"kind": "ServiceAccount", "name": "gone", "namespace": "shop"}]),
        "RoleBinding/shop",
        "subjects[0].name",
    ),
    (
        "missing-config-map",
        gone("ConfigMap/settings"),
        "Deployment/web",
        f"{MAIN}.env[0].valueFrom.configMapKeyRef.name",
    ),
    ("missing-config-map", volume(configMap={"name": "gone"}), "", f"{POD}.volumes[2].configMap.name"),
    (
        "missing-config-map",
        volume(projected={"sources": [{"configMap": {"name": "settings", "items": [{"key": "no", "path": "x"}]}}]}),
        "Deployment/web",
        f"{POD}.volumes[2].projected.sources[0].configMap.items[0].key",
    ),
    (
        "missing-config-map",
        top("ConfigMap/settings", data={"other": "x"}),
        "",
        f"{MAIN}.env[0].valueFrom.configMapKeyRef.key",
    ),
    ("missing-secret", env(valueFrom=SECRET_KEY), "Deployment/web", f"{MAIN}.env[2].valueFrom.secretKeyRef.name"),
    ("missing-secret", volume(secret={"secretName": "gone"}), "", f"{POD}.volumes[2].secret.secretName"),
    ("missing-secret", pod(imagePullSecrets=[{"name": "gone"}]), "", f"{POD}.imagePullSecrets[0].name"),
    ("missing-secret", top("ServiceAccount/shop", imagePullSecrets=[{"name": "gone"}]), "ServiceAccount/shop", ""),
    ("missing-secret", spec("Ingress/web", tls=[{"secretName": "gone"}]), "Ingress/web", "spec.tls[0].secretName"),
    (
        "missing-volume-claim",
        gone("PersistentVolumeClaim/files"),
        "",
        f"{POD}.volumes[0].persistentVolumeClaim.claimName",
    ),
    ("missing-role", gone("Role/shop"), "RoleBinding/shop", "roleRef.name"),
    (
        "missing-role",
        top("RoleBinding/viewers", roleRef={"kind": "ClusterRole", "name": "gone"}),
        "RoleBinding/viewers",
        "",
    ),
    ("service-without-pods", spec("Service/web", selector={"app": "gone"}), "Service/web", "spec.selector"),
    ("service-target-port", spec("Service/web", ports=[{"name": "http", "port": 80, "targetPort": "gone"}]), "", ""),
    ("missing-service", spec("StatefulSet/queue", serviceName="gone"), "StatefulSet/queue", "spec.serviceName"),
    ("missing-service", spec("HTTPRoute/web", rules=[{"backendRefs": [{"name": "gone"}]}]), "HTTPRoute/web", ""),
    (
        "missing-service",
        spec("HTTPRoute/web", rules=[{"backendRefs": [{"name": "web", "port": 8080}]}]),
        "HTTPRoute/web",
        "spec.rules[0].backendRefs[0].port",
    ),
    ("missing-service", added("TCPRoute/t", ROUTE | {"spec": {"rules": [{"backendRefs": [{"name": "x"}]}]}}), "", ""),
    (
        "missing-service",
        spec("Ingress/web", defaultBackend={"service": {"name": "web", "port": {"number": 8080}}}),
        "Ingress/web",
        "spec.defaultBackend.service.port.number",
    ),
    ("missing-service", added("Hook/hook", HOOK), "", "webhooks[0].clientConfig.service.name"),
    (
        "missing-scale-target",
        spec(
            "HorizontalPodAutoscaler/web",
            scaleTargetRef={"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web"},
        ),
        "HorizontalPodAutoscaler/web",
        "spec.scaleTargetRef.name",
    ),
    ("disruption-budget-without-pods", spec("PodDisruptionBudget/web", selector={"matchLabels": {"app": "x"}}), "", ""),
    (
        "disruption-budget-without-pods",
        spec(
            "PodDisruptionBudget/web",
            selector={
                "matchExpressions": [
                    {"key": "tier", "operator": "DoesNotExist"},
                    {"key": "app", "operator": "In", "values": ["web"]},
                ]
            },
        ),
        "PodDisruptionBudget/web",
        "spec.selector",
    ),
    ("container-port-duplicate", sidecar({"containerPort": 8080}), "Deployment/web", f"{POD}.containers[1].ports[0]"),
    (
        "container-port-duplicate",
        ports(HTTP, {"name": "b", "containerPort": 8080, "protocol": "TCP"}),
        "",
        f"{MAIN}.ports[1]",
    ),
    ("container-port-duplicate", sidecar({"containerPort": 8080}, init=True), "", f"{POD}.initContainers[0].ports[0]"),
    (
        "container-port-name-duplicate",
        sidecar({"name": "http", "containerPort": 9090}),
        "",
        f"{POD}.containers[1].ports[0].name",
    ),
    (
        "host-port-duplicate",
        ports(HTTP | {"hostPort": 1}, {"name": "b", "containerPort": 8081, "hostPort": 1}),
        "Deployment/web",
        f"{MAIN}.ports[1].hostPort",
    ),
    ("host-port-duplicate", second_agent, "DaemonSet/other", f"{MAIN}.ports[0].hostPort"),
    (
        "service-port-duplicate",
        lambda of: of["Service/web"]["spec"]["ports"][1].update(port=80),
        "Service/web",
        "spec.ports[1]",
    ),
    (
        "service-port-duplicate",
        lambda of: of["Service/web"]["spec"]["ports"][1].update(name="http"),
        "",
        "spec.ports[1].name",
    ),
    ("node-port-duplicate", node_port(30080, 30080), "Service/web", "spec.ports[0].nodePort"),
    (
        "rbac-any-resource",
        role(apiGroups=[""], resources=["pods", "*"], verbs=["get"]),
        "Role/shop",
        "rules[1].resources[1]",
    ),
    ("rbac-any-group", role(apiGroups=["*"], resources=["pods"], verbs=["get"]), "Role/shop", "rules[1].apiGroups[0]"),
    ("rbac-any-verb", role(apiGroups=[""], resources=["pods"], verbs=["*"]), "Role/shop", "rules[1].verbs[0]"),
    ("rbac-cluster-admin", added("ClusterRoleBinding/shop", CLUSTER_ADMIN), "ClusterRoleBinding/shop", "roleRef"),
]


def test_the_clean_example_breaks_no_rule() -> None:
    example = manifests(bodies())

    assert LintGate().check(example, None).findings == ()
    assert LintGate().check(example, example).findings == ()


@pytest.mark.parametrize(
    ("rule", "spoil", "name", "path"), BROKEN, ids=[f"{i}-{row[0]}" for i, row in enumerate(BROKEN)]
)
def test_what_breaks_one_rule_is_found_by_that_rule_and_no_other(rule: str, spoil: Spoil, name: str, path: str) -> None:
    (finding,) = found_in(spoil)

    assert finding.rule == rule
    assert finding.object_id is not None
    assert name in {"", f"{finding.object_id.kind}/{finding.object_id.name}"}
    assert path in {"", finding.path}
    assert finding.origin == Origin("shop.yaml", 1)
    assert finding.hint
    assert finding.path


def rollout(of: Bodies) -> None:
    body = deepcopy(of["Deployment/web"])
    body |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "r", "namespace": "shop"}}
    of["Rollout/r"] = body


def bare_pod(of: Bodies) -> None:
    of["Pod/p"] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": deepcopy(pod_of(of)),
    }


@pytest.mark.parametrize(
    ("add", "name", "path"),
    [
        (rollout, "Rollout/r", "spec.template.spec"),
        (bare_pod, "Pod/p", "spec"),
    ],
)
@pytest.mark.parametrize("role", ["containers", "initContainers", "ephemeralContainers"])
def test_pods_are_found_wherever_they_are_made_from_with_all_their_containers(
    add: Spoil, name: str, path: str, role: str
) -> None:
    def spoil(of: Bodies) -> None:
        add(of)
        pod = of[name]["spec"] if name == "Pod/p" else pod_of(of, name)
        pod[role] = [*pod.get(role, ()), {**pod["containers"][0], "name": "more", "ports": [], "image": "more:latest"}]

    (finding,) = (item for item in found_in(spoil) if item.rule.startswith("image"))

    assert finding.object_id is not None
    assert f"{finding.object_id.kind}/{finding.object_id.name}" == name
    assert finding.path == f"{path}.{role}[{1 if role == 'containers' else 0}].image"


def test_probes_are_asked_for_of_pods_that_stay_and_of_no_others() -> None:
    def bare(of: Bodies) -> None:
        bare_pod(of)
        of["Pod/p"]["spec"]["containers"][0].pop("readinessProbe")

    def job_like(of: Bodies) -> None:
        bare(of)
        of["Pod/p"]["spec"]["restartPolicy"] = "Never"

    assert [item.rule for item in found_in(bare)] == ["probe-readiness"]
    assert found_in(job_like) == ()


def test_every_rule_is_in_the_table_above() -> None:
    tried = {row[0] for row in BROKEN} | {"immutable-field"}

    assert tried == {rule.rule.id for rule in LINT_RULES}


def test_every_rule_says_what_it_is_and_why_and_what_to_do() -> None:
    rules = LintGate().check(manifests({}), None).rules

    assert len({rule.id for rule in rules}) == len(rules) == len(LINT_RULES)
    assert [rule for rule in rules if not (rule.title and rule.reason.endswith((".", "more.")) and rule.fix)] == []
    assert {rule.gate for rule in rules} == {"lint"}
