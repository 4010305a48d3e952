"""What the stages need from the world, as protocols; every member of a family is held to one contract suite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Protocol, TypeVar

from pipeline.model.applying.inventory import Inventory
from pipeline.model.artifact.manifest import Blob, Descriptor, StoredManifest
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.cluster import Event, Listing, ResourceType, WatchEvent
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.model.settings.sources import Source
from pipeline.model.trust.policy import Signature, SignatureFormat, TrustPolicy, VerifiedSignature

_T_co = TypeVar("_T_co", covariant=True)


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


class Inventories(Protocol):
    """Where inventories are kept."""

    def names(self, default_namespace: str) -> Sequence[tuple[str, str]]:
        """Namespace and name of every inventory that may be seen, sorted."""
        ...

    def load(self, namespace: str, name: str) -> Inventory | None:
        """The inventory as last saved, or ``None``."""
        ...

    def save(self, inventory: Inventory) -> Inventory:
        """Save if nobody else saved since it was loaded; returns it with its new resource version.

        Raises:
            RefusedError: somebody else did.
        """
        ...


class Cluster(Protocol):
    """An API server, seen through what planning, applying and verifying need. Every call is safe in many threads."""

    context: str
    """How the user names this cluster, for messages."""
    default_namespace: str
    """Where objects and inventories go that name no namespace: the one asked for, or the context's."""
    manager: str
    """The field manager under which objects are applied."""

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
        """Server-side apply under our field manager; returns the object as the server would store or stored it.

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

    def with_inventories(self, inventories: Inventories) -> Cluster:
        """The same cluster, with its inventories kept elsewhere."""
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


class Stream(Protocol[_T_co]):
    """What comes in over a connection that stays open."""

    def __iter__(self) -> Iterator[_T_co]:
        """Itself."""
        ...

    def __next__(self) -> _T_co:
        """The next of them, waited for."""
        ...

    def close(self) -> None:
        """End it, from any thread and at once; whoever waits for the next one finds the end."""
        ...


class ApiServer(Protocol):
    """An API server seen through single objects and streams: what the puller and the commands around it need.

    Every call is safe in many threads. Beside the errors named, each raises ``ClusterError`` for whatever else went
    wrong, with ``code`` ``cluster.denied``, ``cluster.unreachable``, ``cluster.invalid`` and the like.
    """

    context: str
    default_namespace: str

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """How the kind is served, or ``None``."""
        ...

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The live object, or ``None``."""
        ...

    def list(
        self,
        resource_type: ResourceType,
        namespace: str | None,
        selector: str | None = None,
        *,
        metadata_only: bool = False,
        fields: str | None = None,
    ) -> Listing:
        """All objects of a type with the version to watch from; no namespace: all; ``fields``: a field selector."""
        ...

    def watch(
        self,
        resource_type: ResourceType,
        namespace: str | None,
        selector: str | None = None,
        *,
        resource_version: str,
        metadata_only: bool = False,
        seconds: float = 300.0,
        fields: str | None = None,
    ) -> Stream[WatchEvent]:
        """What changes from that version on, bookmarks included; ends after about that long, or when the server does.

        It begins, and fails, with the first event that is asked for.

        Raises:
            WatchExpiredError: the version is too old (410): list again.
            ClusterError: it could not begin, or broke off; resume from the last version that was seen.
        """
        ...

    def create(self, resource_type: ResourceType, body: Body, *, manager: str) -> Body:
        """Create.

        Raises:
            ExistsError: there is one of that name.
        """
        ...

    def replace(self, resource_type: ResourceType, body: Body, *, manager: str, subresource: str = "") -> Body:
        """Replace the object as it was read; ``metadata.resourceVersion`` guards it.

        Raises:
            StaleError: it has changed, or is gone.
        """
        ...

    def merge_patch(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        patch: Mapping[str, Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> Body | None:
        """JSON merge patch (RFC 7386); ``None`` where the object is gone. A version in the patch's metadata guards it.

        Raises:
            StaleError: it has another version than the patch names.
        """
        ...

    def apply(
        self, resource_type: ResourceType, body: Body, *, manager: str, force: bool, dry_run: bool = False
    ) -> Body:
        """Server-side apply under any manager.

        Raises:
            FieldConflictError: other managers own fields; they are named.
        """
        ...

    def delete(
        self, resource_type: ResourceType, object_id: ObjectId, *, uid: str = "", propagation: str = "Background"
    ) -> bool:
        """Delete it, or exactly the one with that uid; returns whether it was there."""
        ...

    def log_lines(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: float | None = None,
    ) -> Stream[str]:
        """Lines of a container's log; ``since`` in seconds before now; ``follow`` goes on as they come.

        It begins, and fails, with the first line that is asked for.
        """
        ...

    def may(self, verb: str, resource_type: ResourceType, namespace: str = "") -> bool:
        """Whether we are allowed to (SelfSubjectAccessReview)."""
        ...

    def version(self) -> str:
        """The server's version, such as ``v1.37.2``."""
        ...


class Expressions(Protocol):
    """Evaluates CEL (https://cel.dev) over JSON data."""

    def check(self, expression: str, variables: Sequence[str]) -> None:
        """Compile it.

        Raises:
            ExpressionError: it is no CEL, or uses other variables; ``is_final`` is true.
        """
        ...

    def evaluate(self, expression: str, variables: Mapping[str, Any]) -> bool:
        """Its value over the variables.

        Raises:
            ExpressionError: it cannot be compiled (``is_final``), fails over these data, or is no boolean.
        """
        ...


class TreeBuilder(Protocol):
    """Builds kustomizations."""

    def build(self, files: Mapping[str, bytes], path: str) -> bytes:
        """The objects, as YAML, of the kustomization in the folder ``path`` (the root is ``""``) of a tree of files.

        Raises:
            RefusedError: it would read files outside of the tree, run a program, or fetch what must not be fetched.
            ManifestError: a kustomization cannot be read.
            ToolError: kustomize is missing, refuses the kustomization, or takes too long.
        """
        ...


class Decryptor(Protocol):
    """Decrypts files that SOPS encrypted."""

    def decrypt(self, content: bytes, *, input_type: str, output_type: str) -> bytes:
        """The plain content; types are those of sops: ``yaml``, ``json``, ``dotenv``, ``ini``, ``binary``.

        Raises:
            ToolError: sops is missing, or no key that we have opens it; never with any of the content.
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
