"""Which object: the kind, namespace and name under which the puller queues, stores and reports it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import Body, ObjectId

KUSTOMIZATION = KUSTOMIZATIONS.kind
OCI_REPOSITORY = OCI_REPOSITORIES.kind

_GROUPS = {KUSTOMIZATION: KUSTOMIZATIONS.group, OCI_REPOSITORY: OCI_REPOSITORIES.group}


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One object of the API."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, kind: str, body: Body) -> Key:
        """The object's own key."""
        metadata = body["metadata"]
        return cls(kind, metadata.get("namespace") or "", metadata["name"])

    @property
    def object_id(self) -> ObjectId:
        """With the group that its kind has in Flux's API; empty for core kinds."""
        return ObjectId(_GROUPS.get(self.kind, ""), self.kind, self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"
