"""What the API server answers: responses, and bodies that say what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from urllib3 import BaseHTTPResponse

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the API server, whatever its status."""

    status: int
    content: bytes
    headers: Mapping[str, str]
    source: str
    """Who answered, for messages."""
    stream: BaseHTTPResponse | None = None
    """The content as it comes, where that was asked for and the status is 200; ``content`` is empty then."""

    def json(self) -> dict[str, Any]:
        """The content read as a JSON object.

        Raises:
            ClusterError: it is none, so something else than an API server answered.
        """
        hint = "is this address an API server, or a login page or proxy in front of it?"
        try:
            document = json.loads(self.content)
        except (ValueError, RecursionError):
            raise ClusterError(f"{self.source}: its answer (HTTP {self.status}) is not JSON", hint=hint) from None
        if not isinstance(document, dict) or not isinstance(document.get("metadata", {}), dict):
            raise ClusterError(f"{self.source}: its answer (HTTP {self.status}) is no API object", hint=hint)
        return document

    def object(self) -> dict[str, Any]:
        """The same, with metadata, as every object and list has.

        Raises:
            ClusterError: the same.
        """
        document = self.json()
        if "metadata" not in document:
            raise ClusterError(f"{self.source}: its answer (HTTP {self.status}) is no API object")
        return document


def identified(resource_type: ResourceType, answer: Mapping[str, Any], *, metadata_only: bool) -> Body:
    """With the object's own type: items of lists have none, and metadata alone calls itself PartialObjectMetadata."""
    named = {"apiVersion": resource_type.api_version, "kind": resource_type.kind}
    return named | {"metadata": answer["metadata"]} if metadata_only else {**answer, **named}
