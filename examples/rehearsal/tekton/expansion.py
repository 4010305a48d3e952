"""What Kubernetes itself does with ``$(NAME)`` in a container's command, arguments and variables.

Documented with Container in the Kubernetes API: a reference to a variable of the container is replaced, one to any
other stays, and ``$$`` is a single ``$``. It comes after Tekton's substitution, so a param's value takes part in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_REFERENCE = re.compile(r"\$(?:(\$)|\(([^)]*)\))")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text as the container gets it."""

    def replaced(match: re.Match[str]) -> str:
        return "$" if match[1] else variables.get(match[2], match[0])

    return _REFERENCE.sub(replaced, text)


def expand_environment(declared: Iterable[tuple[str, str, bool]]) -> dict[str, str]:
    """Variables in their order, each seeing those before it; a value from a Secret or ConfigMap is taken as it is."""
    found: dict[str, str] = {}
    for name, value, is_literal in declared:
        found[name] = expand(value, found) if is_literal else value
    return found
