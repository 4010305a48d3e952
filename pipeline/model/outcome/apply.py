"""What an apply did, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.errors import PipelineError
from pipeline.model.outcome import header
from pipeline.model.outcome.signatures import signature_document
from pipeline.model.plan import Action, Change, Plan
from pipeline.model.planning.difference import Difference
from pipeline.model.trust.evidence import VerifiedSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """Outcome of one apply.

    Attributes:
        cluster: context the cluster was reached by.
        namespace: of the inventory.
        inventory: its name.
        plan: what was done; with ``dry_run`` what would be.
        dry_run: whether nothing was written.
        is_complete: false where an error stopped it, or left something unpruned.
        repository: of the artifact; empty for a local folder.
        digest: of the artifact; empty for a local folder.
        digest_url: repository and digest; empty for a local folder.
        source: where the manifests came from.
        revision: of the source.
        verified_by: accepted signers; empty where verification was skipped.
        signatures: the same in full.
        is_rollback: whether it is older than what the inventory recorded, and was asked for all the same.
        notes: lines for the user.
        plan_digest: of the saved plan that was carried out; empty where there was none.
        approvals: by whom the plan had to be approved, and was.
        differences: what was no longer as planned, so that it was not carried out, or not to its end.
        overridden: guards that somebody overrode, each with what it would have kept.
    """

    kind: ClassVar[str] = "ApplyResult"

    cluster: str
    namespace: str
    inventory: str
    plan: Plan
    dry_run: bool = False
    is_complete: bool = True
    repository: str = ""
    digest: str = ""
    digest_url: str = ""
    source: str = ""
    revision: str = ""
    verified_by: tuple[str, ...] = ()
    signatures: tuple[VerifiedSignature, ...] = ()
    is_rollback: bool = False
    notes: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    plan_digest: str = ""
    approvals: tuple[VerifiedSignature, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Everything but the unchanged objects."""
        return self.plan.changes

    @property
    def objects(self) -> int:
        """How many objects the manifests have."""
        return self.plan.unchanged + sum(
            change.action is not Action.PRUNE and not change.reason.startswith("not pruned") for change in self.changes
        )

    def document(self) -> dict[str, Any]:
        """The JSON document; ``counts`` has every action, ``changes`` leaves out unchanged objects."""
        document = {
            **header(self.kind),
            "cluster": self.cluster,
            "inventory": {"namespace": self.namespace, "name": self.inventory},
            "dryRun": self.dry_run,
            "complete": self.is_complete,
            "repository": self.repository,
            "digest": self.digest,
            "digestUrl": self.digest_url,
            "source": self.source,
            "revision": self.revision,
            "verifiedBy": list(self.verified_by),
            "signatures": [signature_document(item) for item in self.signatures],
            "rollback": self.is_rollback,
            "counts": {action.value: self.plan.count(action) for action in Action},
            "changes": [change.document() for change in self.changes],
            "notes": list(self.notes),
            "overridden": list(self.overridden),
        }
        if self.plan_digest:
            approvals = [signature_document(item) for item in self.approvals]
            differences = [item.document() for item in self.differences]
            document |= {"planDigest": self.plan_digest, "approvals": approvals, "differences": differences}
        return document


class ApplyInterruptedError(PipelineError):
    """Something failed after the first write; ``result`` says what was done until then."""

    def __init__(self, cause: PipelineError, result: ApplyResult, *, hint: str) -> None:
        hints = [text for text in (cause.hint, hint) if text]
        super().__init__(cause.message, hint="\n  ".join(hints), code=cause.code)
        self.exit_code = cause.exit_code
        self.result = result
