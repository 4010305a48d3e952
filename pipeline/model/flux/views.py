"""OCIRepositories and Kustomizations as the commands look at them: read leniently, from API fields of Flux alone.

Whatever makes no sense in an object is left empty, so that one bad object hides no other; the puller tells what is
wrong with it in its status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Repository, parse_reference
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.flux.api import (
    DRIFT_ANNOTATION,
    DRIFT_REPORT,
    KUSTOMIZATIONS,
    OCI_REPOSITORIES,
    READY,
    REQUESTED_AT,
)
from pipeline.model.flux.conditions import Condition, Conditions
from pipeline.model.flux.kustomization_status import DRIFTED
from pipeline.model.flux.oci_repository import ArtifactReference
from pipeline.model.manifests import Body

_AND_MORE = re.compile(r"and ([0-9]{1,9}) more")
_NOT_YET = "waiting to be reconciled"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which object: its namespace and name, ordered as they are listed."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What both kinds have in common.

    Attributes:
        revision: of the artifact that a source has, or that a Kustomization applied last; ``TAG@sha256:…`` or
            ``sha256:…``, empty where there is none yet.
        observed_generation: the generation that the status speaks of; -1 for none.
        requested: the value of ``reconcile.fluxcd.io/requestedAt``.
        handled: ``status.lastHandledReconcileAt``: the last such value that was handled.
        created: RFC 3339, UTC.
    """

    key: Key
    revision: str = ""
    is_suspended: bool = False
    is_deleting: bool = False
    generation: int = 0
    observed_generation: int = -1
    requested: str = ""
    handled: str = ""
    created: str = ""
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def digest(self) -> str:
        """The revision's digest, ``sha256:…``."""
        return digest_of(self.revision)

    @property
    def ready(self) -> str:
        """``True``, ``False`` or ``Unknown``; ``False`` where nothing was reconciled yet, as flux has it."""
        condition = self.conditions.get(READY)
        return condition.status if condition else "False"

    @property
    def message(self) -> str:
        """What Ready's condition says."""
        condition = self.conditions.get(READY)
        return condition.message if condition else _NOT_YET

    @property
    def is_current(self) -> bool:
        """Whether the status speaks of the spec as it is now."""
        return self.observed_generation == self.generation


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView(View):
    """One OCIRepository; ``size`` of its packed files in bytes."""

    url: str = ""
    reference: ArtifactReference = field(default_factory=ArtifactReference)
    fetched: str = ""
    size: int | None = None

    @property
    def repository(self) -> Repository | None:
        """Where it looks, or ``None`` where the URL names nothing."""
        return repository_of(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class KustomizationView(View):
    """One Kustomization; ``attempted`` is the revision that it tried last."""

    source_kind: str = ""
    source: Key = field(default_factory=lambda: Key("", ""))
    path: str = ""
    attempted: str = ""
    waits: bool = False
    """Whether Ready speaks of the objects' health, and not only of their having been applied."""
    reports_drift: bool = False
    """Whether drift is only reported, not corrected."""

    @property
    def drift(self) -> tuple[str, ...]:
        """What drifted, a line per object; empty where nothing did or nobody reported."""
        condition: Condition | None = self.conditions.get(DRIFTED)
        if condition is None or not condition.is_true:
            return ()
        return tuple(line.strip() for line in condition.message.splitlines() if line.strip())

    @property
    def drifted_objects(self) -> int:
        """How many objects drifted, those included that the last line only counts."""
        more = _AND_MORE.fullmatch(self.drift[-1]) if self.drift else None
        return len(self.drift) - 1 + int(more[1]) if more else len(self.drift)


AnyView: TypeAlias = SourceView | KustomizationView


def view(resource_type: ResourceType, body: Body) -> AnyView:
    """Read an object of either kind."""
    return view_kustomization(body) if resource_type.kind == KUSTOMIZATIONS.kind else view_source(body)


def kind_of(item: AnyView) -> ResourceType:
    """How the kind is served."""
    return OCI_REPOSITORIES if isinstance(item, SourceView) else KUSTOMIZATIONS


def key_of(body: Body) -> Key:
    """The object's own namespace and name."""
    metadata = mapping_at(body.get("metadata"))
    return Key(_text(metadata, "namespace"), _text(metadata, "name"))


def view_source(body: Body) -> SourceView:
    """Read an OCIRepository."""
    spec, status = mapping_at(body.get("spec")), mapping_at(body.get("status"))
    reference, artifact = mapping_at(spec.get("ref")), mapping_at(status.get("artifact"))
    size = artifact.get("size")
    return SourceView(
        **_common(body),
        revision=_text(artifact, "revision"),
        url=_text(spec, "url"),
        reference=ArtifactReference(
            _text(reference, "digest"),
            _text(reference, "semver"),
            _text(reference, "semverFilter"),
            _text(reference, "tag"),
        ),
        fetched=_text(artifact, "lastUpdateTime"),
        size=size if isinstance(size, int) else None,
    )


def view_kustomization(body: Body) -> KustomizationView:
    """Read a Kustomization."""
    spec, status = mapping_at(body.get("spec")), mapping_at(body.get("status"))
    source, key = mapping_at(spec.get("sourceRef")), key_of(body)
    annotations = mapping_at(mapping_at(body.get("metadata")).get("annotations"))
    return KustomizationView(
        **_common(body),
        revision=_text(status, "lastAppliedRevision"),
        attempted=_text(status, "lastAttemptedRevision"),
        waits=spec.get("wait") is True or bool(spec.get("healthChecks")),
        source_kind=_text(source, "kind"),
        source=Key(_text(source, "namespace") or key.namespace, _text(source, "name")),
        path=_text(spec, "path"),
        reports_drift=annotations.get(DRIFT_ANNOTATION) == DRIFT_REPORT,
    )


def describe_reference(reference: ArtifactReference) -> str:
    """What a source selects, for people: ``tag main``, ``semver >=1.0``, ``digest sha256:…``."""
    if reference.digest:
        return f"digest {reference.digest}"
    if reference.semver:
        matching = f" (tags like {reference.semver_filter})" if reference.semver_filter else ""
        return f"semver {reference.semver}{matching}"
    return f"tag {reference.tag or 'latest'}"


def digest_of(revision: str) -> str:
    """The digest at the end of ``TAG@sha256:…``; empty where there is none."""
    digest = revision.rpartition("@")[2]
    return digest if digest.startswith("sha256:") else ""


def repository_of(url: str) -> Repository | None:
    """The repository that an OCIRepository's URL names; hosts are compared in lower case, so they are written so."""
    try:
        repository = parse_reference(url.rstrip("/")).repository
    except UsageError:
        return None
    return None if repository.is_layout else Repository(repository.host.lower(), repository.path)


def _common(body: Body) -> dict[str, Any]:
    metadata, spec, status = (mapping_at(body.get(part)) for part in ("metadata", "spec", "status"))
    generation, observed = metadata.get("generation"), status.get("observedGeneration")
    return {
        "key": key_of(body),
        "is_suspended": spec.get("suspend") is True,
        "is_deleting": bool(metadata.get("deletionTimestamp")),
        "generation": generation if isinstance(generation, int) else 0,
        "observed_generation": observed if isinstance(observed, int) else -1,
        "requested": _text(mapping_at(metadata.get("annotations")), REQUESTED_AT),
        "handled": _text(status, "lastHandledReconcileAt"),
        "created": _text(metadata, "creationTimestamp"),
        "conditions": _conditions(status),
    }


def _conditions(status: Mapping[str, Any]) -> Conditions:
    entries = status.get("conditions")
    return Conditions.of({"status": {"conditions": entries}}) if isinstance(entries, list) else Conditions()


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""
