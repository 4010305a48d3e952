"""What ``status.artifact.metadata`` keeps of a verification, for the next one; Flux leaves it alone.

The time of its signature tells an old artifact that is offered again, the policies' digest whether there is anything to
verify anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import ConfigurationError
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.flux.api import ISSUED_AT, POLICY_DIGEST
from pipeline.model.flux.artifact import SourceArtifact

_OURS = (ISSUED_AT, POLICY_DIGEST)


def trust_record(*, issued_at: float | None, policies: str) -> dict[str, str]:
    """The record; what is not known is left out. ``issued_at`` is in seconds since the epoch, UTC."""
    record = {ISSUED_AT: format_time(issued_at)} if issued_at is not None else {}
    return record | ({POLICY_DIGEST: policies} if policies else {})


def trust_record_of(artifact: SourceArtifact | None) -> dict[str, str]:
    """What was recorded."""
    return {key: artifact.metadata[key] for key in _OURS if key in artifact.metadata} if artifact is not None else {}


def without_trust_record(metadata: Mapping[str, str]) -> dict[str, str]:
    """The rest; of a manifest's annotations too, whose author must not write our records."""
    return {key: value for key, value in metadata.items() if key not in _OURS}


def recorded_time(artifact: SourceArtifact | None) -> float | None:
    """When the recorded artifact was signed, in seconds since the epoch; ``None`` where nothing says so."""
    text = trust_record_of(artifact).get(ISSUED_AT)
    if text is None:
        return None
    try:
        return parse_time(text)
    except ConfigurationError:
        return None
