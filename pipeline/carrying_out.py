"""A saved plan on its way to the cluster: still for this artifact, trusted anew, approved where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline import wiring
from pipeline.errors import PipelineError
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.outcome.apply import ApplyInterruptedError, ApplyResult
from pipeline.model.plan import Plan
from pipeline.model.planning.basis import apply_options
from pipeline.model.planning.difference import Difference
from pipeline.model.planning.saved_plan import SavedPlan
from pipeline.model.planning.staleness import StalePlanError, option_differences
from pipeline.model.trust.evidence import VerifiedSignature
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Environment, Registry, Reporter
from pipeline.stages.succession import StatedRollback


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A plan to carry out; ``approvers`` are those of whom one must have attested it, ``None`` where nobody has to."""

    plan: SavedPlan
    approvers: TrustPolicy | None = None

    @property
    def repository(self) -> Repository:
        """Where the plan's artifact is.

        Raises:
            UsageError: the plan is for reading only.
        """
        return self.plan.require_appliable()[0].repository

    @property
    def options(self) -> ApplyOptions:
        """What the plan decides.

        Raises:
            UsageError: the plan is for reading only.
        """
        return apply_options(self.plan.require_appliable()[1])

    def require_for(self, artifact: PinnedReference, options: ApplyOptions) -> None:
        """See that it is a plan for what somebody else has decided to apply, and how.

        Raises:
            StalePlanError: it is not.
            UsageError: the plan is for reading only.
        """
        planned, basis = self.plan.require_appliable()
        differences = list(option_differences(basis, options))
        if planned.digest_url != artifact.digest_url:
            differences.insert(0, Difference(str(artifact), f"the plan is for {planned}"))
        if differences:
            raise StalePlanError(self.plan, differences)

    def fetch(
        self,
        registry: Registry,
        trust: TrustPolicy | UnsafeSkipVerification,
        environment: Environment,
        reporter: Reporter,
    ) -> Prepared:
        """The artifact, verified anew, once its tag and the plan's approval have been looked at.

        Raises:
            TrustError: nobody who may has approved the plan, or the artifact is not trusted.
            StalePlanError: the plan's tag points elsewhere now.
            RegistryError: the registry could not be read.
        """
        from pipeline.stages.planned import fetch_planned, require_approval

        ports = wiring.trust_ports(environment, reporter)
        trusted = fetch_planned(self.plan, registry, ports, trust)
        approvals = () if self.approvers is None else require_approval(self.plan, registry, ports, self.approvers)
        return Prepared(trusted=trusted, plan=self.plan, approvals=approvals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What may be applied, and by which plan if any."""

    trusted: TrustedManifests
    plan: SavedPlan | None = None
    approvals: tuple[VerifiedSignature, ...] = field(default=())

    def described(self, result: ApplyResult) -> ApplyResult:
        """The result, with those who approved the plan that it carried out."""
        return replace(result, approvals=self.approvals)


def stated_rollback(
    trusted: TrustedManifests,
    trust: TrustPolicy | UnsafeSkipVerification,
    open_registry: Callable[[Repository], Registry],
    environment: Environment,
    reporter: Reporter,
) -> StatedRollback | None:
    """Finds whether somebody whom the policy believes has signed that one goes back to this artifact.

    ``None`` where nobody's word counts.
    """
    artifact = trusted.reference
    if artifact is None or not isinstance(trust, TrustPolicy):
        return None

    def is_stated(previous: str, since: float) -> bool:
        from pipeline.stages.rollback_statement import is_rollback_stated

        registry, ports = open_registry(artifact.repository), wiring.trust_ports(environment, reporter)
        return is_rollback_stated(artifact, previous, registry, ports, trust, not_before=since)

    return is_stated


def unfinished(error: PipelineError) -> ApplyResult | None:
    """What an apply came to that ended in this error: what it did, and what was not as planned; ``None``: nothing."""
    if isinstance(error, ApplyInterruptedError):
        return error.result
    if not isinstance(error, StalePlanError):
        return None
    artifact, basis = error.plan.require_appliable()
    return ApplyResult(
        cluster=basis.context,
        namespace=basis.namespace,
        inventory=basis.inventory,
        plan=Plan(()),
        is_complete=False,
        repository=str(artifact.repository),
        digest=artifact.digest,
        digest_url=artifact.digest_url,
        plan_digest=error.plan.digest,
        differences=error.differences,
    )
