"""GitLab's REST API v4 as far as notes on a merge request go, by its documentation.

Enforced are: ``PRIVATE-TOKEN`` (a job's token is for other endpoints), ``per_page`` of at most 100, 1,000,000
characters in a note, and that notes are changed by their authors alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.platform.hosting.server import Asked, Reply, page_of

TOKEN = "glpat-" + "D" * 20
READING_TOKEN = "glpat-" + "E" * 20
OWNERS = {TOKEN: 42, READING_TOKEN: 43}
MAX_BODY = 1_000_000


@dataclass
class GitLabApi:
    """One project with one merge request."""

    project: str = "11"
    number: str = "5"
    notes: list[dict[str, Any]] = field(default_factory=list)

    def write(self, author: int, body: str, *, system: bool = False) -> int:
        """Somebody writes a note; its id."""
        found = len(self.notes) + 301
        self.notes.append({"id": found, "body": body, "system": system, "author": {"id": author}})
        return found

    @property
    def bodies(self) -> list[str]:
        """What is to be read."""
        return [note["body"] for note in self.notes]

    def answer(self, asked: Asked, base: str) -> Reply:
        """By the rules above."""
        owner = OWNERS.get(asked.headers.get("private-token", ""))
        if owner is None:
            return Reply(401, {"message": "401 Unauthorized"})
        notes = f"/projects/{self.project}/merge_requests/{self.number}/notes"
        single = re.fullmatch(rf"{re.escape(notes)}/(\d+)", asked.path)
        if asked.path == "/user" and asked.method == "GET":
            return Reply(200, {"id": owner, "username": f"user-{owner}"})
        if asked.path == notes and asked.method == "GET":
            return self._listed(asked, base)
        if asked.path == notes and asked.method == "POST":
            return self._written(asked, owner, None)
        if single and asked.method == "PUT":
            found = next((note for note in self.notes if note["id"] == int(single[1])), None)
            if found is None:
                return Reply(404, {"message": "404 Not found"})
            if found["author"]["id"] != owner:
                return Reply(403, {"message": "403 Forbidden"})
            return self._written(asked, owner, found)
        return Reply(404, {"message": "404 Not found"})

    def _listed(self, asked: Asked, base: str) -> Reply:
        if int(asked.query.get("per_page", 20)) > 100:
            return Reply(400, {"error": "per_page does not have a valid value"})
        is_descending = asked.query.get("sort", "desc") == "desc"
        items, headers = page_of(self.notes[::-1] if is_descending else self.notes, asked, base, 20)
        return Reply(200, items, headers)

    def _written(self, asked: Asked, owner: int, found: dict[str, Any] | None) -> Reply:
        if owner == OWNERS[READING_TOKEN]:
            return Reply(403, {"message": "403 Forbidden"})
        document = asked.json()
        body = document.get("body") if isinstance(document, dict) else None
        if not isinstance(body, str) or not body:
            return Reply(400, {"error": "body is missing"})
        if len(body) > MAX_BODY:
            return Reply(400, {"message": {"note": [f"is too long (maximum is {MAX_BODY} characters)"]}})
        if found is not None:
            found["body"] = body
            return Reply(200, found)
        self.write(owner, body)
        return Reply(201, self.notes[-1])
