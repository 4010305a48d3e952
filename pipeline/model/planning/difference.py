"""What is not as a saved plan says it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.documents.printable import printable

_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as planned; the subject may come from a plan that somebody edited."""

    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{printable(self.subject, _SUBJECT)}: {self.problem}"

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {"subject": self.subject, "problem": self.problem}
