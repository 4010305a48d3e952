"""One comment that is written once and then kept up to date, found again by a mark that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pipeline.ci.failures import LostAnswerError, UntoldError

_PLAIN = re.compile(r"[^A-Za-z0-9 ._,/-]|--+")
_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; ``is_own`` where whoever owns our token wrote it."""

    id: int
    body: str
    is_own: bool


class Conversation(Protocol):
    """The comments of one pull or merge request."""

    def comments(self) -> Iterable[Comment]:
        """All of them, the oldest first."""
        ...

    def create(self, body: str) -> None:
        """Write a new one."""
        ...

    def update(self, comment: Comment, body: str) -> bool:
        """Give one another text; False where it is gone."""
        ...


def marker(stage: str, label: str) -> str:
    """The first line of our comment about this stage; the label cannot end it."""
    plain = _PLAIN.sub(lambda found: "".join(f"%{ord(mark):02X}" for mark in found[0]), label[:_LONGEST_LABEL])
    return f"<!-- gitless:{stage}:{plain} -->"


def put(conversation: Conversation, mark: str, text: str) -> str:
    """Write or update the comment that begins with the mark, and say what was done: ``created``, ``updated``, ….

    Others' comments are never touched, whatever they begin with.

    Raises:
        UntoldError: it could not be written.
    """
    body = f"{mark}\n{text}".rstrip()
    for _ in range(2):
        try:
            return _put(conversation, mark, body)
        except LostAnswerError as error:
            lost = error
    raise UntoldError(lost.message, hint=lost.hint)


def _put(conversation: Conversation, mark: str, body: str) -> str:
    for comment in conversation.comments():
        if comment.is_own and comment.body.partition("\n")[0].rstrip() == mark:
            if _same(comment.body, body):
                return "unchanged"
            if conversation.update(comment, body):
                return "updated"
    conversation.create(body)
    return "created"


def _same(kept: str, body: str) -> bool:
    return kept.replace("\r\n", "\n").rstrip() == body
