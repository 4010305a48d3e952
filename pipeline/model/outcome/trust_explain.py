"""What ``gitless trust explain`` tells about one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.outcome import header, located
from pipeline.model.outcome.signatures import rejected_document
from pipeline.model.trust.decision import Decision, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustExplainResult:
    """A decision with all that it was made from, whether it is for or against the artifact.

    ``policy`` is where the policy is from; empty where options alone made it.
    """

    kind: ClassVar[str] = "TrustExplainResult"

    verdict: Verdict
    policy: str = ""

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        artifact, judgement = self.verdict.artifact, self.verdict.judgement
        return {
            **header(self.kind),
            **located(artifact, tag=artifact.tag),
            "policy": self.policy,
            "trusted": self.verdict.decision.passed,
            "decision": _decision(self.verdict.decision),
            "notAccepted": [rejected_document(item) for item in judgement.rejected],
        }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "requirement": decision.requirement,
        "passed": decision.passed,
        "found": decision.found,
        "needed": decision.needed,
        "signers": list(dict.fromkeys(item.signer for item in decision.signatures)),
        "signatureDigests": list(dict.fromkeys(item.found_in for item in decision.signatures)),
        "parts": [_decision(part) for part in decision.parts],
    }
