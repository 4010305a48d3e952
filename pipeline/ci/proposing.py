"""What opening pull and merge requests has in common; here, unlike where results are told, a failure is one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.ci.api import Answer, Api
from pipeline.ci.failures import LostAnswerError, UntoldError
from pipeline.errors import ToolError
from pipeline.model.documents.untyped import number_at, text_at
from pipeline.model.proposing import Proposal, PullRequest


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


@dataclass(frozen=True, slots=True)
class Terms:
    """What a forge calls the parts of a request to merge.

    Attributes:
        request: in messages.
        change: the HTTP method that changes an open one.
        longest: characters of a title, and of a text.
    """

    request: str
    change: str
    body: str
    head: str
    base: str
    number: str
    url: str
    longest: tuple[int, int]


class Requests(ABC):
    """The requests to merge of one repository: one of each pair of branches, made once and then kept up to date."""

    terms: ClassVar[Terms]
    hints: ClassVar[Mapping[int, str]]

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = path

    @abstractmethod
    def query(self, proposal: Proposal) -> str:
        """What asks for the open ones of the proposal's branches."""

    @abstractmethod
    def branches(self, item: Mapping[str, Any]) -> tuple[object, object]:
        """From which branch one leads to which."""

    def put(self, proposal: Proposal) -> PullRequest:
        """Change the one that is open, or make one.

        Raises:
            UntoldError: the forge refuses it, or does not answer.
        """
        title, body = self.terms.longest
        content = {"title": cut(proposal.title, title), self.terms.body: cut(proposal.body, body)}
        found = self._open(proposal)
        if found is not None:
            return self._read(self._call(self.terms.change, f"{self._path}/{found}", 200, content), is_new=False)
        asked = {**content, self.terms.head: proposal.branch, self.terms.base: proposal.base}
        try:
            return self._read(self._call("POST", self._path, 201, asked), is_new=True)
        except LostAnswerError:
            # It may have come to be all the same, and a second one is never wanted.
            if self._open(proposal) is None:
                raise
            return self.put(proposal)

    def _open(self, proposal: Proposal) -> int | None:
        listed = self._call("GET", f"{self._path}?{self.query(proposal)}&per_page=100", 200)
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, Mapping) and self.branches(item) == (proposal.branch, proposal.base):
                return number_at(item, self.terms.number)
        return None

    def _call(self, method: str, path: str, status: int, content: Mapping[str, str] | None = None) -> object:
        return answered(self._api.call(method, path, content), status, self._api, self.hints).document

    def _read(self, document: object, *, is_new: bool) -> PullRequest:
        number, url = number_at(document, self.terms.number), text_at(document, self.terms.url)
        if number is None or not url:
            raise UntoldError(f"{self._api.host} does not say which {self.terms.request} it is")
        return PullRequest(number=number, url=url, is_new=is_new)
