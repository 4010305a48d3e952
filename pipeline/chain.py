"""``gitless run``: the stages in a row, each one's result the next one's input.

Publishing is atomic: the artifact is pushed by digest, signed, attested, all of it verified as a consumer would, and
only then the tags move. A failure at any step leaves the tags where they were; see ``publishing.py``. What happens in
the cluster is in ``deploying.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import publishing, wiring
from pipeline.carrying_out import Order
from pipeline.deploying import Deployer, DeploySettings
from pipeline.errors import ConfigurationError, PipelineError
from pipeline.handing_over import Handover
from pipeline.image_pinning import PinningOptions, pin_build
from pipeline.model.artifact.reference import PinnedReference, Repository, parse_reference
from pipeline.model.chain_stages import CLUSTER_STAGES, IMAGE, PUBLISHING_STAGES, STAGES, VALIDATE, guarded, span
from pipeline.model.manifests import Manifests
from pipeline.model.outcome import Result
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.values import Settings, TargetSettings
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.validation.options import ValidationOptions
from pipeline.ports import Clock, Environment, Registry, Reporter
from pipeline.publishing import Publisher, PublishSettings
from pipeline.validating import Surroundings, validate_manifests


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOptions:
    """What one run is to do; ``settings`` are those of the target, options laid over them."""

    settings: Settings
    target: TargetSettings
    registry: RegistryOptions
    cluster: ClusterOptions
    trust: TrustPolicy | UnsafeSkipVerification
    first: str = STAGES[0]
    last: str = STAGES[-1]
    order: Order | None = None
    pinning: PinningOptions = field(default_factory=PinningOptions)
    results: Path | None = None
    read_password: Callable[[], bytes] = field(repr=False, default=lambda: b"")
    read_record_password: Callable[[], bytes] = field(repr=False, default=lambda: b"")


class Chain:
    """One run. Adapters are made when a stage first needs them."""

    def __init__(self, options: ChainOptions, environment: Environment, reporter: Reporter, clock: Clock) -> None:
        self._options = options
        self._environment = environment
        self._reporter = reporter
        self._clock = clock
        self._handover = Handover(options.results, options.first)
        self._stream: bytes | None = None
        self._manifests: Manifests | None = None
        self._artifact: PinnedReference | None = None
        self._publisher = Publisher(
            PublishSettings(
                settings=options.settings,
                target=options.target.name,
                trust=options.trust,
                results=options.results,
                read_password=options.read_password,
            ),
            self._registry,
            environment,
            reporter,
            clock,
        )
        self._deployer = Deployer(
            DeploySettings(
                settings=options.settings,
                target=options.target,
                registry=options.registry,
                cluster=options.cluster,
                trust=options.trust,
                order=options.order,
                verifies="verify" in self._stages,
                read_record_password=options.read_record_password,
            ),
            self._packaged,
            environment,
            reporter,
            clock,
        )

    def run(
        self, report: Callable[[str, Result], None], begin: Callable[[str], None] = lambda _stage: None
    ) -> RunResult:
        """Run the stages from first to last; ``report`` is told each one's result at once and keeps it.

        ``begin`` is told each stage before anything of it happens.

        Raises:
            PipelineError: whatever the stage that failed says; the results before it have been reported and kept.
        """
        runs = []
        stages = self._stages
        if any(stage in CLUSTER_STAGES for stage in stages):
            # A wrong kubeconfig or context must show before anything is published.
            self._deployer.cluster()
        publish = [stage for stage in stages if stage in PUBLISHING_STAGES]
        if publish:
            self._begin_publishing(publish)
        for stage in stages:
            begun = self._clock.now()
            begin(stage)
            try:
                result: Result | None = getattr(self, f"_{stage}")()
            except PipelineError as error:
                partial = self._deployer.unfinished(error)
                if partial is not None:
                    report(stage, partial)
                raise
            if result is None:
                continue
            runs.append(StageRun(stage=stage, result=result, seconds=self._clock.now() - begun))
            report(stage, result)
        return RunResult(
            name=self._options.settings.name,
            target=self._options.target.name,
            digest_url=self._artifact.digest_url if self._artifact else "",
            stages=tuple(runs),
            tags=self._publisher.tags,
        )

    def _begin_publishing(self, stages: Sequence[str]) -> None:
        # What an earlier run has made must be there before anything is asked of the registry.
        if "package" not in stages:
            self._packaged()
        elif "build" not in self._stages:
            self._built_stream()
        self._publisher.begin(stages)

    def _image(self) -> Result:
        from pipeline.imaging import imaging, label_time

        settings = self._options.settings
        if not settings.image_builds:
            raise ConfigurationError(f"{settings.file}: there are no images to build: 'images.build' is missing")
        made = imaging(
            Path(settings.file).parent,
            "",
            self._options.registry,
            self._environment,
            self._reporter,
            source=settings.artifact.source or None,
            revision=settings.artifact.revision or None,
            created=label_time(None, self._environment, self._clock.now),
        )
        return made.publish(settings.image_builds)

    def _build(self) -> Result:
        from pipeline.model.documents.yaml_writing import write_stream
        from pipeline.stages.build import build

        sources = self._options.settings.sources
        if not sources:
            raise ConfigurationError(f"{self._options.settings.file}: there are no sources to build")
        built = build(sources, wiring.renderers(self._environment, self._reporter))
        result = pin_build(built, self._options.pinning, self._options.registry, self._environment, self._reporter)
        self._manifests = result.manifests
        self._stream = write_stream(result.manifests)
        self._handover.keep(publishing.STREAM, self._stream)
        return result

    def _validate(self) -> Result | None:
        from pipeline.stages.fetch import artifact_files

        settings = self._options.settings
        if settings.validation is None and VALIDATE not in (self._options.first, self._options.last):
            return None
        if {VALIDATE, "package"} & set(span(self._options.first, self._options.last)):
            manifests, subject, places = self._built(), Side(name=settings.file), wiring.places(settings.sources)
        else:
            artifact = self._packaged()
            manifests, subject = self._deployer.fetched().manifests, Side(name=artifact.digest_url, artifact=artifact)
            places = wiring.places_in(lambda: artifact_files(artifact, self._registry()))
        around = Surroundings(self._options.registry, self._environment, self._reporter, self._deployer.cluster)
        return validate_manifests(
            manifests, settings.validation or ValidationOptions(), around, subject=subject, places=places
        )

    def _package(self) -> Result:
        result = self._publisher.package(self._built_stream())
        self._artifact = result.artifact
        return result

    def _sign(self) -> Result | None:
        return self._publisher.sign(self._packaged())

    def _attest(self) -> Result | None:
        return self._publisher.attest(self._packaged())

    def _diff(self) -> Result:
        return self._deployer.diff()

    def _apply(self) -> Result:
        return self._deployer.apply()

    def _verify(self) -> Result:
        return self._deployer.verify()

    def _open(self, repository: Repository) -> Registry:
        return wiring.registry(repository, self._options.registry, self._environment, self._reporter)

    def _registry(self) -> Registry:
        repository = self._options.settings.artifact.repository
        if self._artifact is not None:
            location = self._artifact.repository
        elif repository:
            location = parse_reference(repository).repository
        else:
            raise ConfigurationError(
                f"{self._options.settings.file}: 'artifact.repository' is missing", hint="or give --repository"
            )
        return self._open(location)

    @property
    def _stages(self) -> tuple[str, ...]:
        stages = guarded(span(self._options.first, self._options.last))
        # Where it was asked for by name, it says what is missing.
        is_wanted = bool(self._options.settings.image_builds) or self._options.last == IMAGE
        return stages if is_wanted else tuple(stage for stage in stages if stage != IMAGE)

    def _built(self) -> Manifests:
        if self._manifests is None:
            from pipeline.model.documents.yaml_reading import read_manifests

            file = str((self._options.results or Path()) / publishing.STREAM)
            self._manifests = Manifests.of(read_manifests(self._built_stream(), file))
        return self._manifests

    def _built_stream(self) -> bytes:
        if self._stream is None:
            self._stream = self._handover.kept(publishing.STREAM, "build")
        return self._stream

    def _packaged(self) -> PinnedReference:
        """What package made in this run, or in the one whose results are in the results folder."""
        if self._artifact is None:
            self._artifact = self._handover.artifact()
        return self._artifact
