"""The half of ``gitless run`` in the cluster: what is in the registry is compared, applied, verified and recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline import wiring
from pipeline.carrying_out import Order, Prepared, stated_rollback, unfinished
from pipeline.errors import PipelineError
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.deployments.record import Deployed
from pipeline.model.outcome import Result
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.settings.applying import apply_options
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.values import Settings, TargetSettings
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Clock, Cluster, Environment, Registry, Reporter
from pipeline.recording import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploySettings:
    """What of the chain's options concerns the cluster; ``verifies`` where what is applied is verified afterwards."""

    settings: Settings
    target: TargetSettings
    registry: RegistryOptions
    cluster: ClusterOptions
    trust: TrustPolicy | UnsafeSkipVerification
    order: Order | None
    verifies: bool
    read_record_password: Callable[[], bytes] = field(repr=False)


class Deployer:
    """Brings one artifact into one cluster; ``artifact`` says which, and adapters are made when first needed."""

    def __init__(
        self,
        chosen: DeploySettings,
        artifact: Callable[[], PinnedReference],
        environment: Environment,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._chosen = chosen
        self._artifact = artifact
        self._environment = environment
        self._reporter = reporter
        self._clock = clock
        self._trusted: TrustedManifests | None = None
        self._carried_out: Prepared | None = None
        self._cluster: Cluster | None = None

    def cluster(self) -> Cluster:
        """The cluster, opened once.

        Raises:
            ClusterError: it cannot be opened.
        """
        if self._cluster is None:
            self._cluster = wiring.cluster(self._chosen.cluster, self._environment, self._reporter)
        return self._cluster

    def fetched(self) -> TrustedManifests:
        """The artifact, verified; fetched once for whoever needs it.

        Raises:
            TrustError: it is not trusted.
            RegistryError: it could not be read.
        """
        if self._trusted is None:
            from pipeline.stages.fetch import fetch

            artifact = self._artifact()
            ports = wiring.trust_ports(self._environment, self._reporter)
            self._trusted = fetch(artifact.reference, self._open(artifact.repository), ports, self._chosen.trust)
        return self._trusted

    def diff(self) -> DiffResult:
        """What applying would change.

        Raises:
            PipelineError: artifact or cluster could not be read.
        """
        from pipeline.stages.diff import diff_live
        from pipeline.stages.fetch import read_artifact

        artifact = self._artifact()
        manifests, facts = read_artifact(artifact.reference, self._open(artifact.repository))
        live = diff_live(manifests, self.cluster(), self._options())
        return DiffResult(
            before=Side(name=f"live ({self.cluster().context})", is_live=True),
            after=Side(name=artifact.digest_url, artifact=artifact, source=facts.source, revision=facts.revision),
            plan=live.plan,
            obstacles=live.obstacles,
            notes=live.notes,
        )

    def apply(self) -> Result:
        """Apply it, exactly as planned where there is a plan; recorded, unless verifying is still to come.

        Raises:
            PipelineError: something stands in the way, or went wrong.
        """
        from pipeline.stages.apply import apply

        prepared, options = self._prepared(), self._options()
        trusted = prepared.trusted
        try:
            result = apply(
                trusted,
                self.cluster(),
                options,
                reporter=self._reporter,
                clock=self._clock,
                planned=prepared.plan,
                is_stated=stated_rollback(trusted, self._chosen.trust, self._open, self._environment, self._reporter),
            )
        except PipelineError as error:
            self._recorder().failed(trusted, options, error)
            raise
        if not self._chosen.verifies:
            self._recorder().applied(trusted, self.cluster(), options)
        return prepared.described(result)

    def unfinished(self, error: PipelineError) -> ApplyResult | None:
        """What applying came to that ended in this error; ``None``: nothing."""
        result = unfinished(error)
        return result if result is None or self._carried_out is None else self._carried_out.described(result)

    def verify(self) -> Result:
        """Whether what is recorded is trusted, there and healthy; that is recorded, too.

        Raises:
            PipelineError: it could not be told.
        """
        from pipeline.stages.verify import Ports, VerifyOptions, verify

        applied, target = self._options(), self._chosen.target
        options = VerifyOptions(
            inventory=applied.inventory,
            namespace=applied.namespace,
            timeout=target.timeout if target.wait else 0,
        )
        ports = Ports(
            cluster=self.cluster(),
            open_registry=self._open,
            trust=wiring.trust_ports(self._environment, self._reporter),
            clock=self._clock,
            reporter=self._reporter,
        )
        try:
            result = verify(self._chosen.trust, options, ports)
        except PipelineError:
            # It is applied all the same.
            self._record_applied(Deployed.APPLIED)
            raise
        failures = ", ".join(result.failures)
        self._record_applied(Deployed.FAILED if failures else Deployed.HEALTHY, failures)
        return result

    def _prepared(self) -> Prepared:
        """What is applied; where a plan is to be carried out, it must be for exactly this."""
        order = self._chosen.order
        if order is None:
            return Prepared(trusted=self.fetched())
        artifact = self._artifact()
        order.require_for(artifact, self._options())
        registry = self._open(artifact.repository)
        prepared = order.fetch(registry, self._chosen.trust, self._environment, self._reporter)
        self._trusted, self._carried_out = prepared.trusted, prepared
        return prepared

    def _record_applied(self, result: Deployed, message: str = "") -> None:
        """Only what this very run has applied."""
        if self._trusted is not None:
            self._recorder().applied(self._trusted, self.cluster(), self._options(), result, message=message)

    def _recorder(self) -> Recorder:
        settings, recording = self._chosen.settings, self._chosen.target.deploy_record
        if recording and not recording.signing and settings.signing:
            recording = replace(recording, signing=settings.signing)
        return Recorder(
            options=recording,
            registry=self._chosen.registry,
            environment=self._environment,
            reporter=self._reporter,
            clock=self._clock,
            read_password=self._chosen.read_record_password,
        )

    def _open(self, repository: Repository) -> Registry:
        return wiring.registry(repository, self._chosen.registry, self._environment, self._reporter)

    def _options(self) -> ApplyOptions:
        return apply_options(
            self._chosen.target,
            application=self._chosen.settings.name,
            namespace=self.cluster().default_namespace,
            writer=wiring.writer(self._environment),
        )
