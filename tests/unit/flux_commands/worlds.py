"""An API server in memory, and a controller that does what the test says as soon as a command tells of something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.clock import SystemClock
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import Body, ObjectId
from pipeline.operations.reconcile import Ports
from pipeline.testing.api_server import MemoryApiServer

Step = Callable[[], object]


class World:
    """The server with what a test puts there; what was told; and the steps that wait to be taken.

    ``when`` plans a step for the next message that holds a text; steps are taken in their order, one per message.
    """

    def __init__(self) -> None:
        self.server = MemoryApiServer(namespaces=("default", "apps", "flux-system"))
        self.ports = Ports(self.server, SystemClock(), self)
        self.lines: list[str] = []
        self._steps: list[tuple[str, Step]] = []

    def info(self, message: str, **fields: object) -> None:
        self.lines.append(message)
        if self._steps and self._steps[0][0] in message:
            self._steps.pop(0)[1]()

    detail = warn = info

    def progress(self, label: str, done: int, total: int) -> None:
        pass

    def when(self, text: str, step: Step) -> None:
        self._steps.append((text, step))

    def assert_all_steps_taken(self) -> None:
        assert self._steps == []

    def put(self, body: dict[str, Any]) -> None:
        """Create the object or change its spec, then set its status, as its author and its controller would."""
        kind = kind_of(body)
        metadata = {key: value for key, value in body["metadata"].items() if key != "generation"}
        if self.server.read(kind, metadata["namespace"], metadata["name"]) is None:
            self.server.create(kind, {**body, "metadata": metadata, "status": {}}, manager="author")
        else:
            patch = {"spec": body["spec"], "metadata": {"annotations": metadata.get("annotations")}}
            self.server.merge_patch(kind, id_of(body), patch, manager="author")
        status = {"status": body["status"]}
        self.server.merge_patch(kind, id_of(body), status, manager="controller", subresource="status")

    def delete(self, body: Body) -> None:
        self.server.delete(kind_of(body), id_of(body))

    def read(self, body: Body) -> Body:
        found = self.server.read(kind_of(body), body["metadata"]["namespace"], body["metadata"]["name"])
        assert found is not None
        return found


def kind_of(body: Body) -> ResourceType:
    return OCI_REPOSITORIES if body["kind"] == "OCIRepository" else KUSTOMIZATIONS


def id_of(body: Body) -> ObjectId:
    kind, metadata = kind_of(body), body["metadata"]
    return ObjectId(kind.group, kind.kind, metadata["namespace"], metadata["name"])
