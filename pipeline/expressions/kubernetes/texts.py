"""``url()``, ``find`` and ``findAll``, and the functions over lists.

Source: k8s.io/apiserver ``pkg/cel/library/{urls,regex,lists}.go``; Go's ``net/url``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

from pipeline.errors import ExpressionError
from pipeline.expressions.kubernetes.declaring import Function, field, unsupported
from pipeline.expressions.regular import matching
from pipeline.model.validation.cel_data import Duration

URL = "url"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_AUTHORITY = re.compile(r"(?:[^@\[\]\s<>\"]*@)?(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/?#\[\]@<>\"\\^`{|}]*)(?::[0-9]*)?\Z")
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_PATH_SAFE = "/:@!$&'()*+,;=~-._%"
_GROUP = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\((?!\?)|\(\?P?<\w+>", re.DOTALL)


def _split(text: str) -> dict[str, str]:
    """The parts of an absolute URL or an absolute path.

    Raises:
        ValueError: Go's ``url.ParseRequestURI`` would not take it.
    """
    scheme, colon, rest = text.partition(":")
    scheme = scheme if colon and _SCHEME.match(scheme) else ""
    if not text or _CONTROLS.search(text) or not (scheme or text.startswith("/")):
        raise ValueError("URL parse error during conversion from string")
    if scheme and not rest.startswith("/"):
        raise unsupported("a URL without a path or a host")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("URL parse error during conversion from string") from None
    if not _AUTHORITY.match(parts.netloc) or _ESCAPES.search(parts.path) or (not scheme and text.startswith("//")):
        raise ValueError("URL parse error during conversion from string")
    host = parts.netloc.rpartition("@")[2]
    return {"scheme": parts.scheme, "host": host, "path": parts.path, "query": parts.query}


def _is_url(text: str) -> bool:
    try:
        _split(text)
    except ValueError as error:
        if str(error).startswith("URL"):
            return False
        raise
    return True


def _hostname(value: object) -> str:
    host: str = field(value, URL)["host"]
    return host.partition("]")[0][1:] if host.startswith("[") else host.partition(":")[0]


def _port(value: object) -> str:
    host: str = field(value, URL)["host"]
    return (host.partition("]")[2] if host.startswith("[") else host).partition(":")[2]


def _query(value: object) -> dict[str, list[str]]:
    """As Go's ``url.ParseQuery``, which passes over pairs with a semicolon or a broken escape."""
    found: dict[str, list[str]] = {}
    for pair in field(value, URL)["query"].split("&"):
        if pair and ";" not in pair and not _ESCAPES.search(pair):
            key, _, content = pair.partition("=")
            found.setdefault(unquote_plus(key), []).append(unquote_plus(content))
    return found


@lru_cache(maxsize=1)
def _finder() -> Any:  # noqa: ANN401 - a class of an untyped package
    from cel_expr_python import cel

    configuration = cel.NewEnvConfigFromYaml("name: find\nextensions:\n  - name: optional\n  - name: regex\n")
    environment = cel.NewEnv(config=configuration, variables=dict.fromkeys(("text", "pattern"), cel.Type.STRING))
    return environment.compile("regex.extractAll(text, pattern)")


@lru_cache(maxsize=256)
def _without_groups(pattern: str) -> str:
    """The same language without groups that capture, for those are what the package extracts.

    Raises:
        ValueError: it is no regular expression, or finds empty texts, of which the package and Go count others.
    """
    try:
        finds_nothing = matching(f"^(?:{pattern})$", ("",))
    except ExpressionError:
        raise ValueError("no regular expression") from None
    if finds_nothing:
        raise unsupported("find with an expression that finds the empty text")
    return _GROUP.sub(lambda found: "(?:" if found[0].startswith("(") else found[0], pattern)


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    if "\0" in text:
        raise unsupported("a text with NUL")
    program = _finder()
    found: list[str] = program.eval(data={"text": text, "pattern": _without_groups(pattern)}).plain_value()
    if not isinstance(found, list):
        raise unsupported("find with this expression")
    return found if limit < 0 else found[:limit]


def _find(text: str, pattern: str) -> str:
    return next(iter(_find_all(text, pattern)), "")


def _sum(values: Sequence[Any]) -> Any:  # noqa: ANN401 - numbers or durations
    if values and isinstance(values[0], timedelta):
        return Duration.of(sum(values, timedelta()))
    return sum(values)


def _extreme(choose: Any, name: str) -> Any:  # noqa: ANN401 - implementations
    def does(values: Sequence[Any]) -> Any:  # noqa: ANN401 - an element
        if not values:
            raise ValueError(f"{name} called on empty list")
        found = choose(values)
        return Duration.of(found) if isinstance(found, timedelta) else found

    return does


FUNCTIONS = (
    Function(URL, ("STRING",), "MAP", lambda text: {URL: _split(text)}, is_member=False),
    Function("isURL", ("STRING",), "BOOL", _is_url, is_member=False),
    Function("getScheme", ("MAP",), "STRING", lambda value: field(value, URL)["scheme"]),
    Function("getHost", ("MAP",), "STRING", lambda value: field(value, URL)["host"]),
    Function("getHostname", ("MAP",), "STRING", _hostname),
    Function("getPort", ("MAP",), "STRING", _port),
    Function("getEscapedPath", ("MAP",), "STRING", lambda value: quote(field(value, URL)["path"], safe=_PATH_SAFE)),
    Function("getQuery", ("MAP",), "MAP", _query),
    Function("find", ("STRING", "STRING"), "STRING", _find),
    *(Function("findAll", ("STRING", "STRING", *limit), "LIST", _find_all) for limit in ((), ("INT",))),
    Function("isSorted", ("LIST",), "BOOL", lambda values: all(map(_in_order, values, values[1:]))),
    Function("sum", ("LIST",), "DYN", _sum),
    Function("min", ("LIST",), "DYN", _extreme(min, "min")),
    Function("max", ("LIST",), "DYN", _extreme(max, "max")),
)


def _in_order(one: Any, other: Any) -> bool:  # noqa: ANN401 - comparable elements
    return bool(one <= other)
