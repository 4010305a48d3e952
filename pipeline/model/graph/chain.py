"""Where an artifact comes from, who vouches for it, and where it went, as a graph from left to right.

What nobody has verified is drawn as what somebody says, with the words ``not verified``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pipeline.errors import TrustError
from pipeline.model.attestation.provenance_details import ProvenanceDetails
from pipeline.model.deployments.document import read_record
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.documents.times import format_time
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.outcome.inspect import Evidence, InspectResult
from pipeline.model.trust.evidence import VerifiedSignature
from pipeline.model.trust.predicate_types import DEPLOY_RECORD

SOURCE, BUILD, ARTIFACT, EVIDENCE, DELIVERY = "source", "build", "artifact", "evidence", "delivery"
"""What is drawn together."""
_DIGITS: Final = 12
"""Of a digest or commit that tell it from others."""
_UNASKED: Final = "nobody was named"
"""How the reason begins where no policy was given."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a deploy record says; ``is_current`` where it is the newest of its inventory."""

    record: DeployRecord
    is_believed: bool = False
    is_current: bool = False


def chain_graph(
    inspected: InspectResult, tags: Sequence[str] = (), deliveries: Sequence[Delivery] = (), *, title: str = ""
) -> Graph:
    """Commit, builds, the artifact, its signatures and attestations, its tags, and clusters that have applied it.

    ``deliveries`` are records that were verified; others that lie beside the artifact are drawn as what they say.
    """
    chain = _Chain()
    artifact = chain.artifact(inspected)
    for item in inspected.attestations:
        if item.provenance is not None:
            chain.build(item, item.provenance, artifact)
    if not chain.has(SOURCE) and (inspected.source or inspected.revision):
        source = chain.source(inspected.source, inspected.revision, "as the artifact says")
        chain.join(source, artifact, "packaged as")
    for item in inspected.signatures:
        chain.evidence("Signature", item, artifact, "signed by")
    for item in inspected.attestations:
        if item.predicate_type != DEPLOY_RECORD:
            chain.evidence(_title(item), item, artifact, "attested by")
    for tag in tags or filter(None, [inspected.artifact.tag]):
        chain.join(artifact, chain.add(DELIVERY, "Tag", tag), "tagged")
    for delivery in _newest([*deliveries, *_unverified(inspected)]):
        chain.delivery(delivery, artifact)
    return Graph(title=title or str(inspected.artifact), nodes=tuple(chain.nodes.values()), edges=tuple(chain.edges))


