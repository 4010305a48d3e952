"""Programs and languages that make something of manifests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Protocol

from pipeline.model.attestation.materials import Material
from pipeline.model.manifests import Resource
from pipeline.model.settings.sources import Source


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

    def materials(self, source: Source) -> Sequence[Material]:
        """What goes into the rendering beside the source's own files: charts, remote bases, files that pin them.

        Nothing is rendered or fetched; what cannot be read is left to ``render`` to complain about.
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


class Expressions(Protocol):
    """Evaluates CEL (https://cel.dev) over JSON data."""

    def check(self, expression: str, variables: Sequence[str]) -> None:
        """Compile it.

        Raises:
            ExpressionError: it is no CEL, or uses other variables; ``is_final`` is true.
        """
        ...

    def finds(self, pattern: str, text: str) -> bool:
        """Whether the regular expression (Go's, RE2) is found anywhere in the text.

        Raises:
            ExpressionError: it is no regular expression; ``is_final`` is true.
        """
        ...

    def evaluate(self, expression: str, variables: Mapping[str, Any]) -> bool:
        """Its value over the variables.

        Raises:
            ExpressionError: it cannot be compiled (``is_final``), fails over these data, or is no boolean.
        """
        ...
