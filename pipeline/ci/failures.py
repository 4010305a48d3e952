"""What could not be told; it never leaves this family except as a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.errors import PipelineError
from pipeline.model.telling import Told
from pipeline.ports import Reporter


class UntoldError(PipelineError):
    """A CI could not be told something; ``hint`` says what would help."""

    code = "ci"


class LostAnswerError(PipelineError):
    """It is not known whether a comment came to be: look for it before writing it again."""

    code = "ci"


def warn(reporter: Reporter, what: str, error: UntoldError | LostAnswerError) -> None:
    """Say so, and go on."""
    hint = f" ({error.hint})" if error.hint else ""
    reporter.warn(f"{what}: {error.message}{hint}", code=error.code)


def tell_each(reporter: Reporter, told: Told, parts: Iterable[tuple[str, Callable[[Told], None]]]) -> None:
    """Tell part by part, each with what to say where it fails: one that cannot be told keeps no other back."""
    for what, tell in parts:
        try:
            tell(told)
        except (UntoldError, LostAnswerError) as error:
            warn(reporter, what, error)
