"""``WWW-Authenticate``: what a registry asks for, and scopes of the distribution project's token protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PULL = frozenset({"pull"})
PUSH = frozenset({"pull", "push"})
DELETE = frozenset({"pull", "delete"})

Scopes = Mapping[str, frozenset[str]]
"""Actions by resource, such as ``repository:team/app``: ``{pull, push}``."""

# RFC 9110, 11.6.1: token68 and quoted strings, both of which may hold what looks like a separator.
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - grammar, not a secret
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)')
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?:\s+|\s*,|\s*$)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate; scheme and parameter names in lower case."""

    scheme: str
    parameters: Mapping[str, str]

    @property
    def error(self) -> str:
        """Why a token was not good enough, such as ``insufficient_scope``."""
        return self.parameters.get("error", "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """All challenges of one header value, in order; what cannot be read ends the list."""
    challenges: list[Challenge] = []
    position = 0
    while position < len(header):
        scheme = _SCHEME.match(header, position)
        if scheme is None:
            break
        position = scheme.end()
        parameters: dict[str, str] = {}
        while (parameter := _PARAMETER.match(header, position)) is not None:
            name, quoted, plain = parameter.groups()
            parameters[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            position = parameter.end()
        challenges.append(Challenge(scheme.group(1).lower(), parameters))
    return tuple(challenges)


def repository_scope(path: str, actions: frozenset[str]) -> Scopes:
    """The scope of one repository."""
    return {f"repository:{path}": actions}


def parse_scopes(text: str) -> Scopes:
    """Scopes as a challenge lists them, separated by spaces."""
    scopes: dict[str, frozenset[str]] = {}
    for scope in text.split():
        # A resource's name may hold a port and so a colon.
        resource, _, actions = scope.rpartition(":")
        if resource:
            scopes[resource] = scopes.get(resource, frozenset()) | frozenset(actions.split(","))
    return scopes


def merge_scopes(*several: Scopes) -> Scopes:
    """Everything that any of them asks for."""
    merged: dict[str, frozenset[str]] = {}
    for scopes in several:
        for resource, actions in scopes.items():
            merged[resource] = merged.get(resource, frozenset()) | actions
    return merged


def covers(granted: Scopes, wanted: Scopes) -> bool:
    """Whether a token that was asked for with ``granted`` does for ``wanted``."""
    return all(actions <= granted.get(resource, frozenset()) for resource, actions in wanted.items())


def format_scopes(scopes: Scopes) -> tuple[str, ...]:
    """``resource:action,action``, sorted."""
    return tuple(f"{resource}:{_join(scopes[resource])}" for resource in sorted(scopes))


def _join(actions: Iterable[str]) -> str:
    return ",".join(sorted(actions))
