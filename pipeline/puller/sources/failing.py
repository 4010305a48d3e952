"""How reconciling a source ends badly: which condition tells it, and when it makes sense to look again.

Reasons are those of source-controller's ``api/v1`` (``condition_types.go``, ``ocirepository_types.go``).
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from pipeline.errors import PipelineError
from pipeline.model.flux.api import FETCH_FAILED

URL_INVALID: Final = "URLInvalid"
AUTHENTICATION_FAILED: Final = "AuthenticationFailed"
VERIFICATION_ERROR: Final = "VerificationError"
READ_OPERATION_FAILED: Final = "ReadOperationFailed"
ARCHIVE_OPERATION_FAILED: Final = "ArchiveOperationFailed"
PULL_FAILED: Final = "OCIArtifactPullFailed"
LAYER_OPERATION_FAILED: Final = "OCIArtifactLayerOperationFailed"
INVALID_PROVIDER: Final = "InvalidProviderConfiguration"
NEW_REVISION: Final = "NewRevision"


class Again(Enum):
    """When to look again after a failure."""

    SOON = auto()
    """It may pass by itself: with growing waits."""
    AT_INTERVAL = auto()
    """These bytes will never do, but the tag may move."""
    WHEN_CHANGED = auto()
    """Only another spec can help: the object is stalled."""


class SourceError(PipelineError):
    """A source could not be brought up to date; ``condition`` is the type of the condition that tells it."""

    code = "puller.source"

    def __init__(self, message: str, *, reason: str, condition: str = FETCH_FAILED, again: Again = Again.SOON) -> None:
        super().__init__(message)
        self.reason = reason
        self.condition = condition
        self.again = again
