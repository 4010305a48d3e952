"""What could not be told; it never leaves this family except as a warning."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.ports import Reporter


class UntoldError(PipelineError):
    """A CI could not be told something; ``hint`` says what would help."""

    code = "ci"


def warn(reporter: Reporter, what: str, error: UntoldError) -> None:
    """Say so, and go on."""
    hint = f" ({error.hint})" if error.hint else ""
    reporter.warn(f"{what}: {error.message}{hint}", code=error.code)
