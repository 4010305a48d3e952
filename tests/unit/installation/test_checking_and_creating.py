"""What checks say, and what becomes of new objects, with an API server in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pipeline.errors import ClusterError, StaleError, VerificationError
from pipeline.model.flux.api import OCI_REPOSITORIES, SECRETS
from pipeline.model.plan import Action
from pipeline.operations.bootstrap import bootstrap
from pipeline.operations.check import check, require_passed
from pipeline.operations.create import create
from pipeline.operations.install import InstallSettings
from tests.flux_objects import kustomization, source
from tests.unit.installation.worlds import OPTIONS, World


def test_every_check_fails_by_itself_and_all_are_told(world: World) -> None:
    result = check("flux-system", "1.2.3", world, before_installation=False, reporter=world.talk, clock=world.clock)
    failed = [item.name for item in result.checks if not item.passed]
    assert failed == ["definition", "definition", "access", "puller", "version"]
    assert "✔ Kubernetes v1.37.2 (at least 1.31)" in world.talk.lines
    with pytest.raises(VerificationError, match="5 of 7 checks failed"):
        require_passed(result)


def test_what_may_not_be_read_is_a_failed_check_and_a_lost_server_an_error(world: World) -> None:
    world.install()
    denied = ClusterError("definitions may not be read", code="cluster.denied")

    def before(operation: str, subject: str) -> None:
        if operation == "read" and subject.startswith("CustomResourceDefinition"):
            raise denied

    world.before = before
    result = check("flux-system", "1.2.3", world, before_installation=False, reporter=world.talk, clock=world.clock)
    assert [item.message for item in result.checks if not item.passed] == [denied.message] * 2

    denied = ClusterError("no route to host", code="cluster.unreachable")
    with pytest.raises(ClusterError, match="no route"):
        check("flux-system", "1.2.3", world, before_installation=False, reporter=world.talk, clock=world.clock)


def test_an_old_cluster_and_missing_rights_are_named() -> None:
    world = World()
    world._version = "v1.27.3"
    world.allowed = lambda verb, kind, _: (verb, kind.kind) != ("create", "ClusterRoleBinding")
    result = check("flux-system", "1.2.3", world, before_installation=True, reporter=world.talk, clock=world.clock)
    told = {item.name: item.message for item in result.checks if not item.passed}
    assert told == {
        "kubernetes": "Kubernetes v1.27.3 is older than 1.31",
        "rights": "we may not create clusterrolebindings.rbac.authorization.k8s.io",
    }


def ready(generation: int, kind: str = "Ready") -> dict[str, Any]:
    condition = {"type": kind, "status": "True", "reason": "Because", "message": "so", "observedGeneration": generation}
    return {"conditions": [condition], "observedGeneration": generation}


def made(world: World, body: Mapping[str, Any] | None = None, timeout: float = 10.0) -> Any:  # noqa: ANN401
    kind = OCI_REPOSITORIES
    return create(body or source("default"), kind, world, timeout=timeout, reporter=world.talk, clock=world.clock)


def test_ready_for_an_older_generation_is_not_ready(world: World) -> None:
    world.put(OCI_REPOSITORIES, source("default"))
    world._write_status(OCI_REPOSITORIES, source("default"), ready(1))
    assert made(world).ready

    changed = source("default")
    changed["spec"]["interval"] = "5m"
    with pytest.raises(VerificationError, match="is not ready after 10s: Because: so"):
        made(world, changed)


def test_stalled_for_an_older_generation_may_still_become_ready(world: World) -> None:
    world.put(OCI_REPOSITORIES, source("default"))
    world._write_status(OCI_REPOSITORIES, source("default"), ready(1, "Stalled"))
    with pytest.raises(VerificationError, match="cannot become ready: Because: so"):
        made(world)

    changed = source("default")
    changed["spec"]["interval"] = "5m"
    with pytest.raises(VerificationError, match="is not ready after"):
        made(world, changed)


def test_what_others_write_in_between_is_written_over_or_given_up_on(world: World) -> None:
    world.put(OCI_REPOSITORIES, source("default"))
    world._write_status(OCI_REPOSITORIES, source("default"), ready(1))
    conflicts = [1, 1]

    def before(operation: str, _: str) -> None:
        if operation == "replace" and conflicts:
            conflicts.pop()
            raise StaleError("it has changed")

    world.before = before
    assert made(world).action is Action.UNCHANGED

    conflicts.extend([1] * 20)
    with pytest.raises(StaleError, match="changes faster than it can be written"):
        made(world)


def test_a_cluster_without_the_kinds_is_told_to_install(world: World) -> None:
    world._types = [kind for kind in world._types if kind != OCI_REPOSITORIES]
    with pytest.raises(ClusterError, match="knows no OCIRepository") as failed:
        made(world)
    assert "gitless install" in str(failed.value.hint)


def test_a_bootstrap_that_is_tried_out_writes_nothing(world: World) -> None:
    objects = (source("flux-system"), kustomization("flux-system") | {"spec": {"path": "./"}})
    result = bootstrap(
        OPTIONS, objects, world, InstallSettings(dry_run=True),
        artifact="oci://registry.test/fleet:1", digest="", reporter=world.talk, clock=world.clock,
    )  # fmt: skip
    assert (result.ready, result.changes) == (False, ())
    assert world.writes() == []


def test_secrets_are_not_waited_for(world: World) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": "default"},
        "type": "Opaque",
        "data": {"a": "Yg=="},
    }
    result = create(body, SECRETS, world, timeout=1.0, reporter=world.talk, clock=world.clock)
    assert (result.action, result.ready, world.clock.slept) == (Action.CREATE, False, [])
