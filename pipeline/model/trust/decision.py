"""What a policy makes of an artifact: one tree of answers, each with what was found and what would satisfy it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Judgement, VerifiedSignature


@dataclass(frozen=True, slots=True)
class Decision:
    """One requirement's answer."""

    requirement: str
    """What is asked for, such as ``signature by cosign.pub``."""
    passed: bool
    found: str
    """What there was, in one line."""
    needed: str = ""
    """What would satisfy it; only where it did not pass."""
    parts: tuple[Decision, ...] = ()
    signatures: tuple[VerifiedSignature, ...] = ()
    """Those that it passed by: signatures, and those of the attestations."""

    def leaves(self) -> Iterator[Decision]:
        """Those that have no parts, in order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision about one artifact, and all that it was made from."""

    artifact: PinnedReference
    decision: Decision
    judgement: Judgement

    @property
    def signatures(self) -> tuple[VerifiedSignature, ...]:
        """Those that the decision rests on."""
        return self.decision.signatures

    @property
    def issued_at(self) -> float | None:
        """When the artifact was first signed, by those that the decision rests on; ``None`` where none says."""
        return issued_at(self.signatures)


def issued_at(signatures: tuple[VerifiedSignature, ...]) -> float | None:
    """The earliest signing time; signing again later makes nothing newer."""
    return min((item.signed_at for item in signatures if item.signed_at is not None), default=None)
