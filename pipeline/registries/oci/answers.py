"""Reading what a registry answered, none of which is taken on trust."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipeline.errors import RegistryError

if TYPE_CHECKING:
    import requests


def media_type_of(response: requests.Response) -> str:
    """The ``Content-Type`` without its parameters; empty where there is none."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip()


def declared_type(content: bytes) -> str | None:
    """The manifest's own ``mediaType``, which its digest covers and the header is not held to."""
    document = _json(content) if b'"mediaType"' in content else None
    declared = document.get("mediaType") if isinstance(document, dict) else None
    return declared if isinstance(declared, str) and declared else None


def tags_in(response: requests.Response, where: str) -> Iterable[str]:
    """The tags of one page of the tag list.

    Raises:
        RegistryError: it is no tag list.
    """
    document = _json(response.content)
    tags = document.get("tags") or [] if isinstance(document, dict) else None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise RegistryError(f"{where}: expected a JSON object with 'tags'", hint="is it a registry?")
    return tags


def _json(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