class _Chain:
    """Nodes by their ids, and edges, as they come."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def has(self, group: str) -> bool:
        return any(node.group == group for node in self.nodes.values())

    def add(self, group: str, title: str, label: str, detail: str = "", tone: Tone = Tone.PLAIN, key: str = "") -> str:
        """The id of the node, which is made unless it is there."""
        node_id = f"{title} {key or label}"
        self.nodes.setdefault(
            node_id, Node(id=node_id, title=title, label=label, group=group, tone=tone, detail=detail)
        )
        return node_id

    def join(self, source: str, target: str, label: str) -> None:
        edge = Edge(source, target, Relation.EVIDENCE, label)
        if edge not in self.edges:
            self.edges.append(edge)

    def artifact(self, inspected: InspectResult) -> str:
        tone = Tone.ACCEPTED if inspected.is_trusted else Tone.REFUSED
        if inspected.is_trusted is None:
            tone = Tone.PLAIN
        objects = sum(inspected.content.objects.values())
        says = f"{objects} objects" + (", not verified" if tone is Tone.PLAIN else "")
        digest = inspected.artifact.digest
        return self.add(ARTIFACT, "Artifact", _short(digest), says, tone, digest)

    def source(self, repository: str, revision: str, detail: str, tone: Tone = Tone.PLAIN) -> str:
        at = _short(revision)
        label = repository.removeprefix("https://") or at
        says = ", ".join(filter(None, ("" if label == at else at, detail)))
        return self.add(SOURCE, "Source", label, says, tone, f"{repository} {revision}")

    def build(self, item: Evidence, details: ProvenanceDetails, artifact: str) -> None:
        """A build as its provenance has it, and what it was made from."""
        tone, words = _verdict(item)
        facts = details.facts
        label = facts.workflow or facts.builder or facts.build_type or "unknown builder"
        says = ", ".join(filter(None, ("as provenance says", words)))
        build = self.add(BUILD, "Build", label, says, tone, details.invocation or item.found_in)
        self.join(build, artifact, "built")
        repository = ", ".join(facts.repositories)
        if repository or details.commit:
            source = self.source(repository, details.commit or facts.ref, says, tone)
            self.join(source, build, "built by")

    def delivery(self, delivery: Delivery, artifact: str) -> None:
        """A cluster that has applied the artifact, or says so."""
        record = delivery.record
        tones = {Deployed.FAILED: Tone.FAILED, Deployed.DELETED: Tone.PLAIN}
        tone = tones.get(record.result, Tone.HEALTHY) if delivery.is_believed else Tone.PLAIN
        since = "" if delivery.is_current else "replaced since"
        status = f"{record.result.value} {format_time(record.time)}"
        says = [record.inventory, status, since if delivery.is_believed else "not verified"]
        key = f"{record.cluster} {record.inventory}"
        node = self.add(DELIVERY, "Cluster", record.cluster, ", ".join(filter(None, says)), tone, key)
        self.join(artifact, node, "applied to")

    def evidence(self, title: str, item: Evidence, artifact: str, label: str) -> None:
        """A signature or attestation: who made it, and whether that counts."""
        tone, words = _verdict(item)
        key = f"{item.found_in} {len(self.nodes)}"
        self.join(artifact, self.add(EVIDENCE, title, _who(item), words, tone, key), label)


def _unverified(inspected: InspectResult) -> Iterator[Delivery]:
    for item in inspected.attestations:
        if item.predicate_type == DEPLOY_RECORD and item.predicate is not None:
            with suppress(TrustError):
                yield Delivery(read_record(item.predicate))


def _newest(deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
    """One for each cluster and inventory: the newest that is believed, or else the newest."""
    chosen: dict[tuple[str, str], Delivery] = {}
    for delivery in sorted(deliveries, key=lambda item: (not item.is_believed, -item.record.time)):
        chosen.setdefault((delivery.record.cluster, delivery.record.inventory), delivery)
    yield from sorted(chosen.values(), key=lambda item: (item.record.cluster, item.record.inventory))


def _verdict(item: Evidence) -> tuple[Tone, str]:
    if item.accepted:
        return Tone.ACCEPTED, _when(item.verified)
    if item.verified is None and item.reason.startswith(_UNASKED):
        return Tone.PLAIN, "not verified"
    return Tone.REFUSED, item.reason


def _when(signature: VerifiedSignature | None) -> str:
    if signature is None:
        return ""
    when = "" if signature.signed_at is None else format_time(signature.signed_at)
    return ", ".join(filter(None, (when, _short(signature.fingerprint))))


def _title(item: Evidence) -> str:
    if item.provenance is not None:
        return "Provenance"
    return f"SBOM {item.name}" if item.sbom is not None else item.name or "Attestation"


def _who(item: Evidence) -> str:
    if item.verified is not None:
        identity = item.verified.identity
        return identity.subject if identity is not None else item.verified.signer.partition(" (SHA256:")[0]
    return f"says {item.claimed_identity.subject}" if item.claimed_identity is not None else "by somebody"


def _short(text: str) -> str:
    """A digest, or a revision such as ``main@sha1:…``, with fewer digits."""
    head, colon, digits = text.rpartition(":")
    return f"{head}{colon}{digits[:_DIGITS]}" if colon or len(digits) in {40, 64} else text
