"""What a Kustomization may delete: the process's guards, its own limit, and what somebody acknowledged."""

from __future__ import annotations

from dataclasses import replace

from pipeline.errors import UsageError
from pipeline.model.applying.guards import Guards
from pipeline.model.flux import api
from pipeline.model.flux.options import PullerOptions
from pipeline.model.manifests import Body
from pipeline.model.settings.guards import GuardSettings
from pipeline.puller.kustomizations.stops import StopError


def guards_of(body: Body, digest: str, options: PullerOptions) -> Guards:
    """The guards for one artifact (by its manifest's digest).

    Raises:
        StopError: the annotation with the limit makes no sense.
    """
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    limit = annotations.get(api.MAX_PRUNE_ANNOTATION) or options.max_prune
    try:
        guards = GuardSettings(max_prune=limit, protect=options.protect).guards()
    except UsageError as error:
        text = f"annotation {api.MAX_PRUNE_ANNOTATION}: {error.message}"
        raise StopError(api.INVALID_SPEC, text, is_final=True) from None
    acknowledged = annotations.get(api.ALLOW_PRUNE_ANNOTATION, "").rpartition("@")[2]
    command = f"kubectl annotate --overwrite kustomization {metadata['name']} -n {metadata['namespace']}"
    return replace(
        guards,
        is_acknowledged=bool(digest) and acknowledged == digest,
        hint=f"nothing was changed; to let this very artifact do it: {command} {api.ALLOW_PRUNE_ANNOTATION}={digest}",
    )
