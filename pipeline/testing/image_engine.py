"""An in-memory container engine: it reads the simplest Containerfiles, and pushes into in-memory registries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import ConfigurationError, RegistryError, ToolError
from pipeline.model.artifact.manifest import DOCKER_MANIFEST, Blob, sha256_digest
from pipeline.model.artifact.reference import Repository
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import EngineImage, ImageBuild, RegistryLogin
from pipeline.ports import Registry, Reporter

_CONTAINERFILES = ("Containerfile", "Dockerfile")
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_STAGE = re.compile(r"FROM \S+ AS (\S+)", re.IGNORECASE)
_KNOWN = {"FROM", "ARG", "COPY", "RUN", "LABEL", "ENV", "CMD", "ENTRYPOINT", "USER"}


@dataclass
class MemoryImageEngine:
    """Knows ``FROM``, ``COPY`` and ``LABEL``; ``RUN`` fails where its command ends with ``false``.

    Attributes:
        open_registry: gives the repository that is pushed to.
        logins: which one a registry wants, by its host; to others anybody may push.
    """

    reporter: Reporter
    open_registry: Callable[[Repository], Registry]
    logins: Mapping[str, RegistryLogin] = field(default_factory=dict)
    images: dict[ImageName, EngineImage] = field(default_factory=dict)

    def describe(self) -> str:
        """Its name."""
        return "memory 1"

    def build(self, build: ImageBuild) -> EngineImage:
        """Read the steps, one after the other."""
        file = _containerfile(build)
        steps = [line.strip() for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
        for number, step in enumerate(steps, start=1):
            if step.split()[0] not in _KNOWN:
                raise _failed(f"{file}: parse error line {number}: unknown instruction: {step.split()[0]}")
        if build.target and build.target not in {match[1] for step in steps if (match := _STAGE.match(step))}:
            raise _failed(f"{file}: there is no build target {build.target}")
        labels, content = dict[str, str](), b""
        for number, step in enumerate(steps, start=1):
            self.reporter.detail(f"build {build.image.path.rpartition('/')[2]}: Step {number}/{len(steps)} : {step}")
            try:
                content += self._step(step, build, labels)
            except (OSError, ValueError) as error:
                raise _failed(f"{file}: step {number}/{len(steps)}, {step}, failed: {error}") from None
        labels.update(build.labels)
        config = json.dumps({"labels": labels, "content": sha256_digest(content)}).encode()
        platform = build.platform or "linux/amd64"
        made = EngineImage(id=sha256_digest(config), size=len(content), platform=platform, labels=labels)
        self.images[build.image] = made
        return made

    def _step(self, step: str, build: ImageBuild, labels: dict[str, str]) -> bytes:
        instruction, *words = step.split()
        if instruction == "COPY":
            return b"".join((build.folder / name).read_bytes() for name in _included(build, words[:-1]))
        if instruction == "LABEL":
            key, _, value = words[0].partition("=")
            labels[key] = value
        if instruction == "RUN" and words[-1] == "false":
            raise ValueError("a non-zero code: 1")
        return b""

    def find(self, image: ImageName) -> EngineImage | None:
        """By name and tag."""
        return self.images.get(image)

    def tag(self, image: ImageName, name: ImageName) -> None:
        """One more name."""
        self.images[name] = self._known(image)

    def push(self, image: ImageName, login: RegistryLogin | None) -> str:
        """Write a manifest of the kind that engines write."""
        made = self._known(image)
        if image.host in self.logins and login != self.logins[image.host]:
            raise RegistryError(
                f"{image.host} refused the push of {_text(image)}: unauthorized",
                hint="correct the login, or its rights" if login else f"log in first: gitless login {image.host}",
                code="registry.denied",
            )
        registry = self.open_registry(Repository(image.host, image.path))
        config = Blob(_CONFIG, json.dumps({"labels": dict(made.labels)}, sort_keys=True).encode())
        layer = Blob(_LAYER, made.id.encode())
        for blob in (config, layer):
            registry.write_blob(blob.descriptor, lambda blob=blob: (blob.content,))  # type: ignore[misc]
        described = [
            {"mediaType": part.media_type, "digest": part.descriptor.digest, "size": part.descriptor.size}
            for part in (config, layer)
        ]
        body = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": described[0], "layers": described[1:]}
        return registry.write_manifest(Blob(DOCKER_MANIFEST, json.dumps(body).encode()), image.tag).digest

    def _known(self, image: ImageName) -> EngineImage:
        found = self.images.get(image)
        if found is None:
            raise ConfigurationError(
                f"the container engine has no image {_text(image)}",
                hint=f"build it: gitless image build PATH --image {_text(image)}",
                code="configuration.no-image",
            )
        return found


def _text(image: ImageName) -> str:
    return f"{image.repository}:{image.tag}"


def _failed(message: str) -> ToolError:
    return ToolError(message, code="tool.image-build")


def _containerfile(build: ImageBuild) -> Path:
    if not build.folder.is_dir():
        raise ConfigurationError(f"{build.folder} is not a folder")
    candidates = [build.containerfile] if build.containerfile else [build.folder / name for name in _CONTAINERFILES]
    found = next((file for file in candidates if file.is_file()), None)
    if found is None:
        raise ConfigurationError(f"{candidates[0]} is not there", hint="name it: --containerfile FILE")
    return found


def _included(build: ImageBuild, names: list[str]) -> Iterator[str]:
    ignore = build.folder / ".containerignore"
    left_out = ignore.read_text().split() if ignore.is_file() else []
    for name in names:
        if name in left_out:
            raise ValueError(f"{name} is not in the context")
        yield name
