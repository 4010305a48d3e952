"""The puller between an API server and a registry that have a bad day: afterwards everything is as it should be."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.puller.conftest import IS_FLUX, Ground
from tests.platform.control_plane import ControlPlane
from tests.platform.faults import Fault, FaultProxy
from tests.platform.faults_of_kubernetes import watch_error
from tests.platform.flux import install_definitions
from tests.platform.processes import wait_until
from tests.platform.puller import Puller, puller
from tests.platform.registries import ReferrersRegistry
from tests.reconciling import World, condition, config_map, inventory

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
    pytest.mark.skipif(IS_FLUX, reason="the tests are about the puller alone"),
]

APPLIED = r"/configmaps/"
STATUS = r"/(kustomizations|ocirepositories)/[^/]+/status"


@dataclass
class Shaky:
    """A puller that reaches both servers through proxies; the tests reach the servers directly."""

    plane: ControlPlane
    api: FaultProxy
    registry: FaultProxy
    puller: Puller
    ground: Ground
    _apps: int = field(default=0)

    def world(self) -> World:
        """A namespace of one's own whose sources go through the proxy."""
        made = self.ground.world()
        made.registry = self.registry.address
        return made

    def heal(self) -> None:
        """Everything works again."""
        self.api.heal()
        self.registry.heal()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shaky]:
    folder = tmp_path_factory.mktemp("shaky")
    with ExitStack() as stack:
        enter: Callable[[AbstractContextManager[object]], object] = stack.enter_context
        plane = ControlPlane.start(folder / "cluster", workloads=False)
        enter(plane)
        registry = ReferrersRegistry.start(folder / "registry")
        enter(registry)
        install_definitions(plane.kubeconfig)
        api, kubeconfig = FaultProxy.before_api_server(plane.access, folder / "proxy")
        enter(api)
        before_registry = FaultProxy.before_registry(registry.address)
        enter(before_registry)
        ground = Ground(plane, registry, folder)
        # Releases replace each other almost whole here; what guards keep has tests of its own.
        ground.puller = stack.enter_context(puller(folder / "puller", kubeconfig, max_prune="100%"))
        yield Shaky(plane, api, before_registry, ground.puller, ground)


@pytest.fixture
def shaky(platform: Shaky) -> Iterator[Shaky]:
    yield platform
    platform.heal()
    platform.puller.check()


def release(version: int, *, count: int = 6) -> dict[str, str | bytes]:
    """Some ConfigMaps, of which each version drops one and adds one."""
    numbers = range(version, version + count)
    return {f"{number}.yaml": config_map(f"settings-{number}", version=str(version)) for number in numbers}


def is_exactly(world: World, version: int) -> None:
    """The namespace holds that release, all of it, and nothing of any other."""
    expected = {f"settings-{number}" for number in range(version, version + 6)}

    def owned() -> dict[str, str]:
        found = world.list("ConfigMap", "kustomize.toolkit.fluxcd.io/name=app")
        return {item["metadata"]["name"]: item["data"]["version"] for item in found}

    wait_until(lambda: owned() == dict.fromkeys(expected, str(version)), seconds=30, what=f"release {version}")
    body = world.ready("Kustomization")
    assert inventory(body) == {f"{world.namespace}_{name}__ConfigMap" for name in expected}


FAULTS = {
    "conflict": Fault(status=409),
    "throttled": Fault(status=429, headers={"Retry-After": "1"}),
    "internal": Fault(status=500),
    "unavailable": Fault(status=503),
    "timeout": Fault(status=504),
    "not-json": Fault(status=200, body=b"<html>"),
    "cut-before": Fault(drop="before"),
    "cut-after": Fault(drop="after"),
    "cut-short": Fault(keep=20),
    "slow": Fault(delay=1.5),
}
WHERE = {"apply": ("PATCH", APPLIED), "prune": ("DELETE", APPLIED), "status": ("PUT|PATCH", STATUS)}


