"""What ``gitless diff`` found; its JSON document is described by ``schemas/diff-result.v1.json``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pipeline.errors import GuardError, PipelineError
from pipeline.model.applying.live_plan import Obstacle, obstacle_error
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.times import format_time
from pipeline.model.outcome import header
from pipeline.model.plan import Action, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentFacts:
    """What a deploy record says; ``signer`` is empty where nobody was asked.

    ``path`` is the folder of the artifact that is compared, ``None`` where all of it is and nothing is built.
    """

    cluster: str
    inventory: str
    time: float
    result: str
    signer: str
    path: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cluster": self.cluster,
            "inventory": self.inventory,
            "time": format_time(self.time),
            "result": self.result,
            "signer": self.signer,
            "path": self.path,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two sides: as the user named it, and what stood behind the name."""

    name: str
    artifact: PinnedReference | None = None
    """For artifacts: what was read, by digest."""
    source: str = ""
    revision: str = ""
    is_live: bool = False
    deployed: DeploymentFacts | None = None
    """For a cluster's deploy records: which of them says that this artifact is deployed."""
    notes: tuple[str, ...] = ()
    """What one should know of the side before anything is compared."""

    def document(self) -> dict[str, Any]:
        """The side as JSON; keys without a value are left out."""
        side_type = "artifact" if self.artifact else "live" if self.is_live else "folder"
        document: dict[str, Any] = {"type": side_type, "name": self.name}
        if self.artifact is not None:
            document |= {"digest": self.artifact.digest, "digestUrl": self.artifact.digest_url}
        document |= {key: text for key, text in (("source", self.source), ("revision", self.revision)) if text}
        if self.deployed is not None:
            return {**document, "deployed": self.deployed.document()}
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffResult:
    """The plan that leads from one side to the other.

    ``obstacles`` are what applying would be refused for, and ``notes`` what the user should know; both only exist
    against a live cluster. ``is_full`` asks the text report to cut nothing.
    """

    kind: ClassVar[str] = "DiffResult"

    before: Side
    after: Side
    plan: Plan
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()
    is_full: bool = False

    @property
    def is_different(self) -> bool:
        """Whether there is anything to change, or anything that keeps us from knowing."""
        return not self.plan.is_empty or bool(self.obstacles)

    @property
    def is_deleting(self) -> bool:
        """Whether anything that is there now is deleted, also where it is created anew."""
        deleting = {Action.PRUNE, Action.RECREATE}
        # What comes back under another name is replaced, as a file's hash in a name is meant to do it.
        return any(change.action in deleting and change.renamed_to is None for change in self.plan.changes)

    def guarded(self) -> DiffResult:
        """The same with the obstacles alone that are guards."""
        return replace(self, obstacles=tuple(found for found in self.obstacles if issubclass(found.error, GuardError)))

    def refusal(self) -> PipelineError:
        """The error that applying this would end with; the obstacles themselves are in the report."""
        number = len(self.obstacles)
        hint = "see the report for what stands in the way, and what to do about it"
        family = type(obstacle_error(self.obstacles))
        return family(f"applying this would be refused for {number} reason{'s' if number > 1 else ''}", hint=hint)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        counts: dict[str, int] = {action.value: self.plan.count(action) for action in Action}
        return {
            **header(self.kind),
            "from": self.before.document(),
            "to": self.after.document(),
            "different": self.is_different,
            "counts": counts | {"renamed": self.plan.renames},
            "changes": [change.document() for change in self.plan.changes],
            "obstacles": list(_obstacle_documents(self.obstacles)),
            "notes": list(self.notes),
        }


def _obstacle_documents(obstacles: Iterable[Obstacle]) -> Iterable[dict[str, str]]:
    for obstacle in obstacles:
        document = {"subject": obstacle.subject, "problem": obstacle.problem, "code": obstacle.error.code}
        yield document | ({"hint": obstacle.hint} if obstacle.hint else {})
