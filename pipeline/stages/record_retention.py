"""Deploy records that are deleted: by us when they fell out of their cluster's list, or by others while it has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.errors import ArtifactNotFoundError, PipelineError
from pipeline.model.artifact.manifest import OCI_INDEX
from pipeline.model.deployments.storage import Listed
from pipeline.ports import Registry, Reporter
from pipeline.stages.parallel import in_parallel

_MOST_TAGS = 200
_CONCURRENCY = 8


def gone_records(records: Iterable[Listed], registry: Registry, reporter: Reporter) -> frozenset[str]:
    """Records that somebody deleted, such as whoever cleans up what has no tag: registries take no list with these."""

    def is_gone(digest: str) -> bool:
        try:
            registry.read_manifest(digest)
        except ArtifactNotFoundError:
            return True
        return False

    digests = [item.descriptor.digest for item in records]
    answers = in_parallel(is_gone, digests, concurrency=_CONCURRENCY)
    found = frozenset(digest for digest, answer in zip(digests, answers, strict=True) if answer)
    if found:
        reporter.warn(
            f"{len(found)} deploy records of {registry.repository} are gone, and left out of the list",
            hint="keep what cleans up there from deleting what an image index refers to",
        )
    return found


def delete_records(
    dropped: Iterable[Listed], registry: Registry, delete: Callable[[str], bool], reporter: Reporter
) -> int:
    """Delete these, and the lists that follow them; returns how many are gone.

    What cannot be deleted stays, and is told in detail. ``delete`` deletes a manifest and tells whether it is gone.
    """
    items = list(dropped)
    if not items:
        return 0
    try:
        tagged = _tagged(registry)
        if tagged is None:
            reporter.detail(
                f"{len(items)} old deploy records stay: {registry.repository} has more than {_MOST_TAGS} tags,"
                " too many to see whether one points at them"
            )
            return 0
        return sum(_delete_one(item.descriptor.digest, tagged, registry, delete, reporter) for item in items)
    except PipelineError as error:
        reporter.detail(f"old deploy records stay: {error.message}")
        return 0


def _delete_one(
    digest: str, tagged: frozenset[str], registry: Registry, delete: Callable[[str], bool], reporter: Reporter
) -> bool:
    if digest in tagged:
        return False
    lists = [item.digest for item in registry.referrers(digest) if item.media_type == OCI_INDEX]
    gone = delete(digest)
    if not gone:
        reporter.detail(f"{registry.repository} deletes nothing: the old deploy record {digest} stays")
        return False
    for item in lists:
        if item not in tagged:
            delete(item)
    return True


def _tagged(registry: Registry) -> frozenset[str] | None:
    """What tags point at, so that it is kept; ``None`` where there are too many to look."""
    # Those of the referrers tag schema point at lists of referrers, never at a record.
    tags = [tag for tag in registry.tags() if not tag.startswith("sha256-")]
    if len(tags) > _MOST_TAGS:
        return None

    def resolve(tag: str) -> str:
        try:
            return registry.resolve(tag).digest
        except ArtifactNotFoundError:
            return ""

    return frozenset(in_parallel(resolve, tags, concurrency=_CONCURRENCY))
