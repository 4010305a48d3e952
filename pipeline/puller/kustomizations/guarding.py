"""What a Kustomization may delete: the process's guards, its own limit, and what somebody acknowledged."""

from __future__ import annotations

from pipeline.errors import UsageError
from pipeline.model.applying.guards import Guards, PruneLimit
from pipeline.model.flux import api
from pipeline.model.flux.options import PullerOptions
from pipeline.model.manifests import Body
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
        max_prune = PruneLimit.parse(limit)
    except UsageError as error:
        text = f"annotation {api.MAX_PRUNE_ANNOTATION}: {error.message}"
        raise StopError(api.INVALID_SPEC, text, is_final=True) from None
    acknowledged = annotations.get(api.ALLOW_PRUNE_ANNOTATION, "").rpartition("@")[2]
    command = f"kubectl annotate --overwrite kustomization {metadata['name']} -n {metadata['namespace']}"
    return Guards(
        max_prune=max_prune,
        protected=tuple(pattern for pattern in options.protect if pattern != "none"),
        is_acknowledged=bool(digest) and acknowledged == digest,
        hint=f"nothing was changed; to let this very artifact do it: {command} {api.ALLOW_PRUNE_ANNOTATION}={digest}",
    )
