"""What ``gitless check`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``hint`` is what to do where it is not as it should be."""

    name: str
    passed: bool
    message: str
    hint: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = {"name": self.name, "passed": self.passed, "message": self.message}
        return document | ({"hint": self.hint} if self.hint else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """All checks in the order in which they were made."""

    kind: ClassVar[str] = "CheckResult"

    cluster: str
    namespace: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> int:
        """How many did not pass."""
        return sum(not check.passed for check in self.checks)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "namespace": self.namespace,
            "passed": not self.failed,
            "checks": [check.document() for check in self.checks],
        }
