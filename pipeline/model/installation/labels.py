"""How everything that belongs to the puller is labelled (Kubernetes' recommended labels)."""

from __future__ import annotations

from typing import Any, Final

from pipeline.model.installation.options import InstallOptions

PART_OF: Final = "app.kubernetes.io/part-of"
INSTANCE: Final = "app.kubernetes.io/instance"
COMPONENT: Final = "app.kubernetes.io/component"
VERSION: Final = "app.kubernetes.io/version"
NAME: Final = "app.kubernetes.io/name"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
GITLESS: Final = "gitless"
FLUX: Final = "flux"

PULLER: Final = "gitless-puller"
"""Name of the Deployment, its service account, and what else there is one of in a namespace."""
CONTAINER: Final = "puller"
POD_LABELS: Final = {"app": PULLER}


def labels(options: InstallOptions, *, shared: bool = False) -> dict[str, str]:
    """Labels of one object; what all installations of a cluster share carries no instance."""
    own = {
        NAME: PULLER,
        PART_OF: GITLESS,
        VERSION: f"v{options.version}",
        MANAGED_BY: GITLESS,
    }
    return own if shared else own | {INSTANCE: options.namespace}


def instance_selector(namespace: str) -> str:
    """Selects what belongs to the installation in that namespace."""
    return f"{PART_OF}={GITLESS},{INSTANCE}={namespace}"


def metadata(options: InstallOptions, name: str, *, namespaced: bool = True) -> dict[str, Any]:
    """Name, namespace and labels of an object of this installation."""
    place = {"namespace": options.namespace} if namespaced else {}
    return {"name": name, **place, "labels": labels(options)}


def cluster_wide(options: InstallOptions, name: str) -> str:
    """A name outside namespaces that installations in two namespaces do not share."""
    return f"{name}-{options.namespace}"
