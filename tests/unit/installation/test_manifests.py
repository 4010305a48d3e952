from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.ambient_tokens import PROJECTED_FILE
from pipeline.errors import UsageError
from pipeline.model.flux.options import PullerOptions
from pipeline.model.installation.arguments import puller_arguments
from pipeline.model.installation.kinds import type_of
from pipeline.model.installation.manifests import installation
from pipeline.model.installation.options import InstallOptions, port_of

PLAIN = InstallOptions(version="1.2.3")


def find(options: InstallOptions, kind: str, name: str = "") -> Mapping[str, Any]:
    (found,) = [
        resource.body
        for resource in installation(options)
        if resource.id.kind == kind and (not name or resource.id.name == name)
    ]
    return found


def pod(options: InstallOptions) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = find(options, "Deployment")["spec"]["template"]["spec"]
    return spec


def with_puller(**changes: object) -> InstallOptions:
    return replace(PLAIN, puller=replace(PullerOptions(), **changes))  # type: ignore[arg-type] # any field


def test_everything_says_what_it_belongs_to_and_what_is_shared_names_no_instance() -> None:
    for resource in installation(PLAIN):
        labels = resource.body["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "gitless"
        assert labels["app.kubernetes.io/name"] == "gitless-puller"
        assert labels["app.kubernetes.io/version"] == "v1.2.3"
        assert labels["app.kubernetes.io/managed-by"] == "gitless"
        shared = resource.id.kind == "CustomResourceDefinition"
        assert labels.get("app.kubernetes.io/instance") == (None if shared else "flux-system")


def test_definitions_come_first_then_the_namespace_and_the_process_near_the_end() -> None:
    kinds = [resource.id.kind for resource in installation(PLAIN)]
    assert kinds[:3] == ["CustomResourceDefinition", "CustomResourceDefinition", "Namespace"]
    assert kinds.index("Deployment") > max(kinds.index(kind) for kind in ("ServiceAccount", "Role", "RoleBinding"))


def test_every_kind_of_it_is_known() -> None:
    for resource in installation(PLAIN):
        kind = type_of(resource.body)
        assert kind.namespaced == bool(resource.id.namespace)


def test_two_installations_share_nothing_but_the_definitions() -> None:
    one = {resource.id for resource in installation(PLAIN)}
    two = {resource.id for resource in installation(PLAIN.in_namespace("other"))}
    assert {object_id.kind for object_id in one & two} == {"CustomResourceDefinition"}


def test_the_pod_may_do_nothing_to_its_node() -> None:
    spec = pod(PLAIN)
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert all(volume["emptyDir"]["sizeLimit"] for volume in spec["volumes"])
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/cache", "/tmp"}
    assert not any(key in spec for key in ("hostNetwork", "hostPID", "priorityClassName", "imagePullSecrets"))
    labels = find(PLAIN, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_shell_is_needed() -> None:
    (container,) = pod(PLAIN)["containers"]
    assert container["command"] == ["gitless"]
    assert container["args"] == [
        "puller",
        "--watch-all-namespaces=true",
        "--enable-leader-election=true",
        "--log-level=info",
    ]
    (own, _) = container["env"]
    assert own == {"name": "RUNTIME_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}


ARGUMENTS = {
    "watch_all_namespaces": (False, "--watch-all-namespaces=false"),
    "watch_label_selector": ("sharding.fluxcd.io/key=two", "--watch-label-selector=sharding.fluxcd.io/key=two"),
    "concurrency": (20, "--concurrent=20"),
    "cache_dir": ("/data", "--cache-dir=/data"),
    "cache_max_size": (512 * 1024**2, "--cache-max-size=512Mi"),
    "artifact_max_size": (1024**3, "--artifact-max-size=1Gi"),
    "no_cross_namespace_refs": (True, "--no-cross-namespace-refs"),
    "default_service_account": ("deployer", "--default-service-account=deployer"),
    "allow_remote_bases": (True, "--allow-remote-bases"),
    "strict_substitution": (False, "--no-strict-substitution"),
    "requeue_dependency": (5.0, "--requeue-dependency=5s"),
    "interval_jitter": (0.1, "--interval-jitter-percentage=10"),
    "sops_age_secret": ("age", "--sops-age-secret=age"),
    "trust_policy": ("flux-system/trust", "--trust-policy=flux-system/trust"),
    "max_prune": ("5", "--max-prune=5"),
    "protect": (("StatefulSet shop/*",), "--protect=StatefulSet shop/*"),
    "record_cluster": ("prod", "--deploy-record=prod"),
    "record_remotes": (("fleet/edge=edge-1",), "--record-remote=fleet/edge=edge-1"),
    "record_repository": ("oci://ghcr.io/acme/records", "--record-repository=oci://ghcr.io/acme/records"),
    "record_key_secret": ("records", "--record-key-secret=records"),
    "record_signing_key": ("awskms:///alias/records", "--record-signing-key=awskms:///alias/records"),
    "record_keyless": (True, "--record-keyless"),
    "record_sigstore": ("sigstore", "--record-sigstore=sigstore"),
    "record_registry_secret": ("records-login", "--record-registry-secret=records-login"),
    "keep_records": (5, "--keep-records=5"),
    "leader_election": (False, "--enable-leader-election=false"),
    "metrics_address": (":9090", "--metrics-addr=:9090"),
    "health_address": ("0.0.0.0:9441", "--health-addr=0.0.0.0:9441"),
}


@pytest.mark.parametrize("name", [field.name for field in fields(PullerOptions) if field.name != "namespace"])
def test_every_option_of_the_process_reaches_its_command_line(name: str) -> None:
    value, argument = ARGUMENTS[name]
    assert argument in puller_arguments(with_puller(**{name: value}))


def test_without_a_key_records_are_signed_with_a_token_for_sigstore_alone() -> None:
    options = with_puller(record_cluster="prod", record_keyless=True)
    spec = pod(options)

    (volume,) = [item for item in spec["volumes"] if item["name"] == "sigstore-token"]
    (mount,) = [item for item in spec["containers"][0]["volumeMounts"] if item["name"] == "sigstore-token"]
    (source,) = volume["projected"]["sources"]
    token = source["serviceAccountToken"]
    assert (token["audience"], token["expirationSeconds"]) == ("sigstore", 600)
    assert Path(mount["mountPath"]) / token["path"] == PROJECTED_FILE
    assert "sigstore-token" not in str(pod(PLAIN))


@pytest.mark.parametrize("policy", ["a/b/c", "Trust", "flux-system/", "-/a"])
def test_a_trust_policy_that_names_no_config_map_is_refused(policy: str) -> None:
    with pytest.raises(UsageError, match=r"--trust-policy: trust policy .* names no ConfigMap"):
        installation(with_puller(trust_policy=policy))


def test_a_trust_policy_must_be_where_the_puller_may_read() -> None:
    with pytest.raises(UsageError, match="out of reach of a puller that may read in flux-system alone") as caught:
        installation(with_puller(trust_policy="security/trust", watch_all_namespaces=False))
    assert caught.value.hint == "keep it there: --trust-policy flux-system/trust"
    for options in ({"trust_policy": "security/trust"}, {"trust_policy": "trust", "watch_all_namespaces": False}):
        assert installation(with_puller(**options))


def test_ports_and_volumes_follow_the_options() -> None:
    options = with_puller(metrics_address=":9090", health_address=":9441", cache_dir="/data", cache_max_size=1024**2)
    (container,) = pod(options)["containers"]
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {"http-prom": 9090, "healthz": 9441}
    annotations = find(options, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"}
    (ingress,) = find(options, "NetworkPolicy")["spec"]["ingress"]
    assert [port["port"] for port in ingress["ports"]] == [9090, 9441]
    cache = next(volume for volume in pod(options)["volumes"] if volume["name"] == "cache")
    assert cache["emptyDir"]["sizeLimit"] == "101Mi"


def test_without_addresses_nothing_listens_and_nothing_is_probed() -> None:
    options = with_puller(metrics_address="", health_address="")
    (container,) = pod(options)["containers"]
    assert container["ports"] == []
    assert "livenessProbe" not in container
    assert find(options, "NetworkPolicy")["spec"]["ingress"] == []


@pytest.mark.parametrize("address", ["8080", ":", ":80", "host:http", ":70000"])
def test_an_address_that_no_pod_could_listen_at_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address to listen at"):
        port_of(address)


@pytest.mark.parametrize(
    ("options", "image"),
    [
        (PLAIN, "ghcr.io/gitless/gitless:v1.2.3"),
        (replace(PLAIN, registry="registry.test/mirror/"), "registry.test/mirror/gitless:v1.2.3"),
        (replace(PLAIN, image="registry.test/x@sha256:0d9f"), "registry.test/x@sha256:0d9f"),
    ],
)
def test_the_image_is_that_of_the_version_or_the_one_that_is_named(options: InstallOptions, image: str) -> None:
    (container,) = pod(options)["containers"]
    assert container["image"] == image


def test_what_the_node_is_told_comes_from_options() -> None:
    options = replace(
        PLAIN, image_pull_secret="login", priority_class="system-cluster-critical", toleration_keys=("dedicated",)
    )
    spec = pod(options)
    assert spec["imagePullSecrets"] == [{"name": "login"}]
    assert spec["priorityClassName"] == "system-cluster-critical"
    quota = find(options, "ResourceQuota")["spec"]["scopeSelector"]["matchExpressions"]
    assert [term["values"] for term in quota] == [["system-cluster-critical"]]
    assert spec["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]


LOCKED = [replace(PLAIN, cluster_admin=False), with_puller(default_service_account="default")]


@pytest.mark.parametrize("options", LOCKED, ids=["no cluster-admin", "a default service account"])
def test_locked_down_nobody_is_administrator_and_editors_may_write_kustomizations(options: InstallOptions) -> None:
    roles = [body["roleRef"]["name"] for body in bindings(options)]
    assert "cluster-admin" not in roles
    labels = find(options, "ClusterRole", "gitless-edit-flux-system")["metadata"]["labels"]
    assert labels["rbac.authorization.k8s.io/aggregate-to-edit"] == "true"


def test_otherwise_the_puller_applies_as_administrator_and_editors_may_not_make_it() -> None:
    assert "cluster-admin" in [body["roleRef"]["name"] for body in bindings(PLAIN)]
    labels = find(PLAIN, "ClusterRole", "gitless-edit-flux-system")["metadata"]["labels"]
    assert not [label for label in labels if "aggregate-to" in label]
    view = find(PLAIN, "ClusterRole", "gitless-view-flux-system")["metadata"]["labels"]
    assert view["rbac.authorization.k8s.io/aggregate-to-view"] == "true"


def test_no_role_has_a_wildcard() -> None:
    for options in (PLAIN, *LOCKED, with_puller(watch_all_namespaces=False)):
        for resource in installation(options):
            for rule in resource.body.get("rules", ()):
                assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]


def test_for_one_namespace_all_rights_are_in_it() -> None:
    options = replace(with_puller(watch_all_namespaces=False), cluster_admin=False)
    assert {body["kind"] for body in bindings(options)} == {"RoleBinding"}


def bindings(options: InstallOptions) -> list[Mapping[str, Any]]:
    return [resource.body for resource in installation(options) if resource.id.kind.endswith("Binding")]


def test_without_a_network_policy_there_is_none() -> None:
    kinds = {resource.id.kind for resource in installation(replace(PLAIN, network_policy=False))}
    assert "NetworkPolicy" not in kinds
