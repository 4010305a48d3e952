"""The process itself: a Deployment of one pod that may do nothing to its node, and who may talk to it."""

from __future__ import annotations

from typing import Any, Final

from pipeline.model.documents.sizes import format_size
from pipeline.model.installation.arguments import puller_arguments
from pipeline.model.installation.labels import CONTAINER, POD_LABELS, PULLER, labels, metadata
from pipeline.model.installation.options import InstallOptions, port_of
from pipeline.model.manifests import Body

_TEMPORARY_SPACE: Final = "1Gi"
_TOKEN_FOLDER: Final = "/var/run/sigstore/cosign"  # noqa: S105 - a folder
"""Where the token for keyless signatures is looked for, by us and by cosign, as ``oidc-token``."""
_USER: Final = 65532
"""Nobody in particular: what images without a shell run as."""


_TOKEN: Final = {
    "name": "sigstore-token",
    "projected": {
        # Good for the shortest time that Kubernetes allows, and for nothing else.
        "sources": [{"serviceAccountToken": {"audience": "sigstore", "expirationSeconds": 600, "path": "oidc-token"}}]
    },
}
_TOKEN_MOUNT: Final = {"name": "sigstore-token", "mountPath": _TOKEN_FOLDER, "readOnly": True}


def deployment(options: InstallOptions) -> Body:
    """The Deployment; one replica unless somebody scales it, of which the Lease's holder alone works."""
    template_labels = labels(options) | POD_LABELS
    annotations = {}
    if options.puller.metrics_address:
        annotations = {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(port_of(options.puller.metrics_address)),
        }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(options, PULLER),
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            # Two at once would only wait for each other's Lease.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": dict(POD_LABELS)},
            "template": {
                "metadata": {"labels": template_labels, "annotations": annotations},
                "spec": _pod(options),
            },
        },
    }


def network_policy(options: InstallOptions) -> Body:
    """Metrics and health may be asked from everywhere, nothing else; the pod itself may talk to whom it needs."""
    ports = [port_of(address) for address in (options.puller.metrics_address, options.puller.health_address) if address]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(options, PULLER),
        "spec": {
            "podSelector": {"matchLabels": dict(POD_LABELS)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": [{"protocol": "TCP", "port": port} for port in ports]}] if ports else [],
            "egress": [{}],
        },
    }


def resource_quota(options: InstallOptions) -> Body:
    """Leave for pods of the priority class: some clusters take those that are critical only where a quota says so."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata(options, PULLER),
        "spec": {
            "hard": {"pods": "10"},
            "scopeSelector": {
                "matchExpressions": [
                    {"scopeName": "PriorityClass", "operator": "In", "values": [options.priority_class]}
                ]
            },
        },
    }


def _pod(options: InstallOptions) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "serviceAccountName": PULLER,
        "terminationGracePeriodSeconds": 60,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(options)],
        "volumes": [
            # Artifacts on their way in are beside the cached ones: one more than fits.
            _volume("cache", format_size(options.puller.cache_max_size + options.puller.artifact_max_size)),
            _volume("tmp", _TEMPORARY_SPACE),
            *([_TOKEN] if options.puller.record_keyless else []),
        ],
    }
    if options.priority_class:
        pod["priorityClassName"] = options.priority_class
    if options.image_pull_secret:
        pod["imagePullSecrets"] = [{"name": options.image_pull_secret}]
    if options.toleration_keys:
        pod["tolerations"] = [{"key": key, "operator": "Exists"} for key in options.toleration_keys]
    return pod


def _container(options: InstallOptions) -> dict[str, Any]:
    addresses = {"http-prom": options.puller.metrics_address, "healthz": options.puller.health_address}
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": options.full_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["gitless"],
        "args": puller_arguments(options),
        "env": [
            {"name": "RUNTIME_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            # Programs that insist on a home write there.
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
        "ports": [
            {"name": name, "containerPort": port_of(address), "protocol": "TCP"}
            for name, address in addresses.items()
            if address
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "cache", "mountPath": options.puller.cache_dir},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the same
            *([_TOKEN_MOUNT] if options.puller.record_keyless else []),
        ],
    }
    if options.puller.health_address:
        container["livenessProbe"] = _probe("/healthz")
        container["readinessProbe"] = _probe("/readyz")
    return container


def _probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "healthz"}, "timeoutSeconds": 5}


def _volume(name: str, limit: str) -> dict[str, Any]:
    return {"name": name, "emptyDir": {"sizeLimit": limit}}
