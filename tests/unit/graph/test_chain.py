"""From commit to cluster: what is verified and what somebody merely says never look alike."""

from __future__ import annotations

import pytest

from pipeline.model.artifact.manifest import Blob
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.deployments.document import record_document
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.graph.chain import ARTIFACT, BUILD, EVIDENCE, SOURCE, Delivery, chain_graph
from pipeline.model.graph.graph import Graph, Node, Tone
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.signers.certificates import read_certificate
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.inspect import inspect
from pipeline.stages.list_tags import tags_of
from pipeline.stages.sign import sign
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.inspect.support import (
    BOM,
    COMMIT,
    CYCLONEDX,
    GITHUB_PROVENANCE,
    PROVENANCE,
    attested,
    github_bundle,
    pushed_by_github,
)  # fmt: skip
from tests.unit.sign.support import policy, signer, stored_artifact

FILES = {"all.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"}


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def artifact(registry: MemoryRegistry) -> PinnedReference:
    return stored_artifact(registry, FILES, revision="main@sha1:1")


def chain(registry: MemoryRegistry, *keys: str) -> Graph:
    trusted = policy(*keys) if keys else TrustPolicy()
    found = inspect(
        Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), trusted, read_certificate
    )
    return chain_graph(found, tags_of(found.artifact.digest, registry).names)


def in_group(graph: Graph, group: str) -> list[Node]:
    return [node for node in graph.nodes if node.group == group]


def stations(graph: Graph) -> list[str]:
    titles = {node.id: node.title for node in graph.nodes}
    return [f"{titles[edge.source]} {edge.label} {titles[edge.target]}" for edge in graph.edges]


@pytest.mark.usefixtures("artifact")
def test_an_artifact_alone_leads_from_its_own_words_to_its_tags(registry: MemoryRegistry) -> None:
    graph = chain(registry)

    assert stations(graph) == ["Source packaged as Artifact", "Artifact tagged Tag"]
    assert [node.detail for node in in_group(graph, SOURCE)] == ["main@sha1:1, as the artifact says"]
    assert {node.tone for node in graph.nodes} == {Tone.PLAIN}


def test_accepted_provenance_leads_from_the_commit_over_the_build(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    attested(registry, artifact, PROVENANCE, GITHUB_PROVENANCE)
    attested(registry, artifact, CYCLONEDX, BOM)
    sign(artifact, registry, signer(), CosignVerifier())

    graph = chain(registry, "ours")

    assert stations(graph)[:2] == ["Build built Artifact", "Source built by Build"]
    [source], [build], [pushed] = (in_group(graph, group) for group in (SOURCE, BUILD, ARTIFACT))
    assert (source.label, source.detail.split(",")[0]) == ("github.com/acme/shop", COMMIT[:12])
    assert build.label == ".github/workflows/release.yml"
    assert [node.title for node in in_group(graph, EVIDENCE)] == ["Signature", "Provenance", "SBOM cyclonedx"]
    assert {node.tone for node in (source, build, pushed, *in_group(graph, EVIDENCE))} == {Tone.ACCEPTED}


def test_what_a_stranger_says_is_refused_all_along_the_chain(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    attested(registry, artifact, PROVENANCE, GITHUB_PROVENANCE, "theirs")

    graph = chain(registry, "ours")

    assert {node.title: node.tone for node in graph.nodes} == {
        "Artifact": Tone.REFUSED,
        "Build": Tone.REFUSED,
        "Source": Tone.REFUSED,
        "Provenance": Tone.REFUSED,
        "Tag": Tone.PLAIN,
    }


def test_without_anybody_named_it_is_what_they_say(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    pushed_by_github(registry, artifact, github_bundle(artifact))

    graph = chain(registry)

    [evidence] = in_group(graph, EVIDENCE)
    assert evidence.label.startswith("says https://github.com/acme/shop/")
    assert {node.tone for node in graph.nodes} == {Tone.PLAIN}
    assert [node.detail for node in in_group(graph, BUILD)] == ["as provenance says, not verified"]


def test_only_tags_that_point_there_are_drawn(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    stored_artifact(registry, FILES, revision="main@sha1:2", tag="v2")
    stored_artifact(registry, FILES, revision="main@sha1:1", tag="production")

    assert tags_of(artifact.digest, registry).names == ("production", "v1")


def record(time: float, result: Deployed = Deployed.HEALTHY, cluster: str = "production") -> DeployRecord:
    return DeployRecord(
        cluster=cluster, repository="memory.test/repo", digest="sha256:0", inventory="inventory shop/shop",
        time=time, result=result,
    )  # fmt: skip


def test_a_record_beside_the_artifact_is_a_cluster_that_says_it_has_it(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    attested(registry, artifact, DEPLOY_RECORD, record_document(record(1.0)))

    [cluster] = [node for node in chain(registry, "ours").nodes if node.title == "Cluster"]

    assert (cluster.label, cluster.tone) == ("production", Tone.PLAIN)
    assert cluster.detail == "inventory shop/shop, healthy 1970-01-01T00:00:01Z, not verified"


def test_verified_records_count_before_others_and_the_newest_of_each_inventory(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    attested(registry, artifact, DEPLOY_RECORD, record_document(record(9.0, Deployed.FAILED)))
    trusted = TrustPolicy()
    found = inspect(
        Reference(registry.repository, "v1"), registry, trusting(CosignVerifier()), trusted, read_certificate
    )
    believed = [
        Delivery(record(3.0), is_believed=True, is_current=True),
        Delivery(record(2.0, Deployed.FAILED), is_believed=True),
        Delivery(record(2.0, Deployed.FAILED, "staging"), is_believed=True),
    ]

    clusters = [node for node in chain_graph(found, deliveries=believed).nodes if node.title == "Cluster"]

    assert [(node.label, node.tone, "replaced since" in node.detail) for node in clusters] == [
        ("production", Tone.HEALTHY, False),
        ("staging", Tone.FAILED, True),
    ]


def test_a_record_that_is_none_is_no_cluster(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attested(registry, artifact, DEPLOY_RECORD, {"cluster": []})

    assert [node.title for node in chain(registry, "ours").nodes] == ["Artifact", "Source", "Tag"]


def test_of_very_many_tags_the_first_are_looked_at_and_the_rest_is_noted(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    stored = registry.read_manifest(artifact.digest)
    for number in range(205):
        registry.write_manifest(Blob(stored.media_type, stored.content), f"t{number:03}")

    found = tags_of(artifact.digest, registry)

    assert (len(found.names), found.notes) == (200, ("6 of 206 tags were not looked at",))
