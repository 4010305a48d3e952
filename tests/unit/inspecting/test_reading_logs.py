from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.log_lines import LogFilter
from pipeline.operations.logs import LogsQuery, PodLine, read_logs
from tests.unit.inspecting.conftest import World


def entry(second: int, message: str, **fields: str) -> str:
    return json.dumps({"ts": f"2026-11-25T18:00:{second:02d}Z", "level": "info", "msg": message, **fields})


def reading(world: World, **options: object) -> Iterator[PodLine]:
    return read_logs(LogsQuery(namespace="flux-system", **options), world.server, world.talk)  # type: ignore[arg-type]


def messages(lines: Iterator[PodLine]) -> list[str]:
    return [found.line.message or found.line.raw for found in lines]


def test_lines_of_several_pods_come_in_the_order_of_time(world: World) -> None:
    for name in ("puller-a", "puller-b"):
        world.puller_pod(name)
    world.server.log("flux-system", "puller-a", "puller", entry(1, "one"), "a trace", "back", entry(4, "four"))
    world.server.log("flux-system", "puller-b", "puller", entry(2, "two"), entry(3, "three"), entry(9, "nine"))

    assert messages(reading(world)) == ["one", "a trace", "back", "two", "three", "four", "nine"]


def test_fluxs_controllers_are_found_through_their_deployments(world: World) -> None:
    world.controller("kustomize-controller")
    world.pod("unrelated", labels={"app": "kustomize-controller"})
    world.server.log("flux-system", "kustomize-controller-5-x", "manager", entry(1, "by flux"))
    world.server.log("flux-system", "kustomize-controller-5-x", "sidecar", entry(1, "by another"))

    assert messages(reading(world)) == ["by flux"]


def test_the_puller_and_flux_beside_each_other_are_read_together(world: World) -> None:
    world.controller("source-controller")
    world.puller_pod("puller")
    world.server.log("flux-system", "source-controller-5-x", "manager", entry(2, "by flux"))
    world.server.log("flux-system", "puller", "puller", entry(1, "by the puller"))

    assert messages(reading(world)) == ["by the puller", "by flux"]


def test_only_wanted_lines_pass_and_tails_are_cut_before(world: World) -> None:
    world.puller_pod("puller")
    about = {"controllerKind": "Kustomization", "namespace": "shop"}
    lines = [entry(second, str(second), name="web" if second % 2 else "db", **about) for second in range(10)]
    world.server.log("flux-system", "puller", "puller", *lines)

    assert messages(reading(world, tail=4, wanted=LogFilter(name="web"))) == ["7", "9"]


def test_following_goes_on_with_lines_of_every_pod(world: World) -> None:
    for name in ("puller-a", "puller-b"):
        world.puller_pod(name)
    world.server.log("flux-system", "puller-a", "puller", entry(1, "one"))
    lines = reading(world, follow=True)

    assert next(lines).line.message == "one"
    world.server.log("flux-system", "puller-b", "puller", entry(2, "two"))
    found = next(lines)

    assert (found.pod, found.line.message) == ("puller-b", "two")


def test_a_pod_that_cannot_be_read_is_warned_about(world: World) -> None:
    for name in ("puller-a", "puller-b"):
        world.puller_pod(name)
    world.server.log("flux-system", "puller-b", "puller", entry(1, "one"))

    def fail(operation: str, subject: str) -> None:
        if operation == "log_lines" and "puller-a" in subject:
            raise ClusterError("is waiting to start", code="cluster.invalid")

    world.server.before = fail

    assert messages(reading(world)) == ["one"]
    assert world.talk.lines == ["pod flux-system/puller-a: is waiting to start"]


def test_logs_that_nobody_has_are_an_error(world: World) -> None:
    with pytest.raises(ClusterError, match="no pods of the puller or of Flux's controllers") as caught:
        next(reading(world))
    assert caught.value.code == "cluster.not-found"

    world.puller_pod("puller")

    def fail(operation: str, _subject: str) -> None:
        if operation == "log_lines":
            raise ClusterError("may not read logs", code="cluster.denied")

    world.server.before = fail
    with pytest.raises(ClusterError, match="may not read logs"):
        list(reading(world))


def test_who_may_not_see_deployments_still_reads_the_puller(world: World) -> None:
    world.puller_pod("puller")
    world.server.log("flux-system", "puller", "puller", entry(1, "one"))

    def deny(operation: str, subject: str) -> None:
        if operation == "list" and subject.startswith("Deployment"):
            raise ClusterError("may not list deployments", code="cluster.denied")

    world.server.before = deny

    assert messages(reading(world)) == ["one"]
