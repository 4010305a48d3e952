import io
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, RefusedError
from pipeline.model.artifact.manifest import DOCKER_MANIFEST, Blob
from pipeline.model.artifact.reference import Repository
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import ImageBuild
from pipeline.ports import Registry
from pipeline.reports.console import JsonLog
from pipeline.stages.image import NamedImage, build_image, push_image
from pipeline.testing.image_engine import MemoryImageEngine
from pipeline.testing.registry import MemoryRegistry, MemoryStore

WEB = NamedImage("memory.test/acme/web", ImageName("memory.test", "acme/web", "1"))


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry(Repository("memory.test", "acme/web"), MemoryStore())


@pytest.fixture
def engine(registry: MemoryRegistry, tmp_path: Path) -> MemoryImageEngine:
    """An engine with one image."""

    def opened(repository: Repository) -> Registry:
        assert repository == registry.repository
        return registry

    made = MemoryImageEngine(JsonLog(io.StringIO(), verbose=False), opened)
    (tmp_path / "Containerfile").write_text("FROM scratch\n")
    build = ImageBuild(image=WEB.name, folder=tmp_path, labels={"org.opencontainers.image.created": "then"})
    result = build_image(WEB, build, made, source="here", revision="main@sha1:" + "a" * 40)
    assert (result.image, result.engine, result.created) == ("memory.test/acme/web:1", "memory 1", "then")
    return made


def test_every_tag_is_pushed_and_found_with_the_digest(engine: MemoryImageEngine, registry: MemoryRegistry) -> None:
    result = push_image(WEB, ("latest", "1"), engine, None, registry)

    assert result.tags == ("1", "latest")
    assert [registry.resolve(tag).digest for tag in result.tags] == [result.artifact.digest] * 2
    assert result.image.pinned == f"memory.test/acme/web:1@{result.artifact.digest}"
    parts = [blob for blobs in registry.store.blobs.values() for blob in blobs.values()]
    assert result.size == len(registry.read_manifest(result.artifact.digest).content) + sum(map(len, parts))


def test_whoever_is_overtaken_is_told(engine: MemoryImageEngine, registry: MemoryRegistry) -> None:
    other = registry.write_manifest(Blob(DOCKER_MANIFEST, b'{"schemaVersion": 2}')).digest
    registry.faults.moved_tags["1"] = other

    with pytest.raises(RefusedError, match=f"points at {other} now") as caught:
        push_image(WEB, (), engine, None, registry)

    assert caught.value.code == "refused.concurrent-push"


def test_where_the_engine_names_no_digest_the_registry_does(
    engine: MemoryImageEngine, registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = engine.push(WEB.name, None)
    monkeypatch.setattr(engine, "push", lambda image, login: "")

    assert push_image(WEB, (), engine, None, registry).artifact.digest == pushed


def test_an_image_that_was_not_built_is_refused(engine: MemoryImageEngine, registry: MemoryRegistry) -> None:
    engine.images.clear()

    with pytest.raises(ConfigurationError, match="no image"):
        push_image(WEB, (), engine, None, registry)
