"""Two environments in memory, a cluster's records of the first, and a clock that everybody signs by."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed
from pipeline.model.documents.times import EPOCH
from pipeline.model.outcome.promote import PromoteResult
from pipeline.model.outcome.rollback import RollbackResult
from pipeline.model.promotion.lock import TagLock
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.reports.console import JsonLog
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attaching import read_subject
from pipeline.stages.package import package
from pipeline.stages.promote import PromoteOptions, PromotePorts, promote
from pipeline.stages.record_deployment import RecordPorts, record_deployment
from pipeline.stages.rollback import RollbackOptions, RollbackPorts, release, rollback
from pipeline.stages.sign import sign
from pipeline.stages.tag import current, move_tags
from pipeline.stages.tag_lock import lock_of
from pipeline.testing.clock import MemoryClock
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.deployments.support import record
from tests.unit.deployments.support import trusting as believing
from tests.unit.sign.support import policy, signer

STAGING = Repository("staging.test", "shop")
PRODUCTION = Repository("production.test", "shop")
CLUSTER = DeployedName("staging")


def manifest(text: str) -> bytes:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{text: {text}}}\n".encode()


@dataclass
class World:
    clock: MemoryClock = field(default_factory=MemoryClock)
    talk: io.StringIO = field(default_factory=io.StringIO)
    staging: MemoryRegistry = field(default_factory=lambda: MemoryRegistry(STAGING))
    production: MemoryRegistry = field(default_factory=lambda: MemoryRegistry(PRODUCTION))
    records: MemoryRegistry = field(default_factory=lambda: MemoryRegistry(Repository("staging.test", "records")))
    reopened: int = 0

    def __post_init__(self) -> None:
        self.reporter = JsonLog(self.talk, verbose=True)
        self.verifier = CosignVerifier(self.clock)
        self.trust = trusting(self.verifier, self.clock)

    def publish(
        self, text: str, *tags: str, by: Sequence[str] = ("ours",), at: MemoryRegistry | None = None, created: str = ""
    ) -> PinnedReference:
        """An artifact, signed a minute after the one before."""
        registry = at or self.staging
        made = build_artifact(pack([("a.yaml", manifest(text))]), created=created or EPOCH)
        artifact = package(made, registry, tags=tags, reporter=self.reporter).artifact
        self.clock.sleep(60)
        for name in by:
            sign(artifact, registry, signer(name, clock=self.clock), self.verifier)
        return artifact

    def deployed(self, artifact: PinnedReference, **said: Any) -> None:  # noqa: ANN401 - a record's fields
        """The cluster says what became of it."""
        self.clock.sleep(60)
        told = record(
            **{
                "cluster": CLUSTER.cluster,
                "repository": str(artifact.repository),
                "digest": artifact.digest,
                "time": self.clock.now(),
                "result": Deployed.HEALTHY,
                **said,
            }
        )
        ports = RecordPorts(
            registry=self.records,
            delete=lambda _digest: False,
            signer=signer("cluster"),
            verifier=self.verifier,
            expressions=self.trust.expressions,
            reporter=self.reporter,
        )
        subject = read_subject(artifact, self.staging)
        record_deployment(told, Descriptor(subject.media_type, subject.digest, subject.size), ports)

    def promote(
        self,
        artifact: PinnedReference,
        *tags: str,
        target: MemoryRegistry | None = None,
        trust: TrustPolicy | UnsafeSkipVerification | None = None,
        healthy: bool = False,
        **options: Any,  # noqa: ANN401 - the stage's
    ) -> PromoteResult:
        to = target or self.production

        def reopen() -> MemoryRegistry:
            self.reopened += 1
            return to

        return promote(
            PromoteOptions(
                artifact=artifact,
                tags=tags or ("live",),
                trust=policy("ours") if trust is None else trust,
                healthy_on=(CLUSTER,) if healthy else (),
                **options,
            ),
            PromotePorts(
                source=self.staging,
                target=to,
                open_target=reopen,
                open_records=lambda _name: self.records,
                record_trust=lambda: believing("cluster"),
                trust=self.trust,
                clock=self.clock,
                reporter=self.reporter,
            ),
        )

    def roll_back(
        self,
        to: str,
        *,
        signs: bool = False,
        tag: str = "live",
        **options: Any,  # noqa: ANN401 - the stage's
    ) -> RollbackResult:
        given = {"reason": "orders fail", "by": "ops@desk", "trust": policy("ours"), **options}
        return rollback(
            RollbackOptions(repository=STAGING, tag=tag, to=to, **given),
            RollbackPorts(
                registry=self.staging,
                trust=self.trust,
                clock=self.clock,
                reporter=self.reporter,
                records=self.records,
                record_trust=believing("cluster"),
                signer=signer("ours", clock=self.clock) if signs else None,
            ),
        )

    def release(self, tag: str = "live") -> RollbackResult:
        return release(STAGING, tag, "ops@desk", self.staging, self.clock)

    def lock(self, tag: str = "live") -> TagLock | None:
        return lock_of(tag, self.staging)

    def at(self, tag: str = "live", registry: MemoryRegistry | None = None) -> str | None:
        return current(tag, registry or self.staging)

    def move(self, artifact: PinnedReference, tag: str = "live", registry: MemoryRegistry | None = None) -> None:
        move_tags(artifact, [tag], registry or self.staging)
