"""A cluster, seen through single objects and streams: what the puller and the commands around it need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar

from pipeline.model.cluster import Listing, ResourceType, WatchEvent
from pipeline.model.manifests import Body, ObjectId

_T_co = TypeVar("_T_co", covariant=True)


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
