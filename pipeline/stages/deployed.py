"""What a cluster's deploy records say is deployed there, for whoever has no access to the cluster.

The cluster's tag finds a list, the list finds records, and each record counts by its signature alone
(:mod:`pipeline.stages.signed_records`). A tag can be moved back, and of two who record at the same time one may undo
the other's list. So whether there is a newer record than the newest that is listed is asked from that one: the list
that made another follow it refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pipeline.errors import ArtifactNotFoundError, PipelineError, TrustError
from pipeline.model.artifact.manifest import OCI_INDEX
from pipeline.model.deployments.naming import DeployedName, deployed_tag, some_of
from pipeline.model.deployments.record import Deployed
from pipeline.model.deployments.storage import Listed, newest_first, read_list
from pipeline.model.documents.times import format_time
from pipeline.ports import Registry
from pipeline.stages.parallel import in_parallel
from pipeline.stages.signed_records import RecordTrust, SignedRecord, check_signers, read_listed

_MAX_SUCCESSORS = 64
"""Lists that refer to one record: as many as there were writers at the same time."""
_MAX_NEWER = 64
"""Records that claim to be newer and are looked into."""
_MAX_DELETED = 64
"""Inventories that are said to be deleted and are looked into, to find the one that is meant."""
_CONCURRENCY = 8
_MAX_OBJECTS = 400_000
"""Objects of all records together after which no more are read; they take about 150 MB."""


@dataclass(frozen=True, slots=True)
class History:
    """Records, newest first; ``notes`` say which were passed over or not listed, and why."""

    records: tuple[SignedRecord, ...]
    notes: tuple[str, ...] = ()


def listed_records(registry: Registry, cluster: str) -> tuple[Listed, ...]:
    """What the cluster's tag says that there is; nothing of it is verified.

    Raises:
        ArtifactNotFoundError: there is no such tag.
        TrustError: the list is not what its digest says.
        RegistryError: it cannot be read.
    """
    try:
        digest = registry.resolve(deployed_tag(cluster)).digest
    except ArtifactNotFoundError:
        raise ArtifactNotFoundError(
            f"{registry.repository} has no deploy record of the cluster {cluster} (tag {deployed_tag(cluster)})",
            hint="apply with --deploy-record, or say where the records are: --record-repository oci://…",
        ) from None
    return read_list(registry.read_manifest(digest))


def newest_record(name: DeployedName, registry: Registry, trust: RecordTrust) -> SignedRecord:
    """The record that says what is deployed now.

    Raises:
        ArtifactNotFoundError: there is none.
        UsageError: the cluster has several inventories, and none of them was named.
        TrustError: it is not by whom we believe, or is about something else.
        RegistryError: the registry could not be read.
    """
    return newest_of(listed_records(registry, name.cluster), name, registry, trust)


def newest_of(listed: Sequence[Listed], name: DeployedName, registry: Registry, trust: RecordTrust) -> SignedRecord:
    """The same among these, newest first, and what follows them.

    Raises:
        PipelineError: as for :func:`newest_record`.
    """
    return newest_chain(listed, name, registry, trust)[0]


def newest_chain(
    listed: Sequence[Listed], name: DeployedName, registry: Registry, trust: RecordTrust
) -> tuple[SignedRecord, ...]:
    """The newest of the inventory that these list, and before it those that follow it unlisted; newest first.

    Raises:
        PipelineError: as for :func:`newest_record`.
    """
    inventory = chosen_inventory(listed, name, registry, trust)
    if not inventory:
        known = some_of({item.inventory for item in listed})
        raise ArtifactNotFoundError(
            f"{registry.repository} has no deploy record of {name}; there are records of: {known or 'none'}"
        )
    return _newest(listed, inventory, name.cluster, registry, trust)


def chosen_inventory(listed: Sequence[Listed], name: DeployedName, registry: Registry, trust: RecordTrust) -> str:
    """The inventory that is meant, or nothing where there is none; of several only those that were not deleted.

    Raises:
        UsageError: several would do; the message names them.
        TrustError: nobody is trusted.
        RegistryError: the registry could not be read.
    """
    check_signers(trust)
    heads = _heads(listed, name)
    if len(heads) < 2:  # noqa: PLR2004 - nothing to choose from
        return name.choose(heads)

    def is_deleted(inventory: str) -> bool:
        try:
            return _newest(listed, inventory, name.cluster, registry, trust)[0].record.is_deleted
        except (TrustError, ArtifactNotFoundError):
            return False

    said = [inventory for inventory, head in heads.items() if head.result == Deployed.DELETED.value][:_MAX_DELETED]
    answers = in_parallel(is_deleted, said, concurrency=_CONCURRENCY)
    gone = {inventory for inventory, answer in zip(said, answers, strict=True) if answer}
    return name.choose([inventory for inventory in heads if inventory not in gone] or heads)


def read_history(name: DeployedName, registry: Registry, trust: RecordTrust, *, limit: int | None = None) -> History:
    """Every record that is kept of the inventory, or of all where none is named; newest first.

    Older ones that are not accepted are passed over with a note: keys change.

    Raises:
        ArtifactNotFoundError: there is none.
        TrustError: the newest of an inventory is not accepted.
        RegistryError: the registry could not be read.
    """
    check_signers(trust)
    listed = [item for item in listed_records(registry, name.cluster) if name.fits(item.inventory)]
    chains = in_parallel(
        lambda inventory: _newest(listed, inventory, name.cluster, registry, trust),
        sorted(_heads(listed, name)),
        concurrency=_CONCURRENCY,
    )
    known = {item.listed.descriptor.digest: item for chain in chains for item in chain}
    unlisted = [item.listed for item in known.values() if not item.is_listed]

    def read(item: Listed) -> SignedRecord | str:
        try:
            return known.get(item.descriptor.digest) or read_listed(item, name.cluster, registry, trust)
        except (TrustError, ArtifactNotFoundError) as error:
            return f"{item.descriptor.digest} is passed over: {error.message}"

    wanted = newest_first([*listed, *unlisted])[:limit]
    found: list[SignedRecord | str] = []
    for start in range(0, len(wanted), _CONCURRENCY):
        if sum(len(item.record.objects) for item in found if isinstance(item, SignedRecord)) > _MAX_OBJECTS:
            found.append(f"{len(wanted) - start} older records are not shown: name an inventory, or --limit")
            break
        found += in_parallel(read, wanted[start : start + _CONCURRENCY], concurrency=_CONCURRENCY)
    records = [item for item in found if isinstance(item, SignedRecord)]
    records.sort(key=lambda item: item.record.time, reverse=True)
    notes = [item for item in found if isinstance(item, str)]
    return History(tuple(records), (*notes, *(not_listed(chain[0]) for chain in chains if not chain[0].is_listed)))


def not_listed(found: SignedRecord) -> str:
    """For people: the cluster's list lacks its newest record."""
    record = found.record
    return (
        f"the tag {deployed_tag(record.cluster)} lacks the newest record of {record.inventory}, of {record.digest} at"
        f" {format_time(record.time)}, which counts all the same: somebody moved the tag back, or two recorded at once"
    )


