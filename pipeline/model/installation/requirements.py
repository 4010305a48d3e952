"""What a cluster must be like for the puller, and what somebody must be allowed to who installs it."""

from __future__ import annotations

import re
from typing import Final

from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import DEPLOYMENTS, KUSTOMIZATIONS, OCI_REPOSITORIES, SECRETS, SERVICE_ACCOUNTS
from pipeline.model.installation.kinds import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    DEFINITION_TYPE,
    NAMESPACES,
    NETWORK_POLICIES,
    ROLE_BINDINGS,
    ROLES,
)

OLDEST_KUBERNETES: Final = (1, 31)
"""Tested against newer ones only; everything that is used has been stable at least since."""

_VERSION: Final = re.compile(r"v?([0-9]+)\.([0-9]+)")

INSTALLING: Final = tuple(
    (verb, kind)
    for kind in (
        DEFINITION_TYPE,
        NAMESPACES,
        CLUSTER_ROLES,
        CLUSTER_ROLE_BINDINGS,
        ROLES,
        ROLE_BINDINGS,
        SERVICE_ACCOUNTS,
        DEPLOYMENTS,
        NETWORK_POLICIES,
        SECRETS,
        OCI_REPOSITORIES,
        KUSTOMIZATIONS,
    )
    for verb in ("get", "create", "patch")
)
"""Verbs and kinds that ``install`` and ``bootstrap`` need; also whatever the puller's role grants, as RBAC demands."""


def is_supported(version: str) -> bool | None:
    """Whether that version of Kubernetes is recent enough; ``None`` where it cannot be told."""
    found = _VERSION.match(version)
    return None if found is None else (int(found[1]), int(found[2])) >= OLDEST_KUBERNETES


def right(verb: str, kind: ResourceType) -> str:
    """A right as RBAC names it: ``create deployments.apps``."""
    return f"{verb} {kind.plural}.{kind.group}" if kind.group else f"{verb} {kind.plural}"
