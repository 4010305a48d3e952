"""What an engine streams while it builds and pushes: its steps, its talk, its layers, and its errors, which are items.

Shapes: the Docker Engine API's ``/build`` and ``/images/{name}/push``; podman writes steps in capitals.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import ToolError
from pipeline.model.artifact.reference import is_digest
from pipeline.model.documents.printable import printable
from pipeline.model.documents.untyped import mapping_at, number_at, text_at
from pipeline.ports import Reporter

_STEP = re.compile(r"step (\d+)/(\d+)\s*:\s*(.*)", re.IGNORECASE)
_ITS_OWN = ("--->", "Removing intermediate container")
"""What the engine says between what the steps say."""
_WARNING = "[Warning]"
_LINES_KEPT = 20
_LINE_WIDTH = 300
_INSTRUCTION_WIDTH = 80
_LONGEST_PART = 64 * 1024
_SHORTEST_SECRET = 4
"""Masking every occurrence of less would garble the text, and so tell it."""


def masked(text: str, secrets: Sequence[str]) -> str:
    """The text without the secrets."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


def error_in(item: Mapping[str, Any]) -> str:
    """The engine's words where the item is an error; empty otherwise."""
    return text_at(item, "errorDetail", "message") or text_at(item, "error")


class BuildLog:
    """Follows one build: tells its steps, shows its output under ``-v``, and remembers the last lines for an error."""

    def __init__(self, label: str, file: str, secrets: Sequence[str], reporter: Reporter) -> None:
        self._label = label
        self._file = file
        self._secrets = secrets
        self._reporter = reporter
        self._step = ""
        self._last: deque[str] = deque(maxlen=_LINES_KEPT)
        self._part = ""
        self.image_id = ""

    def take(self, item: object) -> None:
        """Look at the next item.

        Raises:
            ToolError: it says that the build failed.
        """
        item = mapping_at(item)
        message = error_in(item)
        if message:
            raise self._failed(message)
        found = text_at(item, "aux", "ID")
        if is_digest(found):
            self.image_id = found
        *whole, self._part = (self._part + text_at(item, "stream")).split("\n")
        self._part = self._part[-_LONGEST_PART:]
        for line in whole:
            self._line(printable(masked(line, self._secrets), _LINE_WIDTH))

    def _line(self, line: str) -> None:
        if not line:
            return
        tell = self._reporter.warn if line.startswith(_WARNING) else self._reporter.detail
        tell(f"{self._label}: {line.removeprefix(_WARNING).strip()}")
        match = _STEP.fullmatch(line)
        if match is None:
            if not line.strip().startswith(_ITS_OWN):
                self._last.append(line)
            return
        self._last.clear()
        number, total, instruction = int(match[1]), int(match[2]), printable(match[3], _INSTRUCTION_WIDTH)
        self._step = f"step {number}/{total}, {instruction},"
        self._reporter.progress(f"{self._label}: {instruction}", number, total)

    def _failed(self, message: str) -> ToolError:
        if self._part:
            self._line(printable(masked(self._part, self._secrets), _LINE_WIDTH))
        words = "\n  ".join(self._last)
        where = f"{self._file}: {self._step}" if self._step else f"{self._file}: the build"
        return ToolError(
            f"{where} failed: {printable(masked(message, self._secrets), _LINE_WIDTH)}",
            hint=f"what it wrote last:\n  {words}" if words else "with -v everything that it writes is shown",
            code="tool.image-build",
        )


class PushLog:
    """Follows one push: all layers as one bar, and the digest that the engine names at the end."""

    def __init__(self, label: str, reporter: Reporter) -> None:
        self._label = label
        self._reporter = reporter
        self._layers: dict[str, tuple[int, int]] = {}
        self._percent = -1
        self.digest = ""
        self.error = ""

    def take(self, item: object) -> None:
        """Look at the next item; an error is kept in ``error``."""
        item = mapping_at(item)
        self.error = self.error or error_in(item)
        found = text_at(item, "aux", "Digest")
        if is_digest(found):
            self.digest = found
        layer, total = text_at(item, "id"), number_at(item, "progressDetail", "total") or 0
        if layer and total > 0:
            self._layers[layer] = (min(number_at(item, "progressDetail", "current") or 0, total), total)
            self._show()

    def _show(self) -> None:
        done, total = (sum(values) for values in zip(*self._layers.values(), strict=True))
        percent = 100 * done // total if total > 0 else 0
        if percent != self._percent:
            self._percent = percent
            self._reporter.progress(f"{self._label}: {len(self._layers)} layers, % of the bytes", percent, 100)
