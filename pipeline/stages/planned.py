"""Whether a saved plan may be carried out now: the artifact, who signed it, who approved the plan, and the cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from pipeline.errors import ArtifactNotFoundError, ClusterError, ConfigurationError, RefusedError, TrustError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.artifact.reference import PinnedReference, Reference, parse_reference
from pipeline.model.planning.basis import Basis, inventory_version, options_document, signers_of
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.difference import Difference
from pipeline.model.planning.saved_plan import SavedPlan, plan_of
from pipeline.model.planning.staleness import (
    StalePlanError,
    change_differences,
    obstacle_differences,
    place_differences,
    reach_differences,
    tag_difference,
    trust_differences,
)
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import VerifiedAttestation, VerifiedSignature
from pipeline.model.trust.policy import Attested, TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.predicate_types import PLAN
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Cluster, Registry
from pipeline.stages.attestation_decisions import best_of, complaint_about
from pipeline.stages.fetch import LATEST, fetch
from pipeline.stages.signature_decisions import Evidence
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import TrustPorts, check_policy

_IDENTITY = ("v1", "Namespace", "kube-system")


def basis_of(
    trusted: TrustedManifests, cluster: Cluster, inventory: Inventory | None, options: ApplyOptions, live: LivePlan
) -> Basis:
    """What a plan rests on that is made now."""
    version, digest = inventory_version(inventory)
    return Basis(
        context=cluster.context,
        cluster_uid=cluster_uid(cluster),
        namespace=options.namespace,
        inventory=options.inventory,
        inventory_version=version,
        inventory_digest=digest,
        options=options_document(options),
        guards=options.guards,
        verified=trusted.is_verified,
        signers=signers_of(trusted.signatures),
        live=live.seen,
    )


def cluster_uid(cluster: Cluster) -> str:
    """What tells one cluster from another, whatever a kubeconfig calls it; empty where it may not be seen."""
    api_version, kind, name = _IDENTITY
    with suppress(ClusterError):
        found = cluster.resource_type(api_version, kind)
        live = cluster.read(found, "", name) if found is not None else None
        if live is not None:
            return str(live["metadata"].get("uid", ""))
    return ""


def fetch_planned(
    plan: SavedPlan, registry: Registry, ports: TrustPorts, policy: TrustPolicy | UnsafeSkipVerification
) -> TrustedManifests:
    """The artifact that a plan leads to, verified anew.

    Raises:
        UsageError: the plan is for reading only.
        TrustError: the policy is not satisfied, or the artifact is not what its digest says.
        StalePlanError: the tag that it was planned by points elsewhere now, or others have signed.
        ManifestError: what is in it cannot be read.
        RegistryError: the registry could not be read.
    """
    artifact, _ = plan.require_appliable()
    differences = list(_moved_tag(plan, artifact, registry))
    if differences:
        raise StalePlanError(plan, differences)
    return fetch(Reference(artifact.repository, artifact.tag, artifact.digest), registry, ports, policy)


def _moved_tag(plan: SavedPlan, artifact: PinnedReference, registry: Registry) -> Iterator[Difference]:
    named = parse_reference(plan.name)
    if named.digest is not None:
        return
    try:
        now: str | None = registry.resolve(named.tag or LATEST).digest
    except ArtifactNotFoundError:
        now = None
    yield from tag_difference(plan.name, artifact.digest, now)


def require_current(
    plan: SavedPlan, now: Basis, inventory: Inventory | None, live: LivePlan, reach: Callable[[], BlastRadius]
) -> None:
    """See that a plan made now says what the saved one says.

    ``reach`` is how far it reaches, which is asked only where everything else is as planned.

    Raises:
        StalePlanError: it does not; everything that differs is in it.
        UsageError: the plan is for reading only.
    """
    _, planned = plan.require_appliable()
    differences = [*trust_differences(planned, now), *place_differences(planned, now, inventory)]
    if not any(item.subject == "cluster" for item in differences):
        # In another cluster everything is different, and nothing of it is news.
        differences += change_differences(plan.changes, planned.live, live.plan.changes, live.seen)
        differences += obstacle_differences(live.obstacles)
    differences = differences or list(reach_differences(plan.reach, reach()))
    if differences:
        raise StalePlanError(plan, differences)


def require_approval(
    plan: SavedPlan, registry: Registry, ports: TrustPorts, policy: TrustPolicy
) -> tuple[VerifiedSignature, ...]:
    """See that somebody whom the policy names has attested exactly this plan on its artifact; returns who did.

    Only the policy's keys and identities count here: a plan is approved by people, not by rules about artifacts.

    Raises:
        TrustError: nobody has; the message says what was found.
        UsageError: the plan is for reading only.
        RegistryError: the registry could not be asked.
    """
    artifact, _ = plan.require_appliable()
    check_policy(policy)
    judgement = judge_signatures(artifact, registry, ports.verifier, policy)
    decision = _approval(plan, Evidence(artifact, judgement, ports.expressions, ports.clock.now()), policy)
    if not decision.passed:
        raise TrustError(
            f"the plan {plan.file} ({plan.digest}) is not approved by {policy.signers}: {decision.found}",
            hint=f"who approves it runs: gitless attest {artifact} --type plan --predicate {plan.file} --key …",
            code="trust.not-approved",
        )
    return decision.signatures


def _approval(plan: SavedPlan, evidence: Evidence, policy: TrustPolicy) -> Decision:
    asked = Attested("an approval", (PLAN,), policy.signers)

    def complaint(item: VerifiedAttestation) -> str:
        return complaint_about(item, asked, evidence, lambda: _other_plan(plan, item))

    return best_of(f"an approval of {plan.digest} by {policy.signers}", asked.name, (PLAN,), evidence, complaint)


def _other_plan(plan: SavedPlan, item: VerifiedAttestation) -> str:
    """Why an attestation is not about this plan; its own word for its digest is not taken."""
    try:
        attested = plan_of(item.predicate, "it")
    except (ConfigurationError, RefusedError) as error:
        return f"one by {item.signature.signer}, which approves nothing: {error.message}"
    if attested.digest != plan.digest:
        return f"one by {item.signature.signer}, of another plan ({attested.digest})"
    return ""
