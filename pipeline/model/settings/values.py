"""``gitless.yaml`` as frozen values; what each field means and its default is in ``schemas/gitless.v1.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.model.images.lock import LOCK_FILE
from pipeline.model.settings.guards import GuardSettings
from pipeline.model.settings.image_builds import ImageSettings
from pipeline.model.settings.images import ImagesSettings
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.settings.retention import RetentionSettings
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.sources import Source
from pipeline.model.validation.options import ValidationOptions


@dataclass(frozen=True, slots=True)
class ArtifactSettings:
    """Where the artifact is published."""

    repository: str = ""
    tags: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    source: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class AttestationSettings:
    """What is stated about the artifact beside its signature; ``sboms`` are formats such as ``cyclonedx``."""

    provenance: bool = True
    sboms: tuple[str, ...] = ("cyclonedx",)

    def __bool__(self) -> bool:
        return self.provenance or bool(self.sboms)


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """How registries are reached; timeout in seconds."""

    plain_http: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """One place to apply to; timeout in seconds."""

    name: str
    sources: tuple[Source, ...] = ()
    artifact: ArtifactSettings | None = None
    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    inventory: str = ""
    prune: bool = True
    wait: bool = True
    timeout: float = 300.0
    force_conflicts: bool = False
    recreate: bool = False
    take_ownership: bool = False
    allow_rollback: bool = False
    guards: GuardSettings = field(default_factory=GuardSettings)
    deploy_record: RecordingOptions = field(default_factory=RecordingOptions)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file; ``file`` is its path for messages."""

    file: str
    name: str
    sources: tuple[Source, ...] = ()
    artifact: ArtifactSettings = field(default_factory=ArtifactSettings)
    signing: SigningOptions | None = None
    attestations: AttestationSettings | None = None
    validation: ValidationOptions | None = None
    """``None`` where the file does not have it: then ``run`` validates nothing by itself."""
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    image_builds: tuple[ImageSettings, ...] = ()
    """Images that are built and pushed before anything is rendered."""
    images: ImagesSettings = field(default_factory=lambda: ImagesSettings(lock=LOCK_FILE))
    records_repository: str = ""
    """Where deploy records are read from."""
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    targets: Mapping[str, TargetSettings] = field(default_factory=dict, hash=False)

    def records_of(self, cluster: str) -> str:
        """The repository with a cluster's deploy records; empty where nothing is said about it."""
        own = (item.deploy_record for item in self.targets.values() if item.deploy_record.cluster == cluster)
        return self.records_repository or next((item.repository for item in own if item.repository), "")

    def for_target(self, target: TargetSettings) -> Settings:
        """These settings with what the target replaces: sources, and single fields of the artifact."""
        artifact = self.artifact
        if target.artifact is not None:
            own = target.artifact
            artifact = ArtifactSettings(
                repository=own.repository or artifact.repository,
                tags=own.tags or artifact.tags,
                annotations={**artifact.annotations, **own.annotations},
                source=own.source or artifact.source,
                revision=own.revision or artifact.revision,
            )
        return replace(self, sources=target.sources or self.sources, artifact=artifact)
