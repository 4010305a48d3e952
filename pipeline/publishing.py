"""The publishing half of ``gitless run``: settings become signer, predicates and tags for ``stages/publish.py``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import wiring
from pipeline.errors import ConfigurationError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.chain_stages import PUBLISHING_STAGES
from pipeline.model.outcome.attestations import AttestationsResult
from pipeline.model.outcome.package import PackageResult
from pipeline.model.outcome.sign import SignResult
from pipeline.model.outcome.tag import TagResult
from pipeline.model.settings.values import Settings
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Clock, Environment, Registry, Reporter

if TYPE_CHECKING:
    from pipeline.stages.predicates import Predicate
    from pipeline.stages.publish import Publishing, Step

STREAM = "manifests.yaml"
"""The one file of the artifact, and of the results folder between build and package."""
_BEFORE = "tags-before.yaml"
"""In the results folder: what the tags pointed at when package began; JSON, but not a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSettings:
    """What of the chain's options concerns publishing; ``target`` is the target's name."""

    settings: Settings
    target: str
    trust: TrustPolicy | UnsafeSkipVerification
    results: Path | None
    read_password: Callable[[], bytes] = field(repr=False)


class Publisher:
    """Publishes one artifact; adapters are made when it begins, before anything is written."""

    def __init__(
        self,
        chosen: PublishSettings,
        open_registry: Callable[[], Registry],
        environment: Environment,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._chosen = chosen
        self._settings = chosen.settings
        self._open_registry = open_registry
        self._environment = environment
        self._reporter = reporter
        self._clock = clock
        self._started_at = clock.now()
        self._publishing: Publishing | None = None

    @property
    def tags(self) -> TagResult | None:
        """The tags, if they have moved."""
        return self._publishing.tags if self._publishing else None

    def begin(self, stages: Sequence[str]) -> None:
        """Open what signs, and remember where the tags are; ``stages`` are those of the run that publish.

        Raises:
            ConfigurationError: there is nothing to sign with, or attestations that nobody would sign.
            RegistryError: the registry could not be asked.
        """
        from pipeline.stages.publish import Publishing, PublishOptions, PublishPorts, Step

        settings = self._settings
        if settings.attestations and not settings.signing:
            raise ConfigurationError(
                f"{settings.file}: there are 'attestations' but no 'signing'", hint="nobody would sign them"
            )
        last = Step.ATTEST if settings.attestations else Step.SIGN if settings.signing else Step.PACKAGE
        signs = bool(settings.signing) and any(stage in stages for stage in ("sign", "attest"))
        registry = self._open_registry()
        options = PublishOptions(
            before=self._tags_before(registry, begins="package" in stages), last=last, trust=self._chosen.trust
        )
        ports = PublishPorts(
            registry=registry,
            open_registry=self._open_registry,
            signer=wiring.signer(settings.signing, self._environment, self._reporter, self._chosen.read_password)
            if signs and settings.signing
            else None,
            trust=wiring.trust_ports(self._environment, self._reporter),
            reporter=self._reporter,
        )
        self._publishing = Publishing(options, ports)
        self._say_where_tags_move(last, stages)

    def package(self, stream: bytes) -> PackageResult:
        """Push the artifact that consists of this stream of manifests.

        Raises:
            PublishInterruptedError: it could not be pushed.
        """
        from pipeline.model.artifact.archive import pack
        from pipeline.model.artifact.flux import build_artifact

        settings = self._settings
        detected = wiring.provenance(Path(settings.file).parent, self._environment, self._reporter)
        artifact = build_artifact(
            pack([(STREAM, stream)]),
            source=settings.artifact.source or detected.source,
            revision=settings.artifact.revision or detected.revision,
            annotations=settings.artifact.annotations,
        )
        return self._begun().package(artifact)

    def sign(self, artifact: PinnedReference) -> SignResult | None:
        """Sign it, if anybody signs.

        Raises:
            PublishInterruptedError: it could not be signed.
        """
        if not self._settings.signing:
            self._reporter.warn("the artifact is not signed: there is no `signing` in the settings")
            return None
        return self._begun().sign(artifact)

    def attest(self, artifact: PinnedReference) -> AttestationsResult | None:
        """State what the settings ask for, if anything.

        Raises:
            PublishInterruptedError: something could not be stated.
        """
        if not self._settings.attestations:
            return None
        return self._begun().attest(artifact, lambda: self._predicates(artifact))

    def _predicates(self, artifact: PinnedReference) -> list[Predicate]:
        from pipeline.model.artifact.manifest import sha256_digest
        from pipeline.model.attestation.materials import merged
        from pipeline.model.images.fields import materials_at
        from pipeline.stages.predicates import provenance_predicate, read_built, sbom_predicate

        settings, wanted = self._settings, self._settings.attestations
        if wanted is None:
            return []
        materials = (
            *wiring.materials(settings.sources, self._environment, self._reporter),
            *wiring.lock_materials(Path(settings.images.lock)),
        )
        built = read_built(artifact, self._open_registry(), materials)
        named = materials_at(built.manifests, settings.images.fields)
        built = replace(built, materials=merged(built.materials, named))
        predicates = []
        if wanted.provenance:
            file = Path(settings.file)
            predicates.append(
                provenance_predicate(
                    built,
                    wiring.build_platform(self._environment),
                    target=self._chosen.target,
                    settings=(file.name, sha256_digest(file.read_bytes())),
                    started_at=self._started_at,
                    finished_at=self._clock.now(),
                )
            )
        predicates += [sbom_predicate(built, wiring.sbom(name)) for name in wanted.sboms]
        return predicates

    def _begun(self) -> Publishing:
        if self._publishing is None:
            self.begin(PUBLISHING_STAGES)
        assert self._publishing is not None  # noqa: S101 - begin has made it
        return self._publishing

    def _say_where_tags_move(self, last: Step, stages: Sequence[str]) -> None:
        stage = last.name.lower()
        if self._settings.artifact.tags and stage not in stages:
            self._reporter.info(f"no tag moves before {stage}, which is not part of this run")

    def _tags_before(self, registry: Registry, *, begins: bool) -> dict[str, str | None]:
        """What the tags pointed at when package began, in this run or in that whose results are kept."""
        from pipeline.stages.tag_claim import tags_now

        tags, folder = tuple(dict.fromkeys(self._settings.artifact.tags)), self._chosen.results
        found = tags_now(tags, registry)
        if folder is None:
            return found
        file = folder / _BEFORE
        if begins:
            from pipeline.whole_files import write_whole

            write_whole(file, json.dumps({"tags": found}, indent=2).encode())
            return found
        return {**found, **_kept(file, tags)}


def _kept(file: Path, tags: Sequence[str]) -> dict[str, str | None]:
    if not file.is_file():
        return {}
    try:
        document: Any = json.loads(file.read_bytes())
        return {tag: None if value is None else str(value) for tag, value in document["tags"].items() if tag in tags}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(
            f"{file} does not say what the tags pointed at; expected JSON with tags",
            hint="run `gitless run` from package on again with this --results-dir",
        ) from None
