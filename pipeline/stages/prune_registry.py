"""Prune a registry: decide what nothing keeps, show it, and delete it only when that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import ArtifactNotFoundError, PipelineError, RefusedError, TrustError
from pipeline.model.artifact.reference import PinnedReference, is_digest
from pipeline.model.deployments.naming import DeployedName, cluster_of
from pipeline.model.deployments.record import DeployRecord
from pipeline.model.outcome.prune_registry import PrunedRepository
from pipeline.model.promotion.retention import Candidate, Kept, Retention, decide, going
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Clock, Registry, Reporter
from pipeline.stages.deployed import listed_records, read_history
from pipeline.stages.parallel import in_parallel
from pipeline.stages.retention_survey import Survey, hanging_on, survey, tags_with_digests
from pipeline.stages.signed_records import RecordTrust
from pipeline.stages.tag import current
from pipeline.stages.trust import TrustPorts, check_policy, require_trust

_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Deployments:
    """What clusters have or recently had: by digest, and when a record first told of each digest that it knows."""

    kept: Mapping[str, str] = field(default_factory=dict, hash=False)
    known: Mapping[str, float] = field(default_factory=dict, hash=False)
    clusters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def merged(self, other: Deployments) -> Deployments:
        """Both together."""
        earliest = {**other.known, **self.known}
        earliest |= {key: min(value, self.known.get(key, value)) for key, value in other.known.items()}
        return Deployments(
            {**other.kept, **self.kept},
            earliest,
            tuple(dict.fromkeys((*self.clusters, *other.clusters))),
            (*self.notes, *other.notes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneOptions:
    """What stays.

    Attributes:
        trust: decides on signed releases, and its signatures tell ages; ``None``: nobody is asked.
    """

    retention: Retention
    trust: TrustPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePorts:
    """What it needs of the world."""

    trust: TrustPorts
    clock: Clock
    reporter: Reporter


class Pruning:
    """One repository: :meth:`plan` shows what goes, :meth:`perform` deletes exactly that."""

    def __init__(self, registry: Registry, options: PruneOptions, ports: PrunePorts) -> None:
        self._registry = registry
        self._options = options
        self._ports = ports
        self._found: Survey | None = None
        self._known: dict[str, tuple[bool, float | None]] = {}

    def plan(self, patterns: Mapping[str, str], deployments: Deployments) -> PrunedRepository:
        """Decide; ``patterns`` has the tags that a pattern keeps.

        Raises:
            TrustError: signed releases are to be kept, and nobody is trusted.
            RegistryError: the repository could not be read.
        """
        options, registry = self._options, self._registry
        if options.retention.keep_signed_releases:
            check_policy(options.trust or TrustPolicy())

        def age_of(digest: str) -> float | None:
            issued_at = None if options.trust is None else self._verified(digest)[1]
            return deployments.known.get(digest) if issued_at is None else issued_at

        found = survey(registry, deployments.known, age_of, self._ports.reporter)
        self._found = found
        kept = Kept(
            tags=patterns,
            locked=found.locked,
            deployed=deployments.kept,
            signed=self._signed(found.candidates),
        )
        verdicts = decide(found.candidates, kept, options.retention, self._ports.clock.now())
        staying = [verdict.candidate.digest for verdict in verdicts if verdict.is_kept]
        doomed = [verdict.candidate.digest for verdict in verdicts if not verdict.is_kept]
        manifests = self._going(doomed, staying, found)
        return PrunedRepository(
            repository=registry.repository,
            verdicts=verdicts,
            manifests=manifests,
            notes=deployments.notes,
        )

    def perform(self, plan: PrunedRepository) -> PrunedRepository:
        """Delete what the plan says, unless a tag was moved to it since.

        Raises:
            RegistryError: the registry deletes nothing, or could not be written; what was deleted until then is told.
        """
        found = self._found
        if found is None:
            raise PipelineError("a repository is pruned before anybody has looked at it")
        doomed = [verdict.candidate for verdict in plan.gone]
        now = tags_with_digests(self._registry, self._ports.reporter)
        moved = {digest for tag, digest in now.items() if found.tags.get(tag) != digest}
        skipped = tuple(item.digest for item in doomed if item.digest in moved or not self._is_as_seen(item))
        for digest in skipped:
            self._ports.reporter.warn(f"{digest} stays: a tag was moved to it or from it meanwhile")
        staying = [verdict.candidate.digest for verdict in plan.kept]
        manifests = self._going(
            [item.digest for item in doomed if item.digest not in skipped], [*staying, *skipped, *moved], found
        )
        tags = {digest: [tag for tag, at in found.tags.items() if at == digest] for digest in manifests}
        for digest in manifests:
            self._registry.delete_manifest(digest, tags[digest])
            named = f" ({', '.join(tags[digest])})" if tags[digest] else ""
            self._ports.reporter.detail(f"deleted {digest}{named}")
        return replace(plan, manifests=manifests, skipped=skipped)

    def _going(self, doomed: list[str], staying: list[str], found: Survey) -> tuple[str, ...]:
        """What is deleted: what is doomed and hangs on that, and nothing that anything which stays consists of."""
        protected = set(found.kept) | set(staying)
        pending = list(protected)
        while pending:
            # What stays keeps its children, and what hangs on it by a tag; referrers have no other subject.
            pending = [
                item
                for digest in pending
                for item in (*found.children.get(digest, ()), *found.attached.get(digest, ()))
                if item not in protected
            ]
            protected |= set(pending)
        return going(doomed, hanging_on(doomed, found, self._registry), frozenset(protected))

    def _is_as_seen(self, item: Candidate) -> bool:
        return all(current(tag, self._registry) == item.digest for tag in item.tags)

    def _signed(self, candidates: tuple[Candidate, ...]) -> frozenset[str]:
        if not self._options.retention.keep_signed_releases:
            return frozenset()
        releases = [item.digest for item in candidates if item.release]
        answers = in_parallel(self._verified, releases, concurrency=_CONCURRENCY)
        return frozenset(digest for digest, (answer, _) in zip(releases, answers, strict=True) if answer)

    def _verified(self, digest: str) -> tuple[bool, float | None]:
        """Whether the policy accepts it, and when it was signed first."""
        if digest not in self._known:
            self._known[digest] = self._verify(digest)
        return self._known[digest]

    def _verify(self, digest: str) -> tuple[bool, float | None]:
        artifact = PinnedReference(self._registry.repository, digest)
        try:
            verdict = require_trust(artifact, self._registry, self._ports.trust, self._options.trust or TrustPolicy())
        except (TrustError, ArtifactNotFoundError):
            return False, None
        return True, verdict.issued_at


def read_deployments(records: Registry, trust: RecordTrust, newest: int) -> Deployments:
    """What every cluster with records in this repository has, and the ``newest`` digests of each inventory before.

    What the list of a cluster says counts as well as its signed records: it can only keep more. Of an inventory that
    was deleted, as a signed record says, nothing is kept.

    Raises:
        TrustError: a cluster's newest record is not accepted.
        RegistryError: it could not be read.
    """
    found = Deployments()
    for tag in records.tags():
        cluster = cluster_of(tag)
        if cluster is not None:
            found = found.merged(_of_cluster(cluster, records, trust, newest))
    return found


def require_deployments(found: Deployments) -> None:
    """Refuse to delete where deployed artifacts are to stay, and nothing says which those are.

    Raises:
        RefusedError: there is no record of any cluster.
    """
    if not found.clusters:
        raise RefusedError(
            "what is deployed is to stay, and no deploy record says what that is",
            hint="say where the records are: --record-repository oci://…; or that none are kept: --keep-deployed 0",
            code="refused.no-deploy-records",
        )


def _of_cluster(cluster: str, records: Registry, trust: RecordTrust, newest: int) -> Deployments:
    name = DeployedName(cluster)
    listed = listed_records(records, cluster)
    history = read_history(name, records, trust)
    gone = _deleted(item.record for item in history.records)
    told = [(item.inventory, item.digest, item.time) for item in listed if is_digest(item.digest)]
    told += [(item.record.inventory, item.record.digest, item.record.time) for item in history.records]
    kept: dict[str, str] = {}
    known: dict[str, float] = {}
    counts: dict[str, list[str]] = {}
    for inventory, digest, time in sorted(told, key=_newest_first):
        known[digest] = min(time, known.get(digest, time))
        seen = counts.setdefault(inventory, [])
        if digest not in seen:
            seen.append(digest)
        if seen.index(digest) < newest and inventory not in gone:
            kept.setdefault(digest, f"deployed on {cluster} ({inventory})")
    return Deployments(kept, known, (cluster,) if told else (), history.notes)


def _deleted(records: Iterable[DeployRecord]) -> frozenset[str]:
    """Inventories whose newest record, of these from the newest to the oldest, says that they were deleted."""
    newest: dict[str, DeployRecord] = {}
    for record in records:
        newest.setdefault(record.inventory, record)
    return frozenset(inventory for inventory, record in newest.items() if record.is_deleted)


def _newest_first(item: tuple[str, str, float]) -> tuple[float, str]:
    return (-item[2], item[1])
