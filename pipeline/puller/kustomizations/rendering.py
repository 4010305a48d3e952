"""From a source's artifact to the objects of a Kustomization, and what the result depends on."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import PipelineError
from pipeline.model.artifact.manifest import ANNOTATION_SOURCE
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.kustomization import KustomizationSpec, SubstituteFrom
from pipeline.model.kustomizing.variables import collect_variables
from pipeline.model.manifests import Body, Manifests
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.stops import StopError
from pipeline.stages.fetch import trust_reconciled
from pipeline.stages.render_kustomization import RenderRequest, render_kustomization

_IRRELEVANT = frozenset({"dependsOn", "interval", "retryInterval", "suspend", "timeout"})
"""Fields of a Kustomization that change neither what is applied nor how."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is to be applied; ``digest`` is that of the rendering."""

    trusted: TrustedManifests
    digest: str

    @property
    def manifests(self) -> Manifests:
        """The objects."""
        return self.trusted.manifests


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a rendering depends on, but the artifact's content; ``hash`` stands for all of it."""

    artifact: SourceArtifact
    reference: PinnedReference
    variables: Mapping[str, str] | None = field(hash=False)
    hash: str


def gather_inputs(body: Body, spec: KustomizationSpec, artifact: SourceArtifact, source: Body, parts: Parts) -> Inputs:
    """Read the variables, and hash what there is.

    Raises:
        StopError: a variable's ConfigMap or Secret is missing or makes no sense.
        ClusterError: they could not be read.
    """
    namespace = body["metadata"]["namespace"]

    def read(reference: SubstituteFrom) -> Body | None:
        kind = api.SECRETS if reference.kind == api.SECRETS.kind else api.CONFIG_MAPS
        return parts.api.read(kind, namespace, reference.name)

    variables: Mapping[str, str] | None = None
    if spec.post_build is not None:
        try:
            variables = collect_variables(spec.post_build, read)
        except PipelineError as error:
            if error.code.startswith("cluster"):
                raise
            raise StopError(api.BUILD_FAILED, error.message) from None
    url = str((source.get("spec") or {}).get("url") or "")
    reference = parse_reference(f"{url}@{artifact.manifest_digest}").pinned()
    wanted = {key: value for key, value in body["spec"].items() if key not in _IRRELEVANT}
    options = parts.options
    facts: list[Any] = [artifact.digest, wanted, variables, options.strict_substitution]
    if options.allow_remote_bases:
        # What comes from elsewhere may have changed, and nobody tells.
        facts.append(uuid.uuid4().hex)
    return Inputs(artifact, reference, variables, hashlib.sha256(canonical_json({"facts": facts})).hexdigest())


def render(body: Body, spec: KustomizationSpec, inputs: Inputs, parts: Parts) -> Rendered:
    """Unpack, build, decrypt, substitute.

    Raises:
        StopError: the artifact is not in the cache, its path is missing, or it cannot be built.
        ClusterError: the keys could not be read.
    """
    metadata = body["metadata"]
    artifact = inputs.artifact
    files = parts.read_artifact(artifact.digest)
    if files is None:
        raise StopError(
            api.ARTIFACT_FAILED,
            f"the artifact of revision {artifact.revision} is not in the cache; its source is pulled again",
            retry_after=parts.options.requeue_dependency,
            is_waiting=True,
        )
    request = RenderRequest(
        spec=spec,
        name=metadata["name"],
        namespace=metadata["namespace"],
        files=files,
        variables=inputs.variables,
        strict=parts.options.strict_substitution,
    )
    try:
        rendered = render_kustomization(
            request, trees=parts.trees, decryptor=parts.decryptor(spec, metadata["namespace"])
        )
    except PipelineError as error:
        if error.code.startswith("cluster"):
            raise
        reason = api.ARTIFACT_FAILED if error.code == "artifact.path" else api.BUILD_FAILED
        raise StopError(reason, _whole(error)) from None
    trusted = trust_reconciled(
        rendered.manifests,
        inputs.reference,
        source=artifact.metadata.get(ANNOTATION_SOURCE, ""),
        revision=artifact.origin_revision,
    )
    return Rendered(trusted, rendered.digest)


def _whole(error: PipelineError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
