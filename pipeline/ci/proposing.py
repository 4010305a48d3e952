"""What opening pull and merge requests has in common; here, unlike where results are told, a failure is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipeline.ci.api import Answer, Api
from pipeline.ci.failures import LostAnswerError, UntoldError
from pipeline.errors import ToolError


@contextmanager
def told_as_tool(what: str) -> Iterator[None]:
    """Let what could not be asked of the service end the command.

    Raises:
        ToolError: instead of this family's own errors.
    """
    try:
        yield
    except (UntoldError, LostAnswerError) as error:
        message = f"{what} could not be opened or updated: {error.message}"
        raise ToolError(message, hint=error.hint, code="tool.pull-request") from None


def answered(answer: Answer, status: int, api: Api, hints: Mapping[int, str]) -> Answer:
    """The answer, if it has that status.

    Raises:
        UntoldError: it has another one.
    """
    if answer.status == status:
        return answer
    words = f" ({answer.words})" if answer.words else ""
    raise UntoldError(f"{api.host} answers with HTTP {answer.status}{words}", hint=hints.get(answer.status))


def cut(text: str, limit: int) -> str:
    """The text in as many of UTF-16's units as the service takes."""
    return text.encode("utf-16-le", "replace")[: 2 * limit].decode("utf-16-le", "ignore")