def followers(head: SignedRecord, registry: Registry, trust: RecordTrust) -> tuple[SignedRecord, ...]:
    """Accepted records of the same inventory that follow this one in lists which the tag need not name; newest first.

    Raises:
        RegistryError: the registry could not be read.
    """
    found: list[SignedRecord] = []
    seen: set[str] = set()
    pending = [head]
    while pending:
        for item in islice(_successors(pending.pop(), registry), _MAX_NEWER):
            if item.descriptor.digest in seen or len(seen) == _MAX_NEWER:
                continue
            seen.add(item.descriptor.digest)
            try:
                newer = read_listed(item, head.record.cluster, registry, trust)
            except PipelineError:
                # Whoever may push could otherwise make good records unreadable by following them with bad ones.
                continue
            found.append(replace(newer, is_listed=False))
            pending.append(newer)
    return tuple(sorted(found, key=lambda item: item.record.time, reverse=True))


def _newest(
    listed: Sequence[Listed], inventory: str, cluster: str, registry: Registry, trust: RecordTrust
) -> tuple[SignedRecord, ...]:
    """The newest listed record of the inventory, and before it those that follow it; newest first."""
    first = next(item for item in listed if item.inventory == inventory)
    # Not the next one where this one is refused: what was current once is not what is deployed.
    head = read_listed(first, cluster, registry, trust)
    return (*followers(head, registry, trust), head)


def _heads(listed: Sequence[Listed], name: DeployedName) -> Mapping[str, Listed]:
    """The newest of each inventory that is meant, as the list has it."""
    return {item.inventory: item for item in reversed(listed) if name.fits(item.inventory)}


def _successors(head: SignedRecord, registry: Registry) -> Iterator[Listed]:
    lists = [item for item in registry.referrers(head.listed.descriptor.digest) if item.media_type == OCI_INDEX]
    for referrer in lists[:_MAX_SUCCESSORS]:
        try:
            found = read_list(registry.read_manifest(referrer.digest))
        except PipelineError:
            continue
        yield from (item for item in found if item.inventory == head.record.inventory and item.time > head.record.time)
