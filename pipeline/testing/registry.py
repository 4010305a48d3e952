"""An in-memory registry that behaves like a real one, and, when told to, like a broken or lying one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import (
    Blob,
    Descriptor,
    StoredManifest,
    parse_manifest,
    referrer_descriptor,
    sha256_digest,
)
from pipeline.model.artifact.reference import Repository, check_tag

_CHUNK = 64 * 1024


@dataclass
class MemoryStore:
    """What one registry host holds, by repository; give it to several registries to let them mount from each other."""

    blobs: dict[Repository, dict[str, bytes]] = field(default_factory=dict)
    manifests: dict[Repository, dict[str, StoredManifest]] = field(default_factory=dict)
    tags: dict[Repository, dict[str, str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)


@dataclass
class Faults:
    """What goes wrong; change it between calls.

    Attributes:
        failures: by port method (``"write_manifest"``): errors to raise, one per call, before anything happens.
        altered: by digest: the bytes that are served instead of the stored ones.
        moved_tags: by tag: the digest that ``resolve`` answers with instead.
        wrong_answer: ``write_manifest`` stores, then behaves as if the registry had answered with another digest.
    """

    failures: dict[str, deque[PipelineError]] = field(default_factory=dict)
    altered: dict[str, bytes] = field(default_factory=dict)
    moved_tags: dict[str, str] = field(default_factory=dict)
    wrong_answer: bool = False

    def fail(self, method: str, *errors: PipelineError) -> None:
        """Let the next calls of a method raise these errors, in this order."""
        self.failures.setdefault(method, deque()).extend(errors)


class MemoryRegistry:
    """One repository in memory. ``calls`` records every call as ``(method, tag or digest)``, in order."""

    def __init__(self, repository: Repository | None = None, store: MemoryStore | None = None) -> None:
        self.repository = repository or Repository("memory.test", "repo")
        self.store = store or MemoryStore()
        self.faults = Faults()
        self.calls: list[tuple[str, str]] = []

    def resolve(self, tag: str) -> Descriptor:
        """What the tag points at, or what ``faults.moved_tags`` says."""
        self._called("resolve", tag)
        digest = self.faults.moved_tags.get(tag) or self.store.tags.get(self.repository, {}).get(tag)
        if digest is None:
            raise ArtifactNotFoundError(f"{self.repository}:{tag} does not exist")
        manifest = self._manifest(digest)
        return Descriptor(manifest.media_type, digest, len(manifest.content))

    def read_manifest(self, digest: str) -> StoredManifest:
        """The manifest, compared with its digest as every adapter must."""
        self._called("read_manifest", digest)
        manifest = self._manifest(digest)
        content = self.faults.altered.get(digest, manifest.content)
        if sha256_digest(content) != digest:
            raise TrustError(f"{self.repository} served other bytes than {digest}")
        return manifest

    def read_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """The blob in chunks, compared with size and digest before the end."""
        self._called("read_blob", descriptor.digest)
        stored = self.store.blobs.get(self.repository, {}).get(descriptor.digest)
        if stored is None:
            raise ArtifactNotFoundError(f"{self.repository} has no blob {descriptor.digest}")
        return self._chunks(descriptor, self.faults.altered.get(descriptor.digest, stored))

    def write_blob(self, descriptor: Descriptor, content: Callable[[], Iterable[bytes]]) -> bool:
        """Store the blob unless it is there."""
        self._called("write_blob", descriptor.digest)
        held = descriptor.digest in self.store.blobs.get(self.repository, {})
        if held and self.faults.altered.pop(descriptor.digest, None) is None:
            return False
        body = b"".join(content())
        if len(body) != descriptor.size or sha256_digest(body) != descriptor.digest:
            raise TrustError(f"the content written to {self.repository} is not {descriptor.digest}")
        with self.store.lock:
            self.store.blobs.setdefault(self.repository, {})[descriptor.digest] = body
        return True

    def mount_blob(self, descriptor: Descriptor, source: Repository) -> bool:
        """Take the blob from another repository of the same store."""
        self._called("mount_blob", descriptor.digest)
        body = self.store.blobs.get(source, {}).get(descriptor.digest)
        if body is None or source.host != self.repository.host:
            return False
        with self.store.lock:
            self.store.blobs.setdefault(self.repository, {})[descriptor.digest] = body
        return True

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        """Store the manifest; what it points at must be there already, as real registries demand."""
        descriptor = manifest.descriptor
        self._called("write_manifest", tag or descriptor.digest)
        if tag is not None:
            check_tag(tag)
        stored = StoredManifest(manifest.media_type, descriptor.digest, manifest.content)
        parsed = parse_manifest(stored)
        with self.store.lock:
            blobs = self.store.blobs.get(self.repository, {})
            manifests = self.store.manifests.setdefault(self.repository, {})
            missing = [part.digest for part in parsed.blobs if part.digest not in blobs]
            missing += [part.digest for part in parsed.children if part.digest not in manifests]
            if missing:
                raise RegistryError(f"{self.repository}: {descriptor.digest} points at {missing[0]}, which is missing")
            manifests[descriptor.digest] = stored
            if tag is not None:
                self.store.tags.setdefault(self.repository, {})[tag] = descriptor.digest
        if self.faults.wrong_answer:
            raise TrustError(f"{self.repository} answered with another digest than {descriptor.digest}")
        return descriptor

    def delete_manifest(self, digest: str, tags: Sequence[str] = ()) -> None:  # noqa: ARG002 - it finds them itself
        """Delete the manifest and its tags."""
        self._called("delete_manifest", digest)
        with self.store.lock:
            self.store.manifests.get(self.repository, {}).pop(digest, None)
            known = self.store.tags.get(self.repository, {})
            for tag in [tag for tag, pointed_at in known.items() if pointed_at == digest]:
                del known[tag]

    def tags(self) -> Sequence[str]:
        """Every tag, sorted."""
        self._called("tags", "")
        return sorted(self.store.tags.get(self.repository, {}))

    def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Every manifest whose subject is the digest, in the order they were written."""
        self._called("referrers", digest)
        found = []
        for manifest in list(self.store.manifests.get(self.repository, {}).values()):
            subject = parse_manifest(manifest).subject
            if subject is not None and subject.digest == digest:
                found.append(referrer_descriptor(manifest))
        return found

    def _called(self, method: str, subject: str) -> None:
        self.calls.append((method, subject))
        failures = self.faults.failures.get(method)
        if failures:
            raise failures.popleft()

    def _manifest(self, digest: str) -> StoredManifest:
        manifest = self.store.manifests.get(self.repository, {}).get(digest)
        if manifest is None:
            raise ArtifactNotFoundError(f"{self.repository}@{digest} does not exist")
        return manifest

    def _chunks(self, descriptor: Descriptor, body: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), _CHUNK):
            yield body[start : start + _CHUNK]
        if len(body) != descriptor.size or sha256_digest(body) != descriptor.digest:
            raise TrustError(f"{self.repository} served other bytes than {descriptor.digest}")
