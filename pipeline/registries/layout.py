"""An OCI image layout folder as a registry: for the air gap, for trying things out, and for tests.

Format: OCI image layout specification 1.1. Tags are ``org.opencontainers.image.ref.name`` annotations in
``index.json``; a manifest without a tag is listed there without that annotation, which is how referrers are found.
Every file appears by rename and every change of ``index.json`` is made under a lock, so that several processes can
write at once and a reader, or a crash, never sees half of anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.manifest import (
    MAX_MANIFEST_BYTES,
    OCI_INDEX,
    Blob,
    Descriptor,
    StoredManifest,
    is_manifest_type,
    parse_manifest,
    referrer_descriptor,
    sha256_digest,
)
from pipeline.model.artifact.reference import Repository, check_tag, is_digest
from pipeline.registries.layout_index import list_manifest, manifests_of, tag_of
from pipeline.whole_files import replacing

_LAYOUT_VERSION = "1.0.0"
_CHUNK = 1024 * 1024
_TEMPORARY = ".new-"


class LayoutRegistry:
    """One layout folder; it is made by the first write."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._folder = Path(repository.path)
        self._blobs = self._folder / "blobs" / "sha256"

    def resolve(self, tag: str) -> Descriptor:
        """What the tag points at."""
        for entry in self._entries():
            if tag_of(entry) == tag:
                return self._descriptor(entry)
        raise ArtifactNotFoundError(
            f"{self.repository}:{tag} does not exist", hint=f"`gitless list {self.repository}` shows what there is"
        )

    def read_manifest(self, digest: str) -> StoredManifest:
        """The manifest, hashed and compared."""
        content = self._read_small(digest)
        if sha256_digest(content) != digest:
            raise TrustError(f"{self._path(digest)} is not what its name says: the content has another digest")
        return StoredManifest(self._media_type(digest, content), digest, content)

    def read_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """The blob in chunks, hashed and compared before the end."""
        path = self._path(descriptor.digest)
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            raise ArtifactNotFoundError(f"{self.repository} has no blob {descriptor.digest}") from None
        except OSError as error:
            raise self._unusable(error) from None
        hashed, size = hashlib.sha256(), 0
        with stream:
            while chunk := stream.read(_CHUNK):
                hashed.update(chunk)
                size += len(chunk)
                if size > descriptor.size:
                    break
                yield chunk
        if size != descriptor.size or f"sha256:{hashed.hexdigest()}" != descriptor.digest:
            raise TrustError(f"{path} is not what its name says: the content has another size or digest")

    def write_blob(self, descriptor: Descriptor, content: Callable[[], Iterable[bytes]]) -> bool:
        """Store the blob unless it is there; a damaged one is replaced."""
        self._prepare()
        path = self._path(descriptor.digest)
        if self._holds(descriptor):
            return False
        hashed, size = hashlib.sha256(), 0
        with self._replacing(path) as stream:
            for chunk in content():
                hashed.update(chunk)
                size += len(chunk)
                stream.write(chunk)
            if size != descriptor.size or f"sha256:{hashed.hexdigest()}" != descriptor.digest:
                raise TrustError(f"the content written to {self.repository} is not {descriptor.digest}")
        return True

    def mount_blob(self, descriptor: Descriptor, source: Repository) -> bool:  # noqa: ARG002 - see the port
        """Never: a link would take over what is damaged unseen, and copying hashes on the way."""
        return False

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        """Store the bytes and list them in ``index.json``; what they point at must be there already."""
        if tag is not None:
            check_tag(tag)
        descriptor = manifest.descriptor
        self._check_complete(StoredManifest(manifest.media_type, descriptor.digest, manifest.content))
        self.write_blob(descriptor, lambda: [manifest.content])
        with self._locked():
            index = self._read_index()
            entries = list(manifests_of(index))
            if not list_manifest(entries, descriptor, tag):
                return descriptor
            body = {"schemaVersion": 2, "mediaType": OCI_INDEX, **index, "manifests": entries}
            self._write_file(self._folder / "index.json", json.dumps(body, separators=(",", ":")).encode())
        return descriptor

    def delete_manifest(self, digest: str, tags: Sequence[str] = ()) -> None:  # noqa: ARG002 - they are in one file
        """Take the manifest out of ``index.json`` and delete its file; layers stay, for others may have them, too."""
        path = self._path(digest)
        if not path.is_file():
            return
        with self._locked():
            index = self._read_index()
            entries = [entry for entry in manifests_of(index) if entry.get("digest") != digest]
            body = {"schemaVersion": 2, "mediaType": OCI_INDEX, **index, "manifests": entries}
            self._write_file(self._folder / "index.json", json.dumps(body, separators=(",", ":")).encode())
            path.unlink(missing_ok=True)

    def tags(self) -> Sequence[str]:
        """Every tag, sorted."""
        return sorted({tag for entry in self._entries() if (tag := tag_of(entry)) is not None})

    def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Every listed manifest whose subject is the digest, in the order of ``index.json``."""
        found: dict[str, Descriptor] = {}
        for entry in self._entries():
            listed = entry.get("digest")
            if not isinstance(listed, str) or listed in found or not is_manifest_type(entry.get("mediaType", "")):
                continue
            manifest = self.read_manifest(listed)
            subject = parse_manifest(manifest).subject
            if subject is not None and subject.digest == digest:
                found[listed] = referrer_descriptor(manifest)
        return list(found.values())

    def _holds(self, descriptor: Descriptor) -> bool:
        try:
            if self._path(descriptor.digest).stat().st_size != descriptor.size:
                return False
            for _ in self.read_blob(descriptor):
                pass
        except (TrustError, ArtifactNotFoundError, FileNotFoundError):
            return False
        except OSError as error:
            raise self._unusable(error) from None
        return True

    def _path(self, digest: str) -> Path:
        if not is_digest(digest):
            raise RegistryError(f"{self.repository}: '{digest}' is not a sha256 digest")
        return self._blobs / digest.removeprefix("sha256:")

    def _entries(self) -> Sequence[Mapping[str, Any]]:
        return manifests_of(self._read_index())

    def _read_index(self) -> Mapping[str, Any]:
        path = self._folder / "index.json"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(error) from None
        try:
            index = json.loads(content)
        except (ValueError, RecursionError):
            index = None
        if not isinstance(index, dict):
            raise RegistryError(f"{path} is not the JSON object that an OCI layout has", hint="is it the right folder?")
        return index

    def _read_small(self, digest: str) -> bytes:
        path = self._path(digest)
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_MANIFEST_BYTES + 1)
        except FileNotFoundError:
            raise ArtifactNotFoundError(f"{self.repository}@{digest} does not exist") from None
        except OSError as error:
            raise self._unusable(error) from None
        if len(content) > MAX_MANIFEST_BYTES:
            raise RegistryError(f"{path} has more than {MAX_MANIFEST_BYTES} bytes, which no manifest may have")
        return content

    def _media_type(self, digest: str, content: bytes) -> str:
        for entry in self._entries():
            if entry.get("digest") == digest and isinstance(entry.get("mediaType"), str):
                return str(entry["mediaType"])
        # A child of an index need not be listed by itself; then its own word counts.
        try:
            return str(json.loads(content)["mediaType"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise RegistryError(f"{self._path(digest)} is no manifest: it has no mediaType") from None

    def _descriptor(self, entry: Mapping[str, Any]) -> Descriptor:
        media_type, digest, size = entry.get("mediaType"), entry.get("digest"), entry.get("size")
        if not isinstance(media_type, str) or not isinstance(digest, str) or not isinstance(size, int):
            raise RegistryError(f"{self._folder / 'index.json'} has an entry without mediaType, digest or size")
        return Descriptor(media_type, digest, size)

    def _check_complete(self, manifest: StoredManifest) -> None:
        parsed = parse_manifest(manifest)
        for part in (*parsed.blobs, *parsed.children):
            if not self._path(part.digest).is_file():
                raise RegistryError(f"{self.repository}: {manifest.digest} points at {part.digest}, which is missing")

    def _prepare(self) -> None:
        marker = self._folder / "oci-layout"
        if marker.is_file() and self._blobs.is_dir():
            return
        try:
            if self._folder.is_dir() and not marker.exists() and any(self._folder.iterdir()):
                self._refuse_foreign_folder()
            self._blobs.mkdir(parents=True, exist_ok=True)
            if not marker.exists():
                self._write_file(marker, json.dumps({"imageLayoutVersion": _LAYOUT_VERSION}).encode())
        except OSError as error:
            raise self._unusable(error) from None

    def _refuse_foreign_folder(self) -> None:
        # Another writer may be between its first folder and its marker: that is no foreign folder.
        own = ("blobs", "oci-layout", "index.json", ".lock")
        if all(entry.name in own or entry.name.startswith(_TEMPORARY) for entry in self._folder.iterdir()):
            return
        raise RegistryError(
            f"{self._folder} is neither empty nor an OCI layout, so nothing is written into it",
            hint="name a new folder, or an existing layout",
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl

        try:
            # The lock ends with the process, however that ends; the file stays, since removing it would race.
            with (self._folder / ".lock").open("ab") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise self._unusable(error) from None

    def _write_file(self, path: Path, content: bytes) -> None:
        with self._replacing(path) as stream:
            stream.write(content)

    @contextmanager
    def _replacing(self, path: Path) -> Iterator[Any]:
        try:
            with replacing(path, 0o644, prefix=_TEMPORARY, is_durable=True) as stream:
                yield stream
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> RegistryError:
        return RegistryError(f"{error.filename or self._folder}: {error.strerror or error}")
