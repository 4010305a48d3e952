"""Claim tags: let them point at what was published, unless somebody else moved them since the publishing began.

Registries cannot compare and swap a tag. So what each tag pointed at is remembered at the beginning, looked at again
before it is moved, and read back afterwards: of two publishers at least the one whose tag did not last is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.errors import PipelineError, RefusedError
from pipeline.model.artifact.manifest import ANNOTATION_REVISION, StoredManifest, parse_manifest
from pipeline.model.artifact.reference import PinnedReference, check_tag
from pipeline.model.documents.printable import printable
from pipeline.model.outcome.tag import MovedTag, TagResult
from pipeline.ports import Registry
from pipeline.stages.tag import current, write_tag
from pipeline.stages.tag_lock import require_unlocked

CONCURRENT = "refused.concurrent-publish"
_WIDTH = 120


def tags_now(tags: Sequence[str], registry: Registry) -> dict[str, str | None]:
    """What each tag points at; ``None`` where it does not exist.

    Raises:
        UsageError: a tag does not follow the grammar.
        RegistryError: the registry could not be asked.
    """
    for tag in tags:
        check_tag(tag)
    return {tag: current(tag, registry) for tag in tags}


class TagClaim:
    """Tags that are to point at one artifact; ``before`` is what they pointed at when its publishing began."""

    def __init__(
        self,
        artifact: PinnedReference,
        before: Mapping[str, str | None],
        registry: Registry,
        *,
        moves_locked: bool = False,
    ) -> None:
        """``moves_locked``: whether it holds the locks of these tags itself."""
        self._artifact = artifact
        self._before = before
        self._registry = registry
        self._moves_locked = moves_locked
        self._written: list[str] = []

    def settle(self) -> TagResult:
        """Move them all; one that points at the artifact already is not written.

        Raises:
            RefusedError: somebody else moved one of them meanwhile; the message says to what. Or one is locked, and
                none has moved.
            RegistryError: the registry could not be read or written; see :meth:`withdraw`.
        """
        digest = self._artifact.digest
        manifest = self._registry.read_manifest(digest)
        found = tags_now(tuple(self._before), self._registry)
        for tag, now in found.items():
            if now not in {self._before[tag], digest}:
                raise self._lost(tag, now)
        moving = [tag for tag, now in found.items() if now != digest]
        if not self._moves_locked:
            require_unlocked(moving, digest, self._registry)
        for tag in moving:
            self._write(tag, manifest)
        return TagResult(
            artifact=self._artifact,
            tags=tuple(MovedTag(tag=tag, previous=now) for tag, now in found.items()),
        )

    def withdraw(self) -> tuple[str, ...]:
        """Put back whatever this claim has moved and nobody else has moved on; returns those that may still be ours.

        A tag that did not exist before cannot be taken away again.
        """
        return tuple(tag for tag in self._written if not self._is_put_back(tag))

    def _write(self, tag: str, manifest: StoredManifest) -> None:
        self._written.append(tag)
        write_tag(manifest, tag, self._registry)
        now = current(tag, self._registry)
        if now != self._artifact.digest:
            raise self._lost(tag, now)

    def _is_put_back(self, tag: str) -> bool:
        try:
            if current(tag, self._registry) != self._artifact.digest:
                return True
            previous = self._before[tag]
            if previous is None:
                return False
            write_tag(self._registry.read_manifest(previous), tag, self._registry)
        except PipelineError:
            return False
        return True

    def _lost(self, tag: str, now: str | None) -> RefusedError:
        then = self._before[tag] or "nothing"
        place = f"the tag {tag} of {self._registry.repository}"
        if now is None:
            told = f"{place} was deleted by somebody else while this was being published; before, it pointed at {then}"
        else:
            told = (
                f"{place} was moved by somebody else while this was being published: from {then} to {now}"
                f"{self._revision_of(now)}"
            )
        return RefusedError(
            told,
            hint="let one pipeline at a time publish to a tag; to publish over theirs, run this again from the start",
            code=CONCURRENT,
        )

    def _revision_of(self, digest: str) -> str:
        try:
            revision = parse_manifest(self._registry.read_manifest(digest)).annotations.get(ANNOTATION_REVISION, "")
        except PipelineError:
            return ""
        return f", revision {printable(revision, _WIDTH)}" if revision else ""
