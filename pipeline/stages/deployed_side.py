"""One side of a comparison: what a cluster has, known from its deploy records alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from pipeline.errors import ArtifactNotFoundError
from pipeline.model.artifact.reference import Reference, Repository, parse_reference
from pipeline.model.deployments.composing import differing
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import DeploymentFacts, Side
from pipeline.ports import Registry, TreeBuilder
from pipeline.stages.deployed import listed_records, newest_chain, not_listed
from pipeline.stages.fetch import Part, read_artifact
from pipeline.stages.signed_records import RecordTrust, SignedRecord, read_listed

_KUSTOMIZATION = "Kustomization "
_MOST_NOTES = 10
_WIDTH = 400


def read_deployed(
    name: DeployedName,
    records: Registry,
    trust: RecordTrust,
    open_registry: Callable[[Repository], Registry],
    trees: TreeBuilder,
) -> tuple[Manifests, Side]:
    """Read the artifact that the records say is deployed; of a Kustomization the folder that it takes, built.

    Where the newest apply failed, that is the one before it, for of what failed nobody knows what is in the cluster.

    Raises:
        ArtifactNotFoundError: there is no record of an apply that succeeded, or the artifact is gone.
        TrustError: the records are not by whom we believe, or not the newest; or the artifact is not what they say.
        RegistryError: a registry could not be read.
    """
    head, found = _applied(name, records, trust)
    record = found.record
    reference = parse_reference(record.repository)
    pinned = Reference(reference.repository, None, record.digest)
    path = record.path if record.inventory.startswith(_KUSTOMIZATION) else None
    part = None if path is None else Part(path, trees)
    manifests, facts = read_artifact(pinned, open_registry(reference.repository), part=part)
    unlisted = [] if head.is_listed else [not_listed(head)]
    notes = [*_notes(head.record, record), *unlisted, *_differences(record, manifests)]
    side = Side(
        name=str(name),
        artifact=facts.artifact,
        source=facts.source,
        revision=facts.revision,
        deployed=DeploymentFacts(
            cluster=record.cluster,
            inventory=record.inventory,
            time=record.time,
            result=record.result.value,
            signer=found.signer,
            path=path,
        ),
        notes=tuple(printable(note, _WIDTH) for note in notes),
    )
    return manifests, side


def _applied(name: DeployedName, registry: Registry, trust: RecordTrust) -> tuple[SignedRecord, SignedRecord]:
    """The newest record, and the newest of an apply that got to its end."""
    listed = listed_records(registry, name.cluster)
    newest = newest_chain(listed, name, registry, trust)
    head, first = newest[0], newest[-1].listed
    if head.record.is_deleted:
        raise ArtifactNotFoundError(
            f"nothing is deployed as {name}: {head.record.inventory} was deleted at {format_time(head.record.time)},"
            f" and had {head.record.digest}",
            hint="compare with that digest, or name another inventory; `gitless history` lists them",
        )
    if head.record.is_complete:
        return head, head
    earlier = (
        read_listed(item, name.cluster, registry, trust)
        for item in listed
        if item.inventory == first.inventory and item.descriptor.digest != first.descriptor.digest
    )
    for found in chain(newest[1:], earlier):
        if found.record.is_deleted:
            break
        if found.record.is_complete:
            return head, found
    raise ArtifactNotFoundError(
        f"every record of {name} that is kept, or came after it was deleted, is of an apply that failed, so nobody"
        " knows what is deployed",
        hint="`gitless history` lists them; compare with `live`, from where the cluster can be reached",
    )


def _notes(head: DeployRecord, record: DeployRecord) -> list[str]:
    said = f"{record.cluster} has had this since {format_time(record.time)} ({record.inventory})"
    notes = [said]
    if head is not record:
        notes.append(
            f"the apply of {head.digest} at {format_time(head.time)} failed{_why(head)}:"
            " some objects may be as that artifact has them"
        )
    elif record.result is Deployed.FAILED:
        notes.append(f"it is applied, but failed{_why(record)}")
    if record.overrides:
        notes.append(f"it was applied with {', '.join(record.overrides)}")
    if not record.verified_by:
        notes.append("no signature of the artifact is recorded as verified")
    if record.inventory.startswith(_KUSTOMIZATION):
        folder = f"its folder {record.path}" if record.path.strip("./") else "the artifact"
        notes.append(
            f"compared is {folder} as it is built, before {record.inventory} changes anything itself"
            " (such as targetNamespace, patches, images, postBuild)"
        )
    return notes


def _why(record: DeployRecord) -> str:
    return f" ({record.message})" if record.message else ""


def _differences(record: DeployRecord, manifests: Manifests) -> list[str]:
    """Only of what was applied as the artifact has it: a Kustomization renders first."""
    if record.inventory.startswith(_KUSTOMIZATION) or not record.objects:
        return []
    found = differing(record.objects, manifests)
    more = [f"and {len(found) - _MOST_NOTES} objects more"] if len(found) > _MOST_NOTES else []
    return [*found[:_MOST_NOTES], *more]
