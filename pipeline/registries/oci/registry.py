"""A repository on a registry, by the OCI distribution specification 1.1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.manifest import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Blob,
    Descriptor,
    StoredManifest,
    sha256_digest,
)
from pipeline.model.artifact.reference import Repository, is_digest
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci import uploads
from pipeline.registries.oci.answers import declared_type, media_type_of
from pipeline.registries.oci.calls import Call
from pipeline.registries.oci.challenges import DELETE, PULL, repository_scope
from pipeline.registries.oci.endpoints import Endpoint, endpoint_of
from pipeline.registries.oci.fallback import FallbackTag
from pipeline.registries.oci.listing import Listing
from pipeline.registries.oci.referrers import as_referrer, is_doubtful, subject_of

if TYPE_CHECKING:
    import requests

    from pipeline.loading import Loaded, Loading
    from pipeline.registries.oci.transport import Transport

# Without all four, some registries say that a manifest of another type is not there.
_ACCEPT = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}, {DOCKER_MANIFEST}, {DOCKER_INDEX}"}
_FOUND = 200
_NOT_FOUND = 404
_READ = frozenset({_FOUND})
_TO_BE_EXPLAINED = frozenset({400, 405, 406})
_WRITTEN = frozenset({200, 201, 202})
_GONE = frozenset({200, 202, 204, _NOT_FOUND})
# What the specification has for registries without deletion, and what some answer instead.
_NO_DELETION = frozenset({400, 405, 501})
# Anybody who may push decides how many there are: beyond these, nobody waits for each to be looked into.
_MAX_COMPLETED = 256


class OciRegistry:
    """The :class:`pipeline.ports.Registry` over HTTP. Safe in many threads."""

    def __init__(
        self,
        repository: Repository,
        options: RegistryOptions,
        endpoint: Endpoint,
        loading: Loading[Transport] | Loaded[Transport],
    ) -> None:
        self.repository = repository
        self._options = options
        self._endpoint = endpoint
        self._loading = loading
        self._host = endpoint.host

    @property
    def _transport(self) -> Transport:
        return self._loading.result()

    def resolve(self, tag: str) -> Descriptor:
        """What the tag points at now; see the port."""
        what = f"find tag '{tag}' in {self.repository.path}"
        response = self._manifest_call("HEAD", tag, what, _READ | _TO_BE_EXPLAINED)
        digest = response.headers.get("Docker-Content-Digest", "")
        size = response.headers.get("Content-Length", "")
        media_type = media_type_of(response)
        if response.status_code == _FOUND and is_digest(digest) and size.isascii() and size.isdigit() and media_type:
            return Descriptor(media_type, digest, int(size))
        # The digest header is optional, some registries give no length to HEAD, and what is wrong is said only to GET.
        stored = self._read_manifest(tag, what)
        return Descriptor(stored.media_type, stored.digest, len(stored.content))

    def read_manifest(self, digest: str) -> StoredManifest:
        """A manifest by digest, hashed and compared; see the port."""
        stored = self._read_manifest(digest, f"read manifest {digest} of {self.repository.path}")
        if stored.digest != digest:
            raise TrustError(
                f"{self._host}: the registry gave other content for manifest {digest} of {self.repository.path}: "
                f"it hashes to {stored.digest}",
                hint="do not trust this registry, or what is between it and you",
            )
        return stored

    def read_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """The blob in chunks; see the port."""
        what = f"read blob {descriptor.digest} of {self.repository.path}"
        response = self._transport.get_blob(self._transport.container, descriptor.digest, stream=True)
        size = 0
        running = hashlib.sha256()
        for chunk in self._transport.read(response, what):
            size += len(chunk)
            if size > descriptor.size:
                response.close()
                break
            running.update(chunk)
            yield chunk
        found = f"sha256:{running.hexdigest()}"
        if size != descriptor.size or found != descriptor.digest:
            facts = f"more than {descriptor.size} bytes" if size > descriptor.size else f"{size} bytes, {found}"
            raise TrustError(
                f"{self._host}: the registry gave other content for blob {descriptor.digest} "
                f"({descriptor.size} bytes) of {self.repository.path}: {facts}",
                hint="do not trust this registry, or what is between it and you",
            )

    def write_blob(self, descriptor: Descriptor, content: Callable[[], Iterable[bytes]]) -> bool:
        """Store a blob unless it is there; see the port."""
        if uploads.exists(self._transport, descriptor):
            return False
        uploads.upload(self._transport, descriptor, content)
        return True

    def mount_blob(self, descriptor: Descriptor, source: Repository) -> bool:
        """Take the blob over from a repository of this registry; see the port."""
        if source.is_layout:
            return False
        there, here = endpoint_of(source, self._options), self._endpoint
        if there.origin != here.origin or there.path == here.path:
            return False
        return uploads.mount(self._transport, descriptor, there.path)

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        """Store exactly these bytes; see the port.

        Where the registry does not say that it keeps referrers itself, the fallback tag is brought up to date.
        """
        descriptor = manifest.descriptor
        response = self._put_manifest(manifest, tag or descriptor.digest)
        subject = subject_of(manifest.content)
        # A registry that keeps referrers should say so in a header; one that does not say it may still list them.
        if subject is not None and response.headers.get("OCI-Subject") != subject:
            listed = self._listing.referrers(subject)
            if listed is None or descriptor.digest not in listed:
                self._fallback.add(subject, as_referrer(descriptor, manifest.content))
        return descriptor

    def delete_manifest(self, digest: str, tags: Sequence[str] = ()) -> None:
        """Delete a manifest; see the port. Most registries delete nothing unless they are told to.

        Where the registry keeps no referrers itself, it is taken out of the fallback tag of its subject.
        """
        subject = self._subject_of(digest)
        self._delete(digest)
        for tag in tags:
            self._delete_left_behind(tag, digest)
        if subject is not None:
            with suppress(RegistryError):
                self._fallback.remove(subject, digest)

    def tags(self) -> Sequence[str]:
        """Every tag, sorted; see the port."""
        return self._listing.tags()

    def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Every manifest whose subject is the digest; see the port.

        Of a multitude, the descriptors are as the registry gives them.
        """
        found = self._listing.referrers(digest)
        if found is None:
            found = {entry.digest: entry for entry in self._fallback.entries(digest)}
        if len(found) > _MAX_COMPLETED:
            return tuple(found.values())
        return tuple(self._completed(entry) for entry in found.values())

    def _manifest_call(
        self, method: str, reference: str, what: str, accepted: frozenset[int] = _READ, actions: frozenset[str] = PULL
    ) -> requests.Response:
        return self._transport.send(
            Call(
                method=method,
                url=self._transport.url(self._transport.container.manifest_url(reference)),
                what=what,
                scopes=repository_scope(self._endpoint.path, actions),
                headers=_ACCEPT,
                accepted=accepted,
            )
        )

    def _read_manifest(self, reference: str, what: str) -> StoredManifest:
        response = self._manifest_call("GET", reference, what)
        content = response.content
        return StoredManifest(declared_type(content) or media_type_of(response), sha256_digest(content), content)

    def _put_manifest(self, manifest: Blob, reference: str) -> requests.Response:
        response = self._transport.send(
            Call(
                method="PUT",
                url=self._transport.url(self._transport.container.manifest_url(reference)),
                what=f"write manifest '{reference}' to {self.repository.path}",
                scopes=self._transport.push_scopes(),
                headers={"Content-Type": manifest.media_type},
                content=lambda: (manifest.content,),
                size=len(manifest.content),
                accepted=_WRITTEN,
            )
        )
        uploads.compare_digest(self._transport, response, manifest.descriptor.digest)
        return response

    @property
    def _listing(self) -> Listing:
        return Listing(self.repository, self._endpoint, self._transport)

    @property
    def _fallback(self) -> FallbackTag:
        return FallbackTag(self.repository, self._read_manifest, self._put_manifest, self._delete)

    def _delete(self, reference: str) -> None:
        what = f"delete manifest {reference} of {self.repository.path}"
        response = self._manifest_call("DELETE", reference, what, _GONE | _NO_DELETION, DELETE)
        if response.status_code in _NO_DELETION:
            raise RegistryError(
                f"{self._host}: cannot {what}: the registry deletes nothing (status {response.status_code})",
                hint="allow deletion in the registry's configuration, or delete by the registry's own means",
                code="registry.no-deletion",
            )

    def _delete_left_behind(self, tag: str, digest: str) -> None:
        try:
            found = self.resolve(tag).digest
        except ArtifactNotFoundError:
            return
        if found == digest:
            self._delete(tag)

    def _subject_of(self, digest: str) -> str | None:
        try:
            return subject_of(self.read_manifest(digest).content)
        except (ArtifactNotFoundError, TrustError):
            return None

    def _completed(self, entry: Descriptor) -> Descriptor:
        if not is_doubtful(entry):
            return entry
        try:
            return as_referrer(entry, self.read_manifest(entry.digest).content)
        except ArtifactNotFoundError:
            return entry
