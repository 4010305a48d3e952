"""Objects of both kinds with every field that they have, and the status as Flux's controllers write it."""

from __future__ import annotations

from typing import Any

DIGEST = "sha256:" + "a" * 64
TIME = "2026-11-25T12:00:00Z"


def source(namespace: str) -> dict[str, Any]:
    """The smallest OCIRepository."""
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": {"url": "oci://registry.test/shop", "interval": "1m"},
    }


def kustomization(namespace: str) -> dict[str, Any]:
    """The smallest Kustomization."""
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": {"sourceRef": {"kind": "OCIRepository", "name": "shop"}, "interval": "1m", "prune": True},
    }


FULL_SOURCE: dict[str, Any] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "OCIRepository",
    "metadata": {"name": "full"},
    "spec": {
        "url": "oci://registry.test/shop",
        "ref": {"digest": DIGEST, "semver": ">=1.0.0-0", "semverFilter": ".*-rc.*", "tag": "latest"},
        "layerSelector": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"},
        "provider": "aws",
        "secretRef": {"name": "login"},
        "serviceAccountName": "puller",
        "certSecretRef": {"name": "certificates"},
        "proxySecretRef": {"name": "proxy"},
        "verify": {
            "provider": "cosign",
            "secretRef": {"name": "keys"},
            "matchOIDCIdentity": [{"issuer": "^https://issuer.test$", "subject": "^https://ci.test/.*$"}],
            "trustedRootSecretRef": {"name": "root"},
        },
        "interval": "1h30m",
        "timeout": "1m30s",
        "ignore": "*\n!deploy\n",
        "insecure": True,
        "suspend": True,
    },
}

_CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Succeeded",
    "message": "stored artifact for digest 'latest@sha256:…'",
    "lastTransitionTime": TIME,
    "observedGeneration": 1,
}

SOURCE_STATUS: dict[str, Any] = {
    "observedGeneration": 1,
    "conditions": [_CONDITION, {**_CONDITION, "type": "ArtifactInStorage"}],
    "url": "http://source-controller.flux-system.svc.cluster.local./ocirepository/shop/full/latest.tar.gz",
    "artifact": {
        "revision": f"latest@{DIGEST}",
        "digest": DIGEST,
        "size": 1024,
        "path": f"ocirepository/shop/full/{DIGEST}.tar.gz",
        "url": f"http://source-controller.flux-system.svc.cluster.local./ocirepository/shop/full/{DIGEST}.tar.gz",
        "lastUpdateTime": TIME,
        "metadata": {"org.opencontainers.image.revision": "main@sha1:abc"},
    },
    "observedIgnore": "*\n!deploy\n",
    "observedLayerSelector": {"mediaType": "application/x", "operation": "extract"},
    "lastHandledReconcileAt": TIME,
}

_SELECTOR = {
    "group": "apps",
    "version": "v1",
    "kind": "Deployment",
    "name": "web",
    "namespace": "shop",
    "labelSelector": "app=web",
    "annotationSelector": "team=shop",
}

FULL_KUSTOMIZATION: dict[str, Any] = {
    "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
    "kind": "Kustomization",
    "metadata": {"name": "full"},
    "spec": {
        "sourceRef": {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "name": "shop",
            "namespace": "flux-system",
        },
        "dependsOn": [{"name": "cert-manager", "namespace": "infra", "readyExpr": "dep.status.observedGeneration > 0"}],
        "interval": "10m",
        "retryInterval": "2m",
        "timeout": "1h",
        "path": "./deploy",
        "prune": True,
        "deletionPolicy": "WaitForTermination",
        "force": True,
        "wait": True,
        "healthChecks": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}],
        "healthCheckExprs": [
            {
                "apiVersion": "example.com/v1",
                "kind": "Widget",
                "current": "status.phase == 'Ready'",
                "inProgress": "status.phase == 'Pending'",
                "failed": "status.phase == 'Failed'",
            }
        ],
        "targetNamespace": "shop",
        "namePrefix": "eu-",
        "nameSuffix": "-blue",
        "commonMetadata": {"labels": {"team": "shop"}, "annotations": {"contact": "shop@acme.test"}},
        "patches": [{"patch": "- op: remove\n  path: /spec/replicas\n", "target": _SELECTOR}],
        "images": [{"name": "web", "newName": "registry.test/web", "newTag": "2", "digest": DIGEST}],
        "components": ["../components/debug"],
        "ignoreMissingComponents": True,
        "buildMetadata": ["originAnnotations", "transformerAnnotations"],
        "postBuild": {
            "substitute": {"color": "blue"},
            "substituteFrom": [{"kind": "ConfigMap", "name": "variables", "optional": True}],
            "substituteStrategy": "Always",
        },
        "decryption": {"provider": "sops", "secretRef": {"name": "age"}, "serviceAccountName": "kms"},
        "kubeConfig": {"secretRef": {"name": "remote", "key": "config"}},
        "serviceAccountName": "deployer",
        "suspend": True,
        "ignore": [{"paths": ["/spec/replicas"], "target": _SELECTOR}],
    },
}

KUSTOMIZATION_STATUS: dict[str, Any] = {
    "observedGeneration": 1,
    "conditions": [{**_CONDITION, "reason": "ReconciliationSucceeded"}, {**_CONDITION, "type": "Healthy"}],
    "lastAppliedRevision": f"latest@{DIGEST}",
    "lastAppliedOriginRevision": "main@sha1:abc",
    "lastAttemptedRevision": f"latest@{DIGEST}",
    "lastHandledReconcileAt": TIME,
    "inventory": {"entries": [{"id": "shop_web_apps_Deployment", "v": "v1"}, {"id": "_shop__Namespace", "v": "v1"}]},
    "history": [
        {
            "digest": DIGEST,
            "firstReconciled": TIME,
            "lastReconciled": TIME,
            "lastReconciledDuration": "1.5s",
            "lastReconciledStatus": "ReconciliationSucceeded",
            "totalReconciliations": 3,
            "metadata": {"revision": f"latest@{DIGEST}", "originRevision": "main@sha1:abc"},
        }
    ],
}
