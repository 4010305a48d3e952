"""What a kubeconfig's context has to say before the client may have it: the client believes whatever it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HIGHEST_PORT = 65535


def complaint(
    context: Mapping[str, Any], cluster: Mapping[str, Any] | None, user: Mapping[str, Any] | None
) -> str | None:
    """What is wrong with the context, its cluster or its user, in one phrase; ``None`` where nothing is.

    ``cluster`` and ``user`` are the entries that the context names, or ``None`` where there is no such entry.
    """
    for key in ("cluster", "user", "namespace"):
        if not isinstance(context.get(key, ""), str):
            return f"its {key} is {context[key]!r}; expected a name"
    if context.get("namespace") and _NAMESPACE.fullmatch(context["namespace"]) is None:
        return f"its namespace is '{context['namespace']}'; expected lower-case letters, digits and '-'"
    if cluster is None:
        return f"there is no cluster '{context.get('cluster', '')}'"
    if context.get("user") and user is None:
        return f"there is no user '{context['user']}'"
    return _server_complaint(context.get("cluster", ""), (cluster.get("cluster") or {}).get("server"))


def _server_complaint(name: str, server: object) -> str | None:
    expected = "expected an address such as https://HOST:6443"
    if not isinstance(server, str) or not server:
        return f"cluster '{name}' has {'no server' if server in (None, '') else f'the server {server!r}'}; {expected}"
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError:
        return f"cluster '{name}' has a server with a port that is none (1 to {_HIGHEST_PORT}); {expected}"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return f"cluster '{name}' has the server '{server}'; {expected}"
    return None
