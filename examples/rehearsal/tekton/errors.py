"""What a run is refused for, with the reason that Tekton gives in the run's status."""

from __future__ import annotations

VALIDATION_FAILED = "TaskRunValidationFailed"
PIPELINE_VALIDATION_FAILED = "PipelineValidationFailed"
INVALID_RESULT_REFERENCE = "InvalidTaskResultReference"
UNSUPPORTED = "NotDoneByThisExecutor"


class TektonError(Exception):
    """A document or a run that Tekton refuses, or that this executor cannot do."""

    def __init__(self, message: str, *, reason: str = VALIDATION_FAILED) -> None:
        super().__init__(message)
        self.reason = reason
