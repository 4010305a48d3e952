"""Changes to an input that keep enough of it to be read on: in its bytes, in its JSON, and in what its base64 holds."""

from __future__ import annotations

import base64
import binascii
import json
from random import Random
from typing import Any

MAX_BYTES = 256 * 1024

_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 10**400, 1e308, "", "A", "\x00", "\x1b[31m", "\ud800", "ü" * 100, "=" * 5, "-" * 3,
    "sha256:", "../..", [], {}, [[]], [None], {"": None}, [1] * 300, "9" * 5000, "2026-13-45T99:99:99Z",
)  # fmt: skip
_ODD_BYTES = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\x30\x80",
    b"\x30\x84\xff\xff\xff\xff",
    b"{" * 3000,
    b"[" * 200_000,
    b'{"a":1,"a":2}',
)


def mutate(data: bytes, random: Random) -> bytes:
    """Change it once or a few times."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        data = _mutated(data, random)[:MAX_BYTES]
    return data


def _mutated(data: bytes, random: Random) -> bytes:
    if random.random() < 0.6:
        try:
            document = json.loads(data)
            if isinstance(document, dict | list) and document:
                return json.dumps(_in_document(document, random)).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            pass
    return _in_bytes(data, random)


def _in_document(value: Any, random: Random) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str) and random.random() < 0.5:
        return _in_text(value, random)
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice(_ODD)
    if isinstance(value, list):
        index = random.randrange(len(value))
        if random.random() < 0.15:
            return [*value, value[index]] if random.random() < 0.5 else value[:index] + value[index + 1 :]
        return [*value[:index], _in_document(value[index], random), *value[index + 1 :]]
    key = random.choice(list(value))
    if random.random() < 0.1:
        return {name: item for name, item in value.items() if name != key}
    if random.random() < 0.05:
        return {**value, random.choice(("x", "sigs", "publicKey", "certificate", "keyid", "")): random.choice(_ODD)}
    return {**value, key: _in_document(value[key], random)}


def _in_text(text: str, random: Random) -> str:
    try:
        inner = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        inner = b""
    if len(inner) > 8:
        return base64.b64encode(_mutated(inner, random)).decode("ascii")
    return _in_bytes(text.encode("utf-8", "surrogatepass"), random).decode("utf-8", "replace")


def _in_bytes(data: bytes, random: Random) -> bytes:
    if not data or random.random() < 0.03:
        return random.choice(_ODD_BYTES)
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice((1, 1, 2, 4, 16, 200)))
    kind = random.randrange(7)
    if kind == 0:
        return data[:start]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:end] + data[start:end] * random.choice((1, 2, 50)) + data[end:]
    if kind == 3:
        return data[:start] + random.randbytes(end - start) + data[end:]
    if kind == 4:
        return data[:start] + random.choice(_ODD_BYTES)[:4096] + data[end:]
    if kind == 5:
        return data[:start] + bytes([random.choice((0, 0x7F, 0x80, 0xFF, 0x22, 0x5C))]) + data[start + 1 :]
    return data[:start] + bytes([data[start] ^ (1 << random.randrange(8))]) + data[start + 1 :]
