"""Records of a shop in a cluster, and a registry in memory that they are kept in."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace

from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.manifests import ObjectId
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.reports.console import JsonLog
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attaching import read_subject
from pipeline.stages.deployed import newest_record
from pipeline.stages.record_deployment import Recorded, RecordPorts, record_deletion, record_deployment
from pipeline.stages.signed_records import RecordTrust, SignedRecord
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from tests.unit.sign.support import policy, signer, stored_artifact

NOW = 1_800_000_000.0
WEB = ObjectId("apps", "Deployment", "shop", "web")
SETTINGS = ObjectId("", "ConfigMap", "shop", "settings")
PASSWORD = ObjectId("", "Secret", "shop", "password")
SHOP = "inventory shop/shop"


def record(**changes: object) -> DeployRecord:
    made = DeployRecord(
        cluster="prod",
        repository="oci://memory.test/shop",
        digest="sha256:" + "ab" * 32,
        inventory=SHOP,
        time=NOW,
        result=Deployed.HEALTHY,
        source="https://git.test/acme/shop",
        revision="main@sha1:0123",
        verified_by=("release.pub",),
        objects={WEB: "11" * 32, SETTINGS: "22" * 32, PASSWORD: ""},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def trusting(*names: str) -> RecordTrust:
    return RecordTrust(policy(*names) if names else TrustPolicy(), CosignVerifier(), CelExpressions())


UNVERIFIED = RecordTrust(UnsafeSkipVerification(), CosignVerifier(), CelExpressions())


@dataclass
class Shop:
    """An artifact's repository and one for records, on the same registry, each with its own client."""

    store: MemoryStore = field(default_factory=MemoryStore)
    talk: io.StringIO = field(default_factory=io.StringIO)
    deletes: bool = True

    def __post_init__(self) -> None:
        self.artifacts = MemoryRegistry(Repository("memory.test", "shop"), self.store)
        self.records = MemoryRegistry(Repository("memory.test", "shop-deployments"), self.store)

    def publish(self, text: str) -> PinnedReference:
        manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{text: {text}}}\n"
        return stored_artifact(self.artifacts, {"app.yaml": manifest.encode()}, tag=text)

    def subject(self, artifact: PinnedReference) -> Descriptor:
        return read_subject(artifact, self.artifacts)

    def ports(self, name: str = "cluster", *, beside: PinnedReference | None = None) -> RecordPorts:
        registry = self.artifacts if beside else self.records
        return RecordPorts(
            registry=registry,
            delete=lambda digest: self.delete(registry, digest),
            signer=signer(name),
            verifier=CosignVerifier(),
            expressions=CelExpressions(),
            reporter=JsonLog(self.talk, verbose=True),
            artifact=beside,
        )

    def delete(self, registry: MemoryRegistry, digest: str) -> bool:
        if self.deletes:
            del self.store.manifests[registry.repository][digest]
        return self.deletes

    def deploy(self, text: str, *, keep: int = 20, by: str = "cluster", **changes: object) -> Recorded:
        artifact = self.publish(text)
        said = record(digest=artifact.digest, repository=str(artifact.repository), **changes)
        return record_deployment(said, self.subject(artifact), self.ports(by), keep=keep)

    def delete_inventory(self, inventory: str = SHOP, time: float = NOW, *, stays: bool = False) -> Recorded | None:
        return record_deletion("prod", inventory, time, self.ports(), stays=stays)

    def newest(self, name: str = "cluster", *, inventory: str = "", cluster: str = "prod") -> SignedRecord:
        return newest_record(DeployedName(cluster, inventory), self.records, trusting(name))

    def tag(self, tag: str = "deployed-prod") -> str:
        return self.store.tags[self.records.repository][tag]

    def move_tag(self, digest: str, tag: str = "deployed-prod") -> None:
        self.store.tags[self.records.repository][tag] = digest
