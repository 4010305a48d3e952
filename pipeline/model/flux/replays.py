"""Whether a signed artifact takes a source back to what it has left behind, and who asked for that.

A signature never ends: whoever can move a tag can offer an old artifact, with its old faults, that verifies as well as
the new one. When an artifact was signed is recorded in ``status.artifact.metadata``, which Flux leaves alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import ConfigurationError
from pipeline.model.documents.times import parse_time
from pipeline.model.flux.api import ISSUED_AT, POLICY_DIGEST, ROLLBACK_ANNOTATION
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import timestamp
from pipeline.model.manifests import Body

_OURS = (ISSUED_AT, POLICY_DIGEST)


def trust_record(*, issued_at: float | None, policies: str) -> dict[str, str]:
    """What ``status.artifact.metadata`` keeps of a verification; what is not known is left out."""
    record = {ISSUED_AT: timestamp(issued_at)} if issued_at is not None else {}
    return record | ({POLICY_DIGEST: policies} if policies else {})


def trust_record_of(artifact: SourceArtifact | None) -> dict[str, str]:
    """What was recorded."""
    return {key: artifact.metadata[key] for key in _OURS if key in artifact.metadata} if artifact is not None else {}


def without_trust_record(annotations: Mapping[str, str]) -> dict[str, str]:
    """The annotations of a manifest, whose author must not write our records."""
    return {key: value for key, value in annotations.items() if key not in _OURS}


def recorded_time(artifact: SourceArtifact | None) -> float | None:
    """When the recorded artifact was signed, in seconds since the epoch; ``None`` where nothing says so."""
    text = trust_record_of(artifact).get(ISSUED_AT)
    if text is None:
        return None
    try:
        return parse_time(text)
    except ConfigurationError:
        return None


def is_rollback_allowed(body: Body, digest: str) -> bool:
    """Whether the object's annotation asks for older artifacts, or for this one."""
    return (body["metadata"].get("annotations") or {}).get(ROLLBACK_ANNOTATION) in {"true", digest}


def tell_replay(name: str, issued_at: float, recorded: SourceArtifact, recorded_at: float) -> str:
    """That the artifact is older than the one that is recorded."""
    return (
        f"{name} was signed at {timestamp(issued_at)}, before the one that is recorded ({recorded.revision}, signed at "
        f"{timestamp(recorded_at)})"
    )
