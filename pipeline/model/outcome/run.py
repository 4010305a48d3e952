"""What ``gitless run`` did: each stage's own result, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.errors import PipelineError
from pipeline.model.outcome import Result, header
from pipeline.model.outcome.tag import TagResult


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """One stage: its result and how long it took in seconds."""

    stage: str
    result: Result
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The stages that ran for one target.

    ``digest_url`` is empty where nothing was packaged or named; ``tags`` is ``None`` where none were to move;
    ``failure`` is what kept the run from its end.
    """

    kind: ClassVar[str] = "RunResult"

    name: str
    target: str
    digest_url: str
    stages: tuple[StageRun, ...]
    tags: TagResult | None = None
    failure: PipelineError | None = None

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        document: dict[str, Any] = {
            **header(self.kind),
            "name": self.name,
            "target": self.target,
            "digestUrl": self.digest_url,
            "tags": self.tags.document()["tags"] if self.tags else [],
            "stages": [
                {"stage": run.stage, "seconds": round(run.seconds, 3), "result": run.result.document()}
                for run in self.stages
            ],
        }
        if self.failure is not None:
            document["failure"] = {"code": self.failure.code, "message": self.failure.message}
            document["failure"] |= {"hint": self.failure.hint} if self.failure.hint else {}
        return document
