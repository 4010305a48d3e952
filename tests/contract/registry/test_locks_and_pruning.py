"""Locks and pruning on every kind of registry: what they ask of a registry, each of them does."""

from __future__ import annotations

import pytest

from pipeline.errors import ArtifactNotFoundError, RefusedError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.promotion.retention import Retention
from pipeline.model.trust.policy import UnsafeSkipVerification
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.package import package
from pipeline.stages.prune_registry import Deployments, PruneOptions, PrunePorts, Pruning
from pipeline.stages.rollback import RollbackOptions, RollbackPorts, release, rollback
from pipeline.stages.sign import sign
from pipeline.stages.tag import move_tags
from pipeline.testing.clock import MemoryClock
from tests.contract.registry.recipes import Open
from tests.contract.registry.servers import Silent
from tests.trusting import trusting
from tests.unit.sign.support import SIMPLE, signer

TRUST = trusting(CosignVerifier())


def publish(registry: Registry, text: str, *tags: str) -> PinnedReference:
    made = build_artifact(pack([("a.yaml", text.encode())]))
    artifact = package(made, registry, tags=tags, reporter=Silent()).artifact
    sign(artifact, registry, signer("ours"), CosignVerifier())
    return artifact


def test_a_locked_tag_stays_until_it_is_released(open_repository: Open) -> None:
    registry, clock = open_repository("team/app"), MemoryClock()
    good, bad = publish(registry, "good", "live"), publish(registry, "bad", "live")
    options = RollbackOptions(
        repository=registry.repository,
        tag="live",
        to=good.digest,
        reason="orders fail: größer als „0“",
        by="ops",
        trust=UnsafeSkipVerification(),
    )

    rollback(options, RollbackPorts(registry=registry, trust=TRUST, clock=clock, reporter=Silent()))

    with pytest.raises(RefusedError, match="by ops: orders fail: größer als „0“"):
        move_tags(bad, ["live"], registry)
    assert registry.resolve("live").digest == good.digest
    assert release(registry.repository, "live", "ops", registry, clock).is_changed
    move_tags(bad, ["live"], registry)
    assert registry.resolve("live").digest == bad.digest


def test_what_is_pruned_is_gone_with_its_signatures_and_tags_and_the_rest_is_whole(open_repository: Open) -> None:
    registry = open_repository("team/app")
    old, new = publish(registry, "old", "1.0.0", "stable"), publish(registry, "new", "1.1.0", "latest")
    sign(old, registry, signer("ours", SIMPLE), CosignVerifier())
    hanging = [item.digest for item in registry.referrers(old.digest)]
    ports = PrunePorts(trust=TRUST, clock=MemoryClock(), reporter=Silent())
    work = Pruning(registry, PruneOptions(retention=Retention(keep=1)), ports)

    done = work.perform(work.plan({}, Deployments()))

    assert len(hanging) == 1
    assert [item.candidate.digest for item in done.gone] == [old.digest]
    for digest in (old.digest, *hanging):
        with pytest.raises(ArtifactNotFoundError):
            registry.read_manifest(digest)
    assert [tag for tag in registry.tags() if not tag.startswith("sha256-")] == ["1.1.0", "latest"]
    assert not [tag for tag in registry.tags() if old.digest.replace(":", "-") in tag]
    assert registry.referrers(old.digest) == [] or registry.referrers(old.digest) == ()
    (signature,) = registry.referrers(new.digest)
    assert registry.read_manifest(signature.digest).digest == signature.digest
    assert work.plan({}, Deployments()).manifests == ()