@pytest.mark.parametrize("fault", FAULTS)
def test_requests_that_fail_are_made_good(shaky: Shaky, fault: str) -> None:
    world = shaky.world()
    world.deliver(release(1))
    for method, path in WHERE.values():
        shaky.api.inject(FAULTS[fault], method=method, path=f"{world.namespace}{path}", times=2)

    published = world.update(release(2))

    world.applied("app", published.digest)
    is_exactly(world, 2)


@pytest.mark.parametrize("kind", ["kustomizations", "ocirepositories"])
def test_watches_that_end_are_resumed(shaky: Shaky, kind: str) -> None:
    world = shaky.world()
    world.deliver(release(1))
    shaky.api.inject(Fault(status=200, body=watch_error(410)), path=f"/{kind}.*watch=", times=2)
    shaky.api.inject(Fault(drop="before"), path=f"/{kind}.*watch=", times=2)
    shaky.api.inject(Fault(status=500), path=f"/{kind}.*watch=", times=1)
    assert shaky.api.close_streams() > 0

    published = world.update(release(2))

    world.applied("app", published.digest)
    is_exactly(world, 2)


def test_what_changed_while_nobody_watched_is_seen(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1))
    with shaky.api.outage():
        world.publish(release(2))
        world.request("OCIRepository", "app")
        world.kustomization("late", nameSuffix="-late")
        time.sleep(2)

    world.ready("Kustomization", "late")
    is_exactly(world, 2)


def test_a_server_that_never_answers_is_given_up(shaky: Shaky) -> None:
    world, other = shaky.world(), shaky.world()
    world.deliver(release(1))
    shaky.api.inject(Fault(hang=True), method="PATCH", path=f"{world.namespace}{APPLIED}", times=1)
    published = world.update(release(2))
    wait_until(lambda: shaky.api.count(method="PATCH", path=world.namespace) > 0, seconds=20, what="the hanging one")

    # Nobody else waits for it.
    other.deliver(release(1))

    world.until("Kustomization", "app", lambda body: published.digest in str(body["status"]), "the new one", seconds=90)
    shaky.heal()
    world.applied("app", published.digest)
    is_exactly(world, 2)


def test_the_api_server_may_restart(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1))
    with shaky.plane.without_api_server():
        world.publish(release(2))
        time.sleep(3)

    world.request("OCIRepository", "app")

    world.until("Kustomization", "app", lambda body: bool(inventory(body)), "the inventory")
    is_exactly(world, 2)


def test_the_last_good_state_is_enforced_while_the_registry_is_away(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1), interval="2s")
    with shaky.registry.outage():
        world.request("OCIRepository", "app")
        world.failed("OCIRepository")
        world.patch("ConfigMap", "settings-1", {"data": {"version": "drifted"}}, manager="somebody")
        world.delete("ConfigMap", "settings-2", wait=False)
        world.until("ConfigMap", "settings-1", lambda body: body["data"]["version"] == "1", "the correction")
        world.there("ConfigMap", "settings-2")
        is_exactly(world, 1)

    world.update(release(2))

    is_exactly(world, 2)
    world.ready("OCIRepository")


@pytest.mark.parametrize("fault", ["flip", "short", "manifest", "error-page"])
def test_wrong_bytes_of_a_registry_are_not_taken(shaky: Shaky, fault: str) -> None:
    world = shaky.world()
    world.deliver(release(1))
    blobs, manifests = f"/{world.namespace}/app/blobs/", f"/{world.namespace}/app/manifests/"
    lies = {
        "flip": (Fault(flip=True), blobs),
        "short": (Fault(keep=30), blobs),
        "manifest": (Fault(flip=True), manifests),
        "error-page": (Fault(status=200, body=b"<html>please log in</html>"), blobs),
    }
    lie, path = lies[fault]
    # Content of this test's own: what another one fetched is in the cache.
    published = world.publish({**release(2), "own.yaml": f"# {world.namespace}\n"})
    shaky.registry.inject(lie, method="GET", path=path, times=None)
    world.request("OCIRepository", "app")

    body = world.failed("OCIRepository")

    assert condition(body, "FetchFailed")["status"] == "True"
    is_exactly(world, 1)
    shaky.heal()
    world.request("OCIRepository", "app")
    world.applied("app", published.digest)
    is_exactly(world, 2)


