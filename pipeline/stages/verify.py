"""Verify what runs: signed by whom we trust, as the artifact says, and healthy; everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.errors import (
    ArtifactNotFoundError,
    ClusterError,
    PipelineError,
    TrustError,
    UsageError,
    VerificationError,
)
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LivePlan
from pipeline.model.applying.ownership import owner_selector
from pipeline.model.artifact.reference import PinnedReference, Reference, Repository, parse_reference
from pipeline.model.documents.printable import printable
from pipeline.model.health import HealthStatus
from pipeline.model.outcome.verify import (
    DriftPart,
    HealthPart,
    ObjectHealth,
    SignaturePart,
    Verdict,
    VerifyResult,
)
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Clock, Cluster, Registry, Reporter
from pipeline.stages.diagnosing import diagnose
from pipeline.stages.drift import attribute, gone_as_expected, judge_drift, plan_as_recorded
from pipeline.stages.fetch import read_artifact
from pipeline.stages.trust import TrustPorts, check_policy, evaluate_trust, require_passed
from pipeline.stages.waiting import UNREACHABLE, Awaited, WaitOptions, wait_for_health

_SHOWN = 20
"""So many existing inventories are named."""

_ERROR_WIDTH = 600
"""Characters; the report has said it all before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """What is verified, and for how long.

    Attributes:
        inventory: name of the inventory; empty for the only one in the namespace.
        namespace: where the inventory is, and where objects went that name no namespace.
        timeout: seconds to wait for health; 0 looks once.
        fail_fast: stop waiting once one object has failed for good.
        check_drift: compare with the artifact, which takes the right to patch (as a dry-run).
        concurrency: how many requests may be under way at once.
    """

    inventory: str
    namespace: str
    timeout: float = 300.0
    fail_fast: bool = True
    check_drift: bool = True
    concurrency: int = 8


@dataclass(frozen=True, slots=True)
class Ports:
    """What verifying needs of the world; the registry is known only once the inventory names the repository."""

    cluster: Cluster
    open_registry: Callable[[Repository], Registry]
    trust: TrustPorts
    clock: Clock
    reporter: Reporter


def verify(policy: TrustPolicy | UnsafeSkipVerification, options: VerifyOptions, ports: Ports) -> VerifyResult:
    """Check signature, drift and health of one inventory; what is wrong is in the result and does not raise.

    Raises:
        VerificationError: there is no such inventory.
        TrustError: there is nobody to trust.
        ClusterError: the cluster cannot be reached, or does not show the inventory.
    """
    if isinstance(policy, TrustPolicy):
        check_policy(policy)
    started = ports.clock.now()
    inventory = find_inventory(ports.cluster, options.namespace, options.inventory)
    options = replace(options, inventory=inventory.name)
    artifact, problem = _recorded_artifact(inventory)
    registry = ports.open_registry(artifact.repository) if artifact is not None else None
    if artifact is not None:
        ports.reporter.detail(f"{inventory} records {artifact}")
    signature = _signature(inventory, artifact, problem, registry, ports.trust, policy)
    drift, plan = _drift(inventory, artifact, problem, registry, ports.cluster, options)
    health = _health(inventory, plan, options, ports)
    return VerifyResult(
        cluster=ports.cluster.context,
        namespace=inventory.namespace,
        inventory=inventory.name,
        artifact=artifact,
        source=inventory.source,
        revision=inventory.revision,
        signature=signature,
        drift=drift,
        health=health,
        incomplete=_incomplete(inventory),
        elapsed=ports.clock.now() - started,
    )


def require_verified(result: VerifyResult) -> None:
    """Turn a report of failures into the error that ends the command, once the report has been shown.

    Raises:
        VerificationError: something did not pass.
    """
    if result.is_verified:
        return
    parts = {"signature": result.signature.message, "drift": result.drift.message, "health": result.health.message}
    messages = {"apply": result.incomplete, **parts}
    told = "; ".join(f"{name}: {messages[name]}" for name in result.failures)
    raise VerificationError(
        f"inventory {result.namespace}/{result.inventory} is not verified: {printable(told, _ERROR_WIDTH)}",
        code=f"verification.{result.failures[0]}",
    )


def find_inventory(cluster: Cluster, namespace: str, name: str) -> Inventory:
    """The inventory by name, or the only one of the namespace.

    Raises:
        VerificationError: there is none of that name; the existing ones are named.
        UsageError: no name is given and there are several.
    """
    if not name:
        names = [found for place, found in cluster.list_inventories() if place == namespace]
        if len(names) > 1:
            raise UsageError(
                f"namespace '{namespace}' of {cluster.context} has {len(names)} inventories: {', '.join(names)}",
                hint="choose one with --inventory NAME",
            )
        name = names[0] if names else ""
    inventory = cluster.load_inventory(namespace, name) if name else None
    if inventory is not None:
        return inventory
    what = f"there is no inventory '{name}'" if name else "there is no inventory"
    raise VerificationError(
        f"{what} in namespace '{namespace}' of {cluster.context}: nothing was applied under it",
        hint=_existing(cluster, namespace),
        code="verification.no-inventory",
    )


def _existing(cluster: Cluster, namespace: str) -> str:
    try:
        # Those nearby first: a mistyped name is likelier than a mistyped namespace.
        inventories = sorted(cluster.list_inventories(), key=lambda found: (found[0] != namespace, found))
    except ClusterError:
        # Rights may end at the namespace; the message is good without the list.
        return "name the inventory with --inventory NAME and its namespace with -n"
    if not inventories:
        return "`gitless apply` makes one; this cluster has none"
    names = [f"{place}/{name}" for place, name in inventories]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"existing inventories: {shown}; choose with -n NAMESPACE --inventory NAME"


