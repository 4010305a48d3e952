"""Where an artifact comes from, who vouches for it, and where it went, as a graph from left to right.

What nobody has verified is drawn as what somebody says, with the words ``not verified``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.model.attestation.provenance_details import ProvenanceDetails
from pipeline.model.documents.times import format_time
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.outcome.inspect import Evidence, InspectResult
from pipeline.model.trust.evidence import VerifiedSignature

SOURCE, BUILD, ARTIFACT, EVIDENCE, DELIVERY = "source", "build", "artifact", "evidence", "delivery"
"""What is drawn together."""
_DIGITS: Final = 12
"""Of a digest or commit that tell it from others."""
_TITLES: Final = {"cyclonedx": "SBOM", "spdx": "SBOM", "provenance": "Provenance"}
_UNASKED: Final = "nobody was named"
"""How the reason begins where no policy was given."""


def chain_graph(inspected: InspectResult, tags: Sequence[str] = (), *, title: str = "") -> Graph:
    """Commit, builds, the artifact, its signatures and attestations, its tags, and clusters that say they run it."""
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
        name = _TITLES.get(item.name, item.name or "Attestation")
        chain.evidence(name, item, artifact, "attested by")
    for tag in tags or filter(None, [inspected.artifact.tag]):
        chain.join(artifact, chain.add(DELIVERY, "Tag", tag), "tagged")
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
        tone = {True: Tone.HEALTHY, False: Tone.FAILED}.get(bool(inspected.is_trusted), Tone.PLAIN)
        verdict = "trusted" if inspected.is_trusted else "NOT trusted"
        if inspected.is_trusted is None:
            tone, verdict = Tone.PLAIN, "not verified"
        objects = sum(inspected.content.objects.values())
        digest = inspected.artifact.digest
        return self.add(ARTIFACT, "Artifact", _short(digest), f"{objects} objects, {verdict}", tone, digest)

    def source(self, repository: str, revision: str, detail: str, tone: Tone = Tone.PLAIN) -> str:
        label = " @ ".join(filter(None, (repository.removeprefix("https://"), _short(revision))))
        return self.add(SOURCE, "Source", label, detail, tone, f"{repository} {revision}")

    def build(self, item: Evidence, details: ProvenanceDetails, artifact: str) -> None:
        """A build as its provenance has it, and what it was made from."""
        tone, words = _verdict(item)
        facts = details.facts
        label = facts.workflow or facts.builder or facts.build_type or "unknown builder"
        build = self.add(BUILD, "Build", label, f"provenance {words}", tone, details.invocation or item.found_in)
        self.join(build, artifact, "built")
        repository = ", ".join(facts.repositories)
        if repository or details.commit:
            source = self.source(repository, details.commit or facts.ref, f"provenance {words}", tone)
            self.join(source, build, "built by")

    def evidence(self, title: str, item: Evidence, artifact: str, label: str) -> None:
        """A signature or attestation: who made it, and whether that counts."""
        tone, words = _verdict(item)
        key = f"{item.found_in} {len(self.nodes)}"
        self.join(artifact, self.add(EVIDENCE, title, _who(item), words, tone, key), label)


def _verdict(item: Evidence) -> tuple[Tone, str]:
    if item.accepted:
        return Tone.HEALTHY, ", ".join(filter(None, ("accepted", _when(item.verified))))
    if item.verified is not None:
        return Tone.FAILED, f"not accepted: {item.reason}"
    if item.reason.startswith(_UNASKED):
        return Tone.PLAIN, "not verified"
    return Tone.FAILED, f"not verified: {item.reason}"


def _when(signature: VerifiedSignature | None) -> str:
    return "" if signature is None or signature.signed_at is None else format_time(signature.signed_at)


def _who(item: Evidence) -> str:
    if item.verified is not None:
        identity = item.verified.identity
        return identity.subject if identity is not None else item.verified.signer
    return f"says {item.claimed_identity.subject}" if item.claimed_identity is not None else "by somebody"


def _short(text: str) -> str:
    """A digest, or a revision such as ``main@sha1:…``, with fewer digits."""
    head, colon, digits = text.rpartition(":")
    return f"{head}{colon}{digits[:_DIGITS]}" if colon or len(digits) in {40, 64} else text