@pytest.mark.parametrize("code", [401, 429, 500, 503])
def test_a_registry_that_refuses_is_asked_again(shaky: Shaky, code: int) -> None:
    world = shaky.world()
    world.deliver(release(1))
    world.source(interval="1s")
    refusal = Fault(status=code, headers={"Retry-After": "1"})
    shaky.registry.inject(refusal, method="GET|HEAD", path=world.namespace, times=3)

    published = world.publish(release(2))

    world.until("Kustomization", "app", lambda body: published.digest in str(body["status"]), "the new one")
    is_exactly(world, 2)


# Death


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("where", WHERE)
def test_it_may_be_killed_between_any_two_requests(shaky: Shaky, where: str, after: int) -> None:
    world = shaky.world()
    world.deliver(release(1))
    method, path = WHERE[where]
    # Nothing that it asked for after its death may count, so the request that kills it is dropped.
    killing = Fault(call=shaky.puller.kill, drop="before")
    shaky.api.inject(killing, method=method, path=f"{world.namespace}{path}", after=after)
    published = world.publish(release(5))
    world.request("OCIRepository", "app")
    deadline = time.monotonic() + 5
    while shaky.puller.is_ready() and time.monotonic() < deadline:
        time.sleep(0.05)
    shaky.heal()

    if not shaky.puller.is_ready():
        shaky.puller.start()

    world.applied("app", published.digest)
    is_exactly(world, 5)


def test_it_may_be_killed_at_any_instant(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1))
    chance = random.Random(7)
    for version in range(2, 7):
        world.update(release(version))
        time.sleep(chance.uniform(0.0, 1.0))
        shaky.puller.kill()
        shaky.puller.start()

    is_exactly(world, 6)


def test_a_kustomization_deleted_while_it_is_dead_is_cleaned_up(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1))
    shaky.puller.kill()
    world.delete("Kustomization", "app", wait=False)

    shaky.puller.start()

    world.gone("Kustomization", "app")
    assert world.list("ConfigMap", "kustomize.toolkit.fluxcd.io/name=app") == []


def test_a_deletion_that_fails_half_way_is_finished(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1))
    shaky.api.inject(Fault(status=500), method="DELETE", path=f"{world.namespace}{APPLIED}", after=2, times=3)

    world.delete("Kustomization", "app", wait=False)

    world.gone("Kustomization", "app")
    assert world.list("ConfigMap", "kustomize.toolkit.fluxcd.io/name=app") == []


def test_a_lost_or_broken_cache_costs_one_pull(shaky: Shaky) -> None:
    world = shaky.world()
    world.deliver(release(1))
    before = json.dumps(world.ready("OCIRepository")["status"]["artifact"])
    shaky.puller.kill()
    for path in sorted(shaky.puller.cache.rglob("*"), reverse=True):
        if path.is_file():
            path.write_bytes(b"broken")
    shaky.puller.start()

    world.reconcile("Kustomization")

    is_exactly(world, 1)
    assert json.dumps(world.ready("OCIRepository")["status"]["artifact"]) == before


def test_a_full_disk_is_said_and_survived(shaky: Shaky, tmp_path: Path) -> None:
    # No file may grow over 64 KiB (128 blocks), which is how a disk without room looks to whoever writes.
    limit = ("/bin/sh", "-c", 'exec 3>&1; { ulimit -f 128; exec "$@"; } 2>&1 >&2 | cat >&3', "sh")
    world = shaky.world()
    world.deliver(release(1))
    large = {**release(2), "large.bin": random.Random(1).randbytes(300_000)}
    shaky.puller.kill()
    try:
        with puller(tmp_path, shaky.plane.kubeconfig, before=limit):
            world.update(large)
            body = world.failed("OCIRepository")
            assert condition(body, "StorageOperationFailed").get("status") == "True"
            world.deliver({"a.yaml": config_map("small")}, "small")
            is_exactly(world, 1)
    finally:
        shaky.puller.start()

    world.request("OCIRepository", "app")

    is_exactly(world, 2)