def _recorded_artifact(inventory: Inventory) -> tuple[PinnedReference | None, str]:
    """The artifact that the inventory names, or why it names none."""
    if not inventory.digest:
        what = "nothing has been applied yet" if not inventory.applied else "it was applied from a local folder"
        return None, f"{inventory} records no artifact: {what}"
    try:
        return parse_reference(f"{inventory.repository}@{inventory.digest}").pinned(), ""
    except UsageError as error:
        return None, f"{inventory} records no valid artifact: {error.message}"


def _incomplete(inventory: Inventory) -> str:
    if not inventory.pending:
        return ""
    who = f" by {inventory.writer}" if inventory.writer else ""
    when = f" at {inventory.written_at}" if inventory.written_at else ""
    return f"an apply of {len(inventory.pending)} object(s) was begun{who}{when} and has not finished"


def _signature(
    inventory: Inventory,
    artifact: PinnedReference | None,
    problem: str,
    registry: Registry | None,
    trust: TrustPorts,
    policy: TrustPolicy | UnsafeSkipVerification,
) -> SignaturePart:
    if isinstance(policy, UnsafeSkipVerification):
        return SignaturePart(verdict=Verdict.SKIPPED, message="not verified, as asked for")
    if artifact is None or registry is None:
        return SignaturePart(verdict=Verdict.FAILED, message=problem)
    try:
        accepted = require_passed(evaluate_trust(artifact, registry, trust, policy), policy).signatures
    except (TrustError, ArtifactNotFoundError) as error:
        return SignaturePart(verdict=Verdict.FAILED, message=_sentence(error))
    except PipelineError as error:
        return SignaturePart(verdict=Verdict.UNKNOWN, message=_sentence(error))
    signers = ", ".join(dict.fromkeys(item.signer for item in accepted))
    if not inventory.verified_by:
        message = (
            f"it was applied with verification skipped, though it is signed by {signers}: apply it again, verified"
        )
        return SignaturePart(verdict=Verdict.FAILED, message=message, signatures=accepted)
    return SignaturePart(verdict=Verdict.PASSED, message=f"signed by {signers}", signatures=accepted)


def _drift(
    inventory: Inventory,
    artifact: PinnedReference | None,
    problem: str,
    registry: Registry | None,
    cluster: Cluster,
    options: VerifyOptions,
) -> tuple[DriftPart, LivePlan | None]:
    if not options.check_drift:
        return DriftPart(verdict=Verdict.SKIPPED, message="not compared, as asked for"), None
    if artifact is None or registry is None:
        return DriftPart(verdict=Verdict.UNKNOWN, message=f"there is nothing to compare with: {problem}"), None
    try:
        # Whether the signature is good is another part's verdict; reading compares the digest in any case, and a
        # dry-run of what nobody signed writes nothing.
        reference = Reference(artifact.repository, None, artifact.digest)
        manifests, _ = read_artifact(reference, registry)
        plan = plan_as_recorded(manifests, cluster, inventory, concurrency=options.concurrency)
    except ClusterError as error:
        if error.code == UNREACHABLE:
            raise
        return DriftPart(verdict=Verdict.UNKNOWN, message=_sentence(error)), None
    except PipelineError as error:
        return DriftPart(verdict=Verdict.UNKNOWN, message=_sentence(error)), None
    return attribute(judge_drift(plan), plan, cluster, concurrency=options.concurrency), plan


def _health(inventory: Inventory, plan: LivePlan | None, options: VerifyOptions, ports: Ports) -> HealthPart:
    gone = gone_as_expected(plan)
    entries = inventory.known if inventory.pending else inventory.applied
    awaited = [Awaited(id_, entry.api_version, gone.get(id_)) for id_, entry in sorted(entries.items())]
    verdicts = wait_for_health(
        awaited,
        ports.cluster,
        ports.clock,
        ports.reporter,
        WaitOptions(
            timeout=options.timeout,
            fail_fast=options.fail_fast,
            selector=owner_selector(inventory),
            concurrency=options.concurrency,
        ),
    )
    objects = tuple(
        ObjectHealth(object_id=item.object_id, api_version=item.api_version, health=verdicts[item.object_id])
        for item in awaited
    )
    part = HealthPart(verdict=Verdict.PASSED, message=f"{len(objects)} object(s) ready", objects=objects)
    unhealthy = part.unhealthy
    if not unhealthy:
        return part
    findings = diagnose(unhealthy, ports.cluster, ports.clock, concurrency=options.concurrency)
    explained = tuple(
        replace(item, findings=findings[item.object_id]) if item.object_id in findings else item for item in objects
    )
    return HealthPart(
        verdict=Verdict.FAILED, message=_health_message(unhealthy, len(objects), options), objects=explained
    )


def _health_message(unhealthy: tuple[ObjectHealth, ...], total: int, options: VerifyOptions) -> str:
    states = [item.health.status for item in unhealthy]
    waiting = sum(state in {HealthStatus.IN_PROGRESS, HealthStatus.TERMINATING} for state in states)
    counts = {
        "failed": states.count(HealthStatus.FAILED),
        "missing": states.count(HealthStatus.NOT_FOUND),
        "not ready": waiting,
    }
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    ready = f"{total - len(unhealthy)} of {total} object(s) ready: {told}"
    if waiting == len(states) and options.timeout > 0:
        return f"{ready} after {options.timeout:g}s"
    return ready


def _sentence(error: PipelineError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
