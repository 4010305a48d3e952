"""Marker comments of Flux's image automation, and the values that they mark.

``image: web:1.0 # {"$imagepolicy": "flux-system:web"}`` marks a whole image, ``…:tag``, ``…:name`` and ``…:digest`` a
part of one. As in image-automation-controller, only a comment counts that is one JSON object of texts and stands on the
line on which a scalar value ends. Everything but the marked scalars keeps every byte.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import ManifestError
from pipeline.model.documents.printable import printable
from pipeline.model.documents.yaml_scalars import read_plain

if TYPE_CHECKING:
    import yaml

KEY: Final = "$imagepolicy"
# Between a value and its comment there may be the comma of a flow collection.
_COMMENT = re.compile(r"(?:[ \t]*,)?[ \t]+(#[^\r\n\x85\u2028\u2029]*)")
_ANY_MARKER = re.compile(r'#[ \t]*\{[ \t]*"\$imagepolicy"')
_LINE_END = re.compile(r"[\r\n\x85\u2028\u2029]|\Z")
_SAFE = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_./@:\[\]-]*")
"""Neither kind of quotes escapes any of these; a host may be an IPv6 address."""
_MARK = "\ufeff"
_BLOCK = frozenset("|>")


class MarkedPart(StrEnum):
    """Which part of an image a value is."""

    IMAGE = "image"
    TAG = "tag"
    NAME = "name"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One marked value.

    Attributes:
        line: of the marker, 1-based.
        policy: the policy's ``NAMESPACE:NAME``.
        value: what the scalar means now.
        start: where the scalar's text begins in the file's text; with ``end`` in characters, quotes included.
        quote: the quotes that are around it; empty: none.
        position: which of the file's tokens it is.
    """

    line: int
    policy: str
    part: MarkedPart
    value: str
    start: int
    end: int
    quote: str
    position: int


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A file's text with its markers, and lines with one that marks nothing."""

    file: str
    text: str
    markers: tuple[Marker, ...]
    idle: tuple[int, ...]


def find_markers(text: str, file: str) -> MarkedText:
    """Every marker of a YAML file, in the order of their lines.

    Raises:
        ManifestError: it is no YAML, as templates of charts are not; the message begins with the file.
    """
    markers: list[Marker] = []
    taken: list[tuple[int, int]] = []
    skipped = len(text) - len(text.removeprefix(_MARK))
    for position, token, is_key in _scalars(_tokens(text, file)):
        start, end = token.start_mark.index + skipped, token.end_mark.index + skipped
        if token.style in _BLOCK:
            # The comment behind a block scalar's head is outside of what it holds.
            header = _LINE_END.search(text, start)
            taken.append((header.start() if header else end, end))
            continue
        taken.append((start, end))
        comment = _COMMENT.match(text, end)
        named = _named(comment[1]) if comment and not is_key else None
        if comment is None or named is None:
            continue
        taken.append(comment.span(1))
        markers.append(
            Marker(
                line=token.end_mark.line + 1,
                policy=named[0],
                part=named[1],
                value=token.value,
                start=start,
                end=end,
                quote=token.style or "",
                position=position,
            )
        )
    idle = [found.start() for found in _ANY_MARKER.finditer(text) if not _is_within(found.start(), taken)]
    return MarkedText(file, text, tuple(markers), tuple(text.count("\n", 0, at) + 1 for at in idle))


def with_values(marked: MarkedText, values: Mapping[Marker, str]) -> str:
    """The text with these scalars replaced, in the quotes that they have; a plain one gets some where it needs them.

    Raises:
        ManifestError: the file is written in a way in which it would not read as it should.
    """
    parts, at = [], 0
    for marker in sorted(values, key=lambda marker: marker.start):
        parts += [marked.text[at : marker.start], _written(values[marker], marker.quote)]
        at = marker.end
    made = "".join([*parts, marked.text[at:]])
    expected = [_meaning(token) for token in _tokens(marked.text, marked.file)]
    for marker, value in values.items():
        expected[marker.position] = (expected[marker.position][0], value)
    if [_meaning(token) for token in _tokens(made, marked.file)] != expected:
        raise ManifestError(
            f"{marked.file} is written in a way that cannot be edited safely",
            hint="change it by hand, or write the marked values on one line each",
        )
    return made


def _tokens(text: str, file: str) -> list[Any]:
    import yaml

    try:
        # libyaml, of which Go's reader is a translation; its marks count characters, but for a byte order mark.
        # Parsing finds what scanning alone lets pass.
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass
        return list(yaml.scan(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        problem = printable(str(getattr(error, "problem", "") or "it cannot be read"), 200)
        raise ManifestError(f"{place}: no YAML: {problem}") from None


def _scalars(tokens: Sequence[Any]) -> Iterator[tuple[int, Any, bool]]:
    """Scalars with their positions, and whether each is a key."""
    import yaml

    is_key = False
    for position, token in enumerate(tokens):
        if isinstance(token, yaml.KeyToken):
            is_key = True
        elif isinstance(token, yaml.ScalarToken):
            yield position, token, is_key
            is_key = False
        elif not isinstance(token, yaml.AnchorToken | yaml.TagToken):
            is_key = False


def _named(comment: str) -> tuple[str, MarkedPart] | None:
    """The policy and the part that a comment names."""
    try:
        document = json.loads(comment.lstrip("#"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        return None
    parts = document.get(KEY, "").split(":")
    if len(parts) == 2 and all(parts):  # noqa: PLR2004 - namespace and name
        return ":".join(parts), MarkedPart.IMAGE
    if len(parts) == 3 and all(parts) and parts[2] in {"tag", "name", "digest"}:  # noqa: PLR2004 - and the part
        return ":".join(parts[:2]), MarkedPart(parts[2])
    return None


def _is_within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether one of the spans, which are in order and apart from each other, holds the place."""
    before = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return before >= 0 and at < spans[before][1]


def _written(value: str, quote: str) -> str:
    if _SAFE.fullmatch(value) is None:
        raise ValueError(f"{value!r} is no part of an image")
    if not quote and value[0] != "[" and _is_text(value):
        return value
    around = quote or '"'
    return f"{around}{value}{around}"


def _is_text(value: str) -> bool:
    """Whether readers of YAML 1.1 and 1.2 take the plain scalar for nothing but text."""
    import yaml

    try:
        in_go = read_plain(value)
    except ValueError:
        return False
    resolver: Any = yaml.SafeLoader("")
    return in_go == value and resolver.resolve(yaml.ScalarNode, value, (True, False)) == "tag:yaml.org,2002:str"


def _meaning(token: yaml.Token) -> tuple[str, Any]:
    return type(token).__name__, getattr(token, "value", None)
