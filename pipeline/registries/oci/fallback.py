"""The referrers tag, where there is no referrers API: read, add, take out (distribution specification 1.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import ArtifactNotFoundError, RegistryError
from pipeline.model.artifact.manifest import Blob, Descriptor, StoredManifest
from pipeline.model.artifact.reference import Repository
from pipeline.registries.oci.referrers import fallback_tag, format_index, parse_index

_TRIES = 3


@dataclass(frozen=True, slots=True)
class FallbackTag:
    """The referrers tags of one repository.

    Attributes:
        read: a manifest by tag; told what for.
        put: store a manifest under a tag.
        delete: delete a manifest by digest.
    """

    repository: Repository
    read: Callable[[str, str], StoredManifest]
    put: Callable[[Blob, str], object]
    delete: Callable[[str], object]

    def entries(self, digest: str) -> tuple[Descriptor, ...]:
        """What refers to the digest.

        Raises:
            RegistryError: it cannot be read.
        """
        return self._stored(digest)[1]

    def add(self, subject: str, referrer: Descriptor) -> None:
        """Read, add, write; and look again, because another writer may have written in between.

        Raises:
            RegistryError: it cannot be written, or others keep writing it.
        """
        for _ in range(_TRIES):
            entries = self.entries(subject)
            if any(entry.digest == referrer.digest for entry in entries):
                return
            self.put(format_index((*entries, referrer)), fallback_tag(subject))
        if all(entry.digest != referrer.digest for entry in self.entries(subject)):
            raise RegistryError(
                f"{self.repository.host}: others keep writing the referrers tag '{fallback_tag(subject)}' of "
                f"{self.repository.path}; {referrer.digest} is stored but cannot be found from there",
                hint="run the same command again",
            )

    def remove(self, subject: str, referrer: str) -> None:
        """Take out what was deleted; a tag that would list nothing goes, too.

        Raises:
            RegistryError: it cannot be read, written or deleted.
        """
        listing, entries = self._stored(subject)
        kept = tuple(entry for entry in entries if entry.digest != referrer)
        if kept == entries:
            return
        if kept:
            self.put(format_index(kept), fallback_tag(subject))
        else:
            # Deleting the list takes its tag along.
            self.delete(listing)

    def _stored(self, digest: str) -> tuple[str, tuple[Descriptor, ...]]:
        tag = fallback_tag(digest)
        try:
            stored = self.read(tag, f"read the referrers tag '{tag}' of {self.repository.path}")
        except ArtifactNotFoundError:
            return "", ()
        where = f"{self.repository.host}: tag '{tag}' of {self.repository.path}"
        return stored.digest, parse_index(stored.content, where)
