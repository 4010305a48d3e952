"""What the stages need from the world, as protocols; every member of a family is held to one contract suite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Protocol

from pipeline.model.applying.inventory import Inventory
from pipeline.model.artifact.manifest import Blob, Descriptor, StoredManifest
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.cluster import Event, ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.model.settings.sources import Source
from pipeline.model.trust.policy import Signature, SignatureFormat, TrustPolicy, VerifiedSignature


class Renderer(Protocol):
    """Turns one kind of source into objects."""

    name: str

    def recognises(self, folder: PurePath) -> bool:
        """Whether the folder (or file) looks like this renderer's kind of source."""
        ...

    def render(self, source: Source) -> Sequence[Resource]:
        """Render, each object with its origin; not yet sorted, duplicates not yet refused.

        Raises:
            ManifestError: something in the source or in the output cannot be read.
            ToolError: the external program is missing or failed.
        """
        ...


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


class Verifier(Protocol):
    """Judges signatures."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> VerifiedSignature:
        """Accept the signature for exactly this digest.

        Raises:
            TrustError: it does not hold; the message says which check failed.
        """
        ...


class Cluster(Protocol):
    """An API server, seen through what planning, applying and verifying need. Every call is safe in many threads."""

    context: str
    """How the user names this cluster, for messages."""
    default_namespace: str
    """Where objects and inventories go that name no namespace: the one asked for, or the context's."""

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """How the kind is served, or ``None`` where it is not; looks again after a definition was applied."""
        ...

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The live object, or ``None``."""
        ...

    def list_metadata(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Metadata alone (PartialObjectMetadata) of all objects of a type, page by page; no namespace: all of them."""
        ...

    def list_objects(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Whole objects of a type, page by page; no namespace: all of them."""
        ...

    def apply(self, body: Body, *, dry_run: bool = False, force: bool = False, metadata_only: bool = False) -> Body:
        """Server-side apply under gitless's field manager; returns the object as the server would store or stored it.

        ``metadata_only`` asks for apiVersion, kind and metadata alone, which is much less to send and to read.

        Raises:
            FieldConflictError: other managers own fields; they are named.
            ImmutableFieldError: the object must be recreated for this change.
            ClusterError: anything else, with the object named.
        """
        ...

    def set_managed_fields(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        managed_fields: Sequence[Mapping[str, Any]],
        *,
        resource_version: str,
    ) -> Body | None:
        """Replace who owns which fields; no value changes.

        Returns apiVersion, kind and metadata; ``None`` where the object has changed since that version, or is gone.
        """
        ...

    def delete(self, resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool = False) -> None:
        """Delete exactly that object (by uid) with background propagation; not being there is fine."""
        ...

    def events(self, object_id: ObjectId, uid: str) -> Sequence[Event]:
        """Events about the object, newest last."""
        ...

    def logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False) -> Sequence[str]:
        """Last log lines of a container; empty where there are none to be had."""
        ...

    def list_inventories(self) -> Sequence[tuple[str, str]]:
        """Namespace and name of every inventory that may be seen, sorted."""
        ...

    def load_inventory(self, namespace: str, name: str) -> Inventory | None:
        """The inventory as last saved, or ``None``."""
        ...

    def save_inventory(self, inventory: Inventory) -> Inventory:
        """Save if nobody else saved since it was loaded; returns it with its new resource version.

        Raises:
            RefusedError: somebody else did.
        """
        ...


class Reporter(Protocol):
    """The talk on stderr: never results, never secrets."""

    def info(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - fields are whatever a log line may carry
        """Something a user wants to know."""
        ...

    def detail(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - the same
        """Something only ``-v`` shows."""
        ...

    def warn(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - the same
        """Something that deserves attention though it goes on."""
        ...

    def progress(self, label: str, done: int, total: int) -> None:
        """How far a long step is; shown on a terminal only."""
        ...


class Clock(Protocol):
    """Time, so that tests need not wait."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


Environment = Mapping[str, str]
"""The process's environment variables, handed down so that nothing below the command line reads them by itself."""
