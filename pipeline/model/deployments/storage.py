"""How deploy records are kept in a registry.

Each record is an image manifest whose ``subject`` is the applied artifact and whose only layer is a sigstore bundle
with the signed statement, so that cosign and every reader of attestations finds it. The tag ``deployed-CLUSTER`` points
at an image index with the records of that cluster, the newest first: it keeps them from being collected as garbage, and
its annotations say what is in them before any is read. Everything but the bundle is unsigned and only a hint.

An index has a ``subject``, too: the record of the same inventory before the new one. So from a record one finds, by
what refers to it, whether there is a later one, even where the tag was moved back.

Formats: OCI image specification 1.1 (manifest, index), ``model/trust/storage.py`` (bundles).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    OCI_INDEX,
    OCI_MANIFEST,
    Blob,
    Descriptor,
    ParsedManifest,
    StoredManifest,
    parse_manifest,
)
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.model.trust.storage import EMPTY_CONFIG, PREDICATE_TYPE_ANNOTATION

RECORD_TYPE: Final = "application/vnd.gitless.dev.deploy-record.v1+json"
LIST_TYPE: Final = "application/vnd.gitless.dev.deploy-records.v1+json"
ANNOTATION_CLUSTER: Final = "dev.gitless.deploy-record.cluster"
ANNOTATION_INVENTORY: Final = "dev.gitless.deploy-record.inventory"
ANNOTATION_DIGEST: Final = "dev.gitless.deploy-record.digest"
ANNOTATION_RESULT: Final = "dev.gitless.deploy-record.result"
MAX_LISTED: Final = 2000
"""Records of one cluster, of all inventories; the list then has about 1.2 MB, and registries take 4 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A record as a list tells of it; nothing of that is verified.

    ``descriptor`` is that of the record's manifest, ``digest`` that of the artifact.
    """

    descriptor: Descriptor
    inventory: str
    digest: str
    time: float
    result: str


def annotations_of(record: DeployRecord) -> dict[str, str]:
    """What a manifest and a list say of a record."""
    return {
        ANNOTATION_CREATED: format_time(record.time),
        ANNOTATION_CLUSTER: record.cluster,
        ANNOTATION_INVENTORY: record.inventory,
        ANNOTATION_DIGEST: record.digest,
        ANNOTATION_RESULT: record.result.value,
    }


def record_manifest(record: DeployRecord, subject: Descriptor, bundle: Descriptor) -> Blob:
    """The referrer that carries the record's bundle."""
    return _blob(
        OCI_MANIFEST,
        {
            "artifactType": RECORD_TYPE,
            "config": EMPTY_CONFIG.descriptor.document(),
            "layers": [bundle.document()],
            "subject": subject.document(),
            "annotations": {
                "dev.sigstore.bundle.content": "dsse-envelope",
                PREDICATE_TYPE_ANNOTATION: DEPLOY_RECORD,
                **annotations_of(record),
            },
        },
    )


def listed(record: DeployRecord, manifest: Blob) -> Listed:
    """How a list has a record."""
    descriptor = Descriptor(
        OCI_MANIFEST, manifest.descriptor.digest, len(manifest.content), annotations_of(record), RECORD_TYPE
    )
    return Listed(
        descriptor=descriptor,
        inventory=record.inventory,
        digest=record.digest,
        time=record.time,
        result=record.result.value,
    )


def write_list(cluster: str, records: Sequence[Listed], before: Descriptor | None) -> Blob:
    """The index of a cluster's records; ``before`` is the record that the newest one follows."""
    document: dict[str, Any] = {
        "artifactType": LIST_TYPE,
        "manifests": [item.descriptor.document() for item in records],
        "annotations": {ANNOTATION_CLUSTER: cluster},
    }
    if before is not None:
        document["subject"] = Descriptor(before.media_type, before.digest, before.size).document()
    return _blob(OCI_INDEX, document)


def read_list(stored: StoredManifest) -> tuple[Listed, ...]:
    """The records of a list, newest first; what makes no sense is passed over, for a record is read by its own words.

    The tag may also point at a record itself, where somebody else moved it: then that is the whole list.

    Raises:
        RegistryError: it is no manifest.
        TrustError: there are more than anybody writes.
    """
    parsed = parse_manifest(stored)
    children = parsed.children or _itself(stored, parsed)
    if len(children) > MAX_LISTED:
        raise TrustError(f"{stored.digest} lists {len(children)} deploy records, more than the {MAX_LISTED} we read")
    return newest_first(found for child in children if (found := _listed(child)) is not None)


def newest_first(records: Iterable[Listed]) -> tuple[Listed, ...]:
    """Sorted by time; at the same time the digests decide, so that everybody agrees."""
    return tuple(sorted(records, key=lambda item: (item.time, item.descriptor.digest), reverse=True))


@dataclass(frozen=True, slots=True)
class Merged:
    """A list with a new record in it, and those that fell out of it."""

    records: tuple[Listed, ...]
    dropped: tuple[Listed, ...]
    before: Descriptor | None
    """The record of the same inventory that the new one follows."""


def merge(records: Iterable[Listed], new: Listed, *, keep: int) -> Merged:
    """Put a record into a list and keep ``keep`` of each inventory, the new one and the newest in any case.

    Where there are too many all together, the oldest go first that are not the newest of their inventory, then the
    newest of inventories that were deleted, and then the oldest whatever they are: nobody reads a longer list.
    """
    others = [item for item in records if item.descriptor.digest != new.descriptor.digest]
    before = next((item.descriptor for item in newest_first(others) if item.inventory == new.inventory), None)
    counts: dict[str, int] = {}
    kept: list[Listed] = []
    dropped: list[Listed] = []
    for item in newest_first([new, *others]):
        counts[item.inventory] = counts.get(item.inventory, 0) + 1
        (kept if item is new or counts[item.inventory] <= keep else dropped).append(item)
    heads = {item.inventory: item for item in reversed(kept)}

    def rank(item: Listed) -> int:
        if item is new:
            return 0
        is_head = heads[item.inventory] is item
        return (2 if item.result == Deployed.DELETED.value else 1) if is_head else 3

    too_many = len(kept) - MAX_LISTED
    if too_many > 0:
        # Sorting is stable, and the oldest come last.
        excess = {id(item) for item in sorted(kept, key=rank)[-too_many:]}
        dropped += [item for item in kept if id(item) in excess]
        kept = [item for item in kept if id(item) not in excess]
    return Merged(tuple(kept), tuple(dropped), before)


def _itself(stored: StoredManifest, parsed: ParsedManifest) -> tuple[Descriptor, ...]:
    if parsed.artifact_type != RECORD_TYPE:
        return ()
    return (Descriptor(stored.media_type, stored.digest, len(stored.content), parsed.annotations, RECORD_TYPE),)


def _listed(child: Descriptor) -> Listed | None:
    annotations = child.annotations
    try:
        time = parse_time(annotations.get(ANNOTATION_CREATED, ""))
    except ConfigurationError:
        return None
    return Listed(
        descriptor=child,
        inventory=annotations.get(ANNOTATION_INVENTORY, ""),
        digest=annotations.get(ANNOTATION_DIGEST, ""),
        time=time,
        result=annotations.get(ANNOTATION_RESULT, ""),
    )


def _blob(media_type: str, document: dict[str, Any]) -> Blob:
    whole = {"schemaVersion": 2, "mediaType": media_type, **document}
    return Blob(media_type, json.dumps(whole, separators=(",", ":")).encode("utf-8"))
