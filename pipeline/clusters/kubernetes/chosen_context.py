"""What a kubeconfig's context has to say before the client may have it: the client believes whatever it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def complaint(
    context: Mapping[str, Any], cluster: Mapping[str, Any] | None, user: Mapping[str, Any] | None
) -> str | None:
    """What is wrong with the context, its cluster or its user, in one phrase; ``None`` where nothing is.

    ``cluster`` and ``user`` are the entries that the context names, or ``None`` where there is no such entry.
    """
    for key in ("cluster", "user", "namespace"):
        if not isinstance(context.get(key) or "", str):
            return f"its {key} is {context[key]!r}; expected a name"
    if context.get("namespace") and _NAMESPACE.fullmatch(context["namespace"]) is None:
        return f"its namespace is '{context['namespace']}'; expected lower-case letters, digits and '-'"
    if cluster is None:
        return f"there is no cluster '{context.get('cluster', '')}'"
    if context.get("user") and user is None:
        return f"there is no user '{context['user']}'"
    entry = cluster.get("cluster") or {}
    if not isinstance(entry, Mapping):
        return f"the entry of cluster '{context['cluster']}' is no mapping; expected server and certificates"
    return _server_complaint(context.get("cluster") or "", entry.get("server"))


def _server_complaint(name: str, server: object) -> str | None:
    expected = "expected an address such as https://HOST:6443"
    if not isinstance(server, str) or not server:
        return f"cluster '{name}' has {'no server' if server in (None, '') else 'a server that is no text'}; {expected}"
    try:
        parts = urlsplit(server)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    # The text itself stays out: there may be a password in it.
    return None if is_address else f"the server of cluster '{name}' is no address; {expected}"
