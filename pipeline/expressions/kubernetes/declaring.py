"""How a function that CEL may call is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

UNSUPPORTED = "is not evaluated here: "
"""Begins the message of an error that says nothing about the data, only about us."""


@dataclass(frozen=True, slots=True)
class Function:
    """One overload; types are attributes of ``cel.Type``, an object of a library (a quantity, say) is ``MAP``."""

    name: str
    takes: tuple[str, ...]
    gives: str
    does: Callable[..., Any]
    is_member: bool = True


def unsupported(what: str) -> ValueError:
    """For an implementation to raise where it cannot do what Kubernetes does."""
    return ValueError(f"{UNSUPPORTED}{what}")


def field(value: object, name: str) -> Any:  # noqa: ANN401 - what the library has put there
    """The content of a library's object.

    Raises:
        ValueError: it is an object of another library.
    """
    if not isinstance(value, dict) or name not in value:
        raise ValueError(f"no such overload: expected a {name}")
    return value[name]
