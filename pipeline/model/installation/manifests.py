"""Everything that an installation consists of."""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.deployments.naming import check_recording
from pipeline.model.flux.definitions import DEFINITIONS
from pipeline.model.flux.governing import read_policy_reference
from pipeline.model.installation.access import access
from pipeline.model.installation.labels import labels
from pipeline.model.installation.options import InstallOptions
from pipeline.model.installation.workload import deployment, network_policy, resource_quota
from pipeline.model.manifests import Body, Manifests, Resource

POD_SECURITY: Final = "pod-security.kubernetes.io/"


def installation(options: InstallOptions) -> Manifests:
    """Definitions, namespace, access, Deployment and NetworkPolicy, in the order in which they are applied.

    Raises:
        UsageError: an option makes no sense, or the puller could not do what it says.
    """
    _check_trust_policy(options)
    puller = options.puller
    check_recording(puller.record_cluster, puller.record_repository, puller.record_signers, puller.record_remotes)
    around = (
        *((network_policy(options),) if options.network_policy else ()),
        *((resource_quota(options),) if options.priority_class else ()),
    )
    bodies = (*definitions(options), namespace(options), *access(options), deployment(options), *around)
    return Manifests.of(Resource.from_body(body) for body in bodies)


def _check_trust_policy(options: InstallOptions) -> None:
    puller = options.puller
    if not puller.trust_policy:
        return
    try:
        reference = read_policy_reference(puller.trust_policy, options.namespace)
    except ConfigurationError as error:
        raise UsageError(f"--trust-policy: {error.message}") from None
    if not puller.watch_all_namespaces and reference.namespace != options.namespace:
        raise UsageError(
            f"--trust-policy {reference} is out of reach of a puller that may read in {options.namespace} alone",
            hint=f"keep it there: --trust-policy {options.namespace}/{reference.name}",
        )


def definitions(options: InstallOptions) -> tuple[Body, ...]:
    """The definitions of both kinds, labelled."""
    bodies = []
    for definition in DEFINITIONS:
        body = deepcopy(definition)
        body["metadata"]["labels"] = labels(options, shared=True)
        bodies.append(body)
    return tuple(bodies)


def namespace(options: InstallOptions) -> Body:
    """The namespace, which takes only pods that can do nothing to their node."""
    security = {f"{POD_SECURITY}{mode}": "restricted" for mode in ("enforce", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": options.namespace, "labels": labels(options) | security},
    }
