"""Registries, and who signs and verifies what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from pipeline.model.artifact.manifest import Blob, Descriptor, StoredManifest
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.evidence import Signature, SignatureFormat, Verified
from pipeline.model.trust.policy import TrustPolicy


class Registry(Protocol):
    """One repository of artifacts: on a registry, in an OCI layout folder, or in memory."""

    repository: Repository

    def resolve(self, tag: str) -> Descriptor:
        """What the tag points at now.

        Raises:
            ArtifactNotFoundError: no such tag or repository.
            RegistryError: anything else.
        """
        ...

    def read_manifest(self, digest: str) -> StoredManifest:
        """A manifest or index by digest, hashed and compared.

        Raises:
            ArtifactNotFoundError: not there.
            TrustError: the bytes do not have that digest.
        """
        ...

    def read_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """The blob in chunks; it is good only once the iterator has ended without an error.

        Raises:
            ArtifactNotFoundError: not there.
            TrustError: size or digest differ from the descriptor; raised at the latest where the iterator would end.
        """
        ...

    def write_blob(self, descriptor: Descriptor, content: Callable[[], Iterable[bytes]]) -> bool:
        """Store a blob unless it is there; ``content`` is called anew for every try; returns whether it sent any."""
        ...

    def mount_blob(self, descriptor: Descriptor, source: Repository) -> bool:
        """Take the blob over from a repository of the same store, if the store can; returns whether it did."""
        ...

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        """Store exactly these bytes, under a tag or by digest alone; referrers become findable by their subject.

        Raises:
            TrustError: the registry answers with another digest than the bytes have.
        """
        ...

    def delete_manifest(self, digest: str, tags: Sequence[str] = ()) -> None:
        """Delete a manifest or index, and every tag that points at it; one that is not there is no error.

        What refers to it stays, and so do its blobs, which the store collects by itself or keeps. ``tags`` are those
        known to point at it: some registries leave them behind unless they are deleted one by one.

        Raises:
            RegistryError: it could not be deleted; with the code ``registry.no-deletion`` where the store deletes
                nothing.
        """
        ...

    def tags(self) -> Sequence[str]:
        """Every tag, sorted; empty where the repository does not exist."""
        ...

    def referrers(self, digest: str) -> Sequence[Descriptor]:
        """Every manifest whose subject is the digest: by the referrers API, or the fallback tag where there is none."""
        ...


class Signer(Protocol):
    """Makes signatures."""

    format: SignatureFormat

    def own_policy(self) -> TrustPolicy:
        """The policy that accepts this signer's signatures and nobody else's."""
        ...

    def sign(self, subject: PinnedReference) -> Signature:
        """Sign the digest."""
        ...

    def attest(self, statement: bytes) -> Signature:
        """Sign an in-toto statement, as a bundle, whatever format signatures have."""
        ...


class Verifier(Protocol):
    """Judges signatures."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Find out who made a signature, or an attestation, for exactly this digest.

        Keys are tried that occur anywhere in the policy; a keyless one is checked with the policy's root and logs, and
        only where the policy names identities at all. Whether its identity is one of them is decided elsewhere.

        Raises:
            TrustError: it does not hold; the message says which check failed.
        """
        ...
