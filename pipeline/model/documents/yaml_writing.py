"""Write objects in one form only, so that the same objects have the same bytes on every machine.

Own emitter because a library's layout changes with its version, and PyYAML leaves text such as ``1e3`` or ``y``
without quotes, which Go reads back as a number or a boolean. Two spaces, lists not indented, keys sorted (apiVersion,
kind and metadata first), text in double quotes unless no reader of YAML 1.1 or 1.2 could take it for anything else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pipeline.model.manifests import Body, Resource

_HEAD = ("apiVersion", "kind", "metadata")
_WORD = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")
_NUMBER_LIKE = re.compile(r"[0-9][0-9a-fA-FxXoOpP_.:,+\-TtZ]*")
# One line of printable ASCII that begins harmlessly, without ": ", " #", two spaces running, or a blank at its end.
_PLAIN = re.compile(r"(?:--?(?=[A-Za-z])|[A-Za-z_/0-9])(?:[!-9;-~]|:(?=[!-~])|[ ](?=[!\"$-~]))*")
_BLOCK_LINES = re.compile(r"(?!\s)[\n\t -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_MAX_IMPLICIT_KEY = 120
"""YAML readers accept 1,024 characters before the colon; longer keys need the ``? `` form. Far below, to be safe."""

_CACHED_LENGTH = 100


def write_stream(manifests: Iterable[Resource]) -> bytes:
    """The objects as a YAML stream in the given order, documents divided by ``---``; nothing but the objects in it."""
    return b"---\n".join(write_document(resource.body) for resource in manifests)


def write_document(body: Body) -> bytes:
    """One object as YAML, ending with a newline."""
    lines: list[str] = []
    head = [(key, body[key]) for key in _HEAD if key in body]
    _mapping(head + sorted((key, value) for key, value in body.items() if key not in _HEAD), "", "", lines)
    lines.append("")
    return "\n".join(lines).encode()


def canonical_json(body: object) -> bytes:
    """Compact JSON with sorted keys in UTF-8, for hashing and comparing."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _mapping(items: Iterable[tuple[str, Any]], indent: str, lead: str, lines: list[str]) -> None:
    """``lead`` is what stands before the first key: the indent, or a list's dash."""
    for key, value in items:
        name = _inline(key)
        if len(name) > _MAX_IMPLICIT_KEY:
            lines.append(f"{lead}? {name}")
            _node(f"{indent}:", value, indent, indent + "  ", lines)
        else:
            _node(f"{lead}{name}:", value, indent, indent, lines)
        lead = indent


def _sequence(items: Iterable[Any], indent: str, lead: str, lines: list[str]) -> None:
    deeper = indent + "  "
    for item in items:
        if isinstance(item, Mapping) and item:
            _mapping(sorted(item.items()), deeper, lead + "- ", lines)
        elif isinstance(item, list) and item:
            _sequence(item, deeper, lead + "- ", lines)
        else:
            _node(lead + "-", item, indent, indent, lines)
        lead = indent


def _node(prefix: str, value: Any, indent: str, list_indent: str, lines: list[str]) -> None:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        block = _block(value, indent + "  ") if "\n" in value else None
        lines.append(f"{prefix} {block or _inline(value)}")
    elif isinstance(value, Mapping):
        if value:
            lines.append(prefix)
            deeper = indent + "  "
            _mapping(sorted(value.items()), deeper, deeper, lines)
        else:
            lines.append(prefix + " {}")
    elif isinstance(value, list):
        if value:
            lines.append(prefix)
            _sequence(value, list_indent, list_indent, lines)
        else:
            lines.append(prefix + " []")
    else:
        lines.append(f"{prefix} {_literal(value)}")


def _literal(value: float | bool | None) -> str:  # noqa: FBT001 - any JSON scalar but text
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not math.isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    return repr(value)


def _inline(text: str) -> str:
    """The text on one line: as it is where that is safe, else in double quotes."""
    # Names, labels and keys come again and again; long text does not, and would only fill the memory.
    return _cached_line(text) if len(text) <= _CACHED_LENGTH else _line(text)


def _line(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _WORD.fullmatch(text) and not _NUMBER_LIKE.fullmatch(text):
        return text
    # JSON's escapes are YAML's too; what JSON leaves as it is but YAML does not allow or would fold is escaped here.
    quoted = json.dumps(text, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


_cached_line = lru_cache(maxsize=16384)(_line)


def _block(text: str, indent: str) -> str | None:
    """A literal block, or ``None`` where one would not come back exactly."""
    if not _BLOCK_LINES.fullmatch(text):
        return None
    mark = "|-"
    if text.endswith("\n"):
        mark = "|+" if text.endswith("\n\n") else "|"
        text = text[:-1]
    return mark + "\n" + "\n".join(indent + line if line else "" for line in text.split("\n"))
