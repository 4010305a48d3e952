"""Where in its source a field of an object was written."""

from __future__ import annotations

from typing import Protocol

from pipeline.model.manifests import Origin, Resource


class Places(Protocol):
    """Knows the sources that manifests were made from."""

    def locate(self, resource: Resource, path: str) -> Origin | None:
        """The file and line of a field, or of what is nearest around it; the object's own origin where nobody knows.

        ``path`` is written as :mod:`pipeline.model.validation.field_paths` says; empty: the object.
        """
        ...
