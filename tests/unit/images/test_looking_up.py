"""Registries are asked for tags and digests, and policies decide about images."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigurationError
from pipeline.expressions.extraction import extracted
from pipeline.model.artifact.reference import Repository
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.images.policy import ImagePolicy
from pipeline.model.manifests import Resource
from pipeline.stages.image_lookup import ImagePorts, choose_images, digests_of, governing
from pipeline.stages.lock_images import lock_images, update_lock
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from tests.contract.registry.servers import Silent
from tests.images import push_image
from tests.unit.images.policies import policy

WEB = Repository("ghcr.io", "acme/web")
REDIS = Repository("docker.io", "library/redis")


class World:
    """Registries of every host in one store, and how often each repository was opened."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.opened: list[Repository] = []
        self.ports = ImagePorts(self.open, extracted, Silent())

    def open(self, repository: Repository) -> MemoryRegistry:
        self.opened.append(repository)
        return MemoryRegistry(repository, self.store)

    def push(self, repository: Repository, *tags: str) -> str:
        return push_image(MemoryRegistry(repository, self.store), *tags)


@pytest.fixture
def world() -> World:
    return World()


def pod(*images: str) -> Resource:
    containers = [{"name": f"c{at}", "image": image} for at, image in enumerate(images)]
    return Resource.from_body(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": containers}}
    )


def test_short_names_are_looked_up_on_docker_hub_and_kept_as_they_are(world: World) -> None:
    digest, latest = world.push(REDIS, "7"), world.push(REDIS, "latest")

    locked = lock_images([pod("redis:7", "redis", "docker.io/redis:7")], ImagesLock(), world.ports, file="lock")

    assert locked.lock.images == (
        LockedImage("docker.io/redis:7", digest),
        LockedImage("redis", latest),
        LockedImage("redis:7", digest),
    )
    assert world.opened == [REDIS]


def test_what_no_registry_has_is_no_digest(world: World) -> None:
    digest = world.push(WEB, "1")

    assert digests_of(["ghcr.io/acme/web:1", "ghcr.io/acme/web:2", "not an image"], world.ports) == {
        "ghcr.io/acme/web:1": digest,
        "ghcr.io/acme/web:2": None,
    }


def choices(world: World, *policies: ImagePolicy) -> dict[str, str]:
    return {key: made.tag for key, made in choose_images(policies, world.ports).items()}


def test_policies_of_one_repository_list_its_tags_once(world: World) -> None:
    world.push(WEB, "1.0.0", "1.5.0", "2.0.0-rc.1", "main-7")

    stable = policy({"semver": {"range": "1.x"}}, name="stable")
    next_one = policy({"semver": {"range": ">=2.0.0-0"}}, name="next")
    builds = policy({"numerical": {}}, name="builds", pattern="^main-([0-9]+)$", extract="$1")

    assert choices(world, stable, next_one, builds) == {
        "default:stable": "1.5.0",
        "default:next": "2.0.0-rc.1",
        "default:builds": "main-7",
    }
    assert world.opened == [WEB]
    with pytest.raises(ConfigurationError, match="default/none: none of the 4 tags"):
        choices(world, policy({"semver": {"range": "9"}}, name="none"))


@pytest.mark.parametrize(
    ("image", "names", "governor"),
    [
        ("ghcr.io/acme/web:9.9.9", ["stable"], "default:stable"),
        ("ghcr.io/acme/web", ["stable"], "default:stable"),
        ("ghcr.io/acme/web:1.0.0", ["stable", "next"], "default:stable"),
        ("ghcr.io/acme/web:2.0.0-rc.1", ["stable", "next"], "default:next"),
        ("ghcr.io/acme/web:main-7", ["stable", "next"], None),
        ("ghcr.io/acme/web:1.0.0", ["stable", "same"], None),
        ("ghcr.io/acme/other:1.0.0", ["stable"], None),
        (f"ghcr.io/acme/web:1.0.0@sha256:{'a' * 64}", ["stable"], None),
        ("not an image", ["stable"], None),
    ],
)
def test_which_policy_decides_about_an_image(image: str, names: list[str], governor: str | None, world: World) -> None:
    world.push(WEB, "1.0.0", "2.0.0-rc.1", "main-7")
    ranges = {"stable": "1.x", "same": "*", "next": ">=2.0.0-0"}
    chosen = choose_images([policy({"semver": {"range": ranges[name]}}, name=name) for name in names], world.ports)

    found = governing(image, chosen.values())

    assert (found.policy.key if found else None) == governor


def test_a_lock_gets_what_policies_choose_under_the_old_names(world: World) -> None:
    digest = world.push(WEB, "1.5.0")
    before = ImagesLock((LockedImage("redis:7", digest),))
    rules = [policy({"semver": {"range": "1.x"}})]

    updated = update_lock([pod("ghcr.io/acme/web:1.0.0", "ghcr.io/acme/web:1.5.0")], before, rules, world.ports)

    assert updated.images == (
        LockedImage("ghcr.io/acme/web:1.0.0", digest, "default:web", "1.5.0"),
        LockedImage("ghcr.io/acme/web:1.5.0", digest, "default:web"),
        LockedImage("redis:7", digest),
    )


@pytest.mark.parametrize(("reflection", "digest"), [("IfNotPresent", "first"), ("Always", "moved"), ("Never", "moved")])
def test_a_tag_that_moves_is_followed_as_the_policy_reflects_digests(
    reflection: str,
    digest: str,
    world: World,
) -> None:
    rules = [policy({"semver": {"range": "1.x"}}, digestReflectionPolicy=reflection)]
    first = world.push(WEB, "1.5.0")
    lock = update_lock([pod("ghcr.io/acme/web:1.0.0")], ImagesLock(), rules, world.ports)
    moved = push_image(MemoryRegistry(WEB, world.store), "1.5.0", content="moved")

    again = update_lock([pod("ghcr.io/acme/web:1.0.0")], lock, rules, world.ports)

    assert again.images[0].digest == {"first": first, "moved": moved}[digest]


def test_a_pattern_that_is_none_is_told_with_its_policy(world: World) -> None:
    world.push(WEB, "1")

    with pytest.raises(ConfigurationError, match=r"ImagePolicy .*: '\(' is not a regular expression") as caught:
        choose_images([policy({"numerical": {}}, pattern="(")], world.ports)
    assert caught.value.hint is not None
    assert "filterTags" in caught.value.hint
