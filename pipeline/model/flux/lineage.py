"""Who manages an object, and where what is managed comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.ownership import NAME_LABEL, NAMESPACE_LABEL, Owner, foreign_owner
from pipeline.model.artifact.manifest import ANNOTATION_SOURCE
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.flux.api import (
    OCI_REPOSITORIES,
    OWNER_NAME_LABEL,
    OWNER_NAMESPACE_LABEL,
    READY,
    SOURCE_VERIFIED,
)
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import Condition, Conditions
from pipeline.model.flux.inventory import read_inventory
from pipeline.model.manifests import Body, ObjectId, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStep:
    """Where a Kustomization's files come from; only the first three are known of a source that was not found."""

    kind: str
    namespace: str
    name: str
    found: bool = False
    url: str = ""
    reference: str = ""
    """What is asked for: a tag, a range of versions or a digest."""
    revision: str = ""
    origin_source: str = ""
    origin_revision: str = ""
    verification: str = ""
    """Provider that is asked to verify; empty where nobody is."""
    verified: Condition | None = None
    ready: Condition | None = None
    suspended: bool = False

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "found": self.found,
            "url": self.url,
            "reference": self.reference,
            "revision": self.revision,
            "originSource": self.origin_source,
            "originRevision": self.origin_revision,
            "verification": self.verification,
            "verified": self.verified is not None and self.verified.is_true,
            "suspended": self.suspended,
            "ready": _condition(self.ready),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KustomizationStep:
    """One Kustomization on the way up; ``lists`` tells whether its inventory has what was below."""

    namespace: str
    name: str
    found: bool = False
    lists: bool = False
    path: str = ""
    target_namespace: str = ""
    revision: str = ""
    origin_revision: str = ""
    attempted_revision: str = ""
    ready: Condition | None = None
    suspended: bool = False
    source: SourceStep | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "found": self.found,
            "listsObject": self.lists,
            "path": self.path,
            "targetNamespace": self.target_namespace,
            "revision": self.revision,
            "originRevision": self.origin_revision,
            "attemptedRevision": self.attempted_revision,
            "suspended": self.suspended,
            "ready": _condition(self.ready),
            "source": None if self.source is None else self.source.document(),
        }


def kustomization_of(body: Body) -> tuple[str, str] | None:
    """Namespace and name of the Kustomization that an object's labels name."""
    labels = _labels(body)
    name, namespace = labels.get(OWNER_NAME_LABEL), labels.get(OWNER_NAMESPACE_LABEL)
    return (str(namespace), str(name)) if name and namespace else None


def inventory_of(body: Body) -> tuple[str, str] | None:
    """Namespace and name of the gitless inventory that an object's labels name."""
    labels = _labels(body)
    name, namespace = labels.get(NAME_LABEL), labels.get(NAMESPACE_LABEL)
    return (str(namespace), str(name)) if name and namespace else None


def other_owner(body: Body) -> Owner | None:
    """The tool that an object's marks name, whichever it is."""
    return foreign_owner(body.get("metadata") or {}, Inventory("", ""))


def controller_of(body: Body) -> tuple[str, str, str] | None:
    """API version, kind and name of the object that made this one: its controller, or else its first owner."""
    owners = (body.get("metadata") or {}).get("ownerReferences")
    found = [item for item in owners if isinstance(item, Mapping)] if isinstance(owners, list) else []
    chosen = next((item for item in found if item.get("controller")), found[0] if found else None)
    if chosen is None or not all(chosen.get(key) for key in ("apiVersion", "kind", "name")):
        return None
    return str(chosen["apiVersion"]), str(chosen["kind"]), str(chosen["name"])


def kustomization_step(namespace: str, name: str, body: Body | None, below: ObjectId) -> KustomizationStep:
    """What its spec and status say, without its source."""
    if body is None:
        return KustomizationStep(namespace=namespace, name=name)
    spec, status = mapping_at(body.get("spec")), mapping_at(body.get("status"))
    return KustomizationStep(
        namespace=namespace,
        name=name,
        found=True,
        lists=any(entry.object_id == below for entry in read_inventory(body)),
        path=str(spec.get("path") or "./"),
        target_namespace=str(spec.get("targetNamespace") or ""),
        revision=str(status.get("lastAppliedRevision") or ""),
        origin_revision=str(status.get("lastAppliedOriginRevision") or ""),
        attempted_revision=str(status.get("lastAttemptedRevision") or ""),
        ready=Conditions.of(body).get(READY),
        suspended=spec.get("suspend") is True,
    )


def source_reference(body: Body) -> tuple[str, str, str]:
    """Kind, namespace and name of a Kustomization's source."""
    reference = mapping_at(mapping_at(body.get("spec")).get("sourceRef"))
    namespace = reference.get("namespace") or (body.get("metadata") or {}).get("namespace")
    return str(reference.get("kind") or ""), str(namespace or ""), str(reference.get("name") or "")


def source_step(reference: tuple[str, str, str], body: Body | None) -> SourceStep:
    """What its spec and status say."""
    kind, namespace, name = reference
    if body is None:
        return SourceStep(kind=kind, namespace=namespace, name=name)
    spec = mapping_at(body.get("spec"))
    conditions = Conditions.of(body)
    artifact = SourceArtifact.of(body)
    return SourceStep(
        kind=kind,
        namespace=namespace,
        name=name,
        found=True,
        url=str(spec.get("url") or ""),
        reference=_wanted(mapping_at(spec.get("ref"))) if kind == OCI_REPOSITORIES.kind else "",
        revision=artifact.revision if artifact else "",
        origin_source=artifact.metadata.get(ANNOTATION_SOURCE, "") if artifact else "",
        origin_revision=artifact.origin_revision if artifact else "",
        verification=str(mapping_at(spec.get("verify")).get("provider") or ("cosign" if spec.get("verify") else "")),
        verified=conditions.get(SOURCE_VERIFIED),
        ready=conditions.get(READY),
        suspended=spec.get("suspend") is True,
    )


def identity(body: Body) -> ObjectId:
    """An object's identity."""
    return Resource.from_body(body).id


def _wanted(reference: Mapping[str, Any]) -> str:
    """In the order in which one wins over the other."""
    found = next(
        ((key, reference[key]) for key in ("digest", "semver", "tag") if reference.get(key)), ("tag", "latest")
    )
    return f"{found[0]} {found[1]}"


def _condition(condition: Condition | None) -> dict[str, Any] | None:
    if condition is None:
        return None
    return {
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": condition.last_transition_time,
    }


def _labels(body: Body) -> Mapping[str, Any]:
    return mapping_at(mapping_at(body.get("metadata")).get("labels"))
