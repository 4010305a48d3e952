"""Digests for commands that take nothing else."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.ports import Registry


def pinned(reference: Reference, registry: Registry, deed: str) -> PinnedReference:
    """The digest to ``deed`` (a verb); a refused tag is told what it stands for, where that can be found out.

    Raises:
        UsageError: there is only a tag.
    """
    try:
        return reference.pinned()
    except PipelineError as refusal:
        try:
            digest = registry.resolve(reference.tag or "latest").digest
        except PipelineError:
            raise refusal from None
        refusal.hint = f"now it is {reference.repository}@{digest}: {deed} that if it is what you mean"
        raise
