"""What gates that are programs of others have in common."""

from __future__ import annotations

from pathlib import Path

from pipeline.command import find_tool
from pipeline.errors import ConfigurationError, ToolError
from pipeline.ports import Environment

MAX_OUTPUT = 64 * 1024 * 1024
MAX_MESSAGE = 500
PATIENCE = 1800.0
"""Seconds; Kyverno takes some 15 ms for each object and policy, and a slow machine several times that."""


def required_tool(name: str, environment: Environment) -> Path:
    """The program of that name.

    Raises:
        ConfigurationError: there is none: who asks for a gate without having it has not been checked.
    """
    try:
        return find_tool(name, environment)
    except ToolError as error:
        hint = f"{error.hint}, or leave the gate {name} out"
        raise ConfigurationError(error.message, hint=hint, code="configuration.tool-missing") from None


def bounded(output: bytes, name: str) -> str:
    """What the program has written, as text.

    Raises:
        ToolError: it is more than anybody reads.
    """
    if len(output) > MAX_OUTPUT:
        raise ToolError(f"{name} wrote {len(output)} bytes; at most {MAX_OUTPUT} are read", code="tool.failed")
    return output.decode(errors="replace")
