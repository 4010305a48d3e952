"""Change single values of a YAML document, and leave every other byte, comments included, as it is.

An edit is made at the place that the parser names and believed only if the result reads as it should: a document that
is written in a way that this does not master is refused, never harmed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.yaml_scalars import read_plain

if TYPE_CHECKING:
    import yaml

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:@+-]*[A-Za-z0-9_./@+-]|[A-Za-z0-9_./]")

Path = Sequence[str | int]
"""Keys of mappings and indexes of lists, from the document's root."""


def set_scalar(text: str, file: str, path: Path, value: str) -> str:
    """The document with this text at the path: in the place of the scalar there, or as a new key of its mapping.

    Quotes stay as they are; a new key comes last.

    Raises:
        ConfigurationError: there is neither, or the document cannot be edited without harm.
    """
    parent, last = _node_at(text, file, path[:-1]), path[-1]
    node = _child(parent, last)
    if node is not None and node.id == "scalar":
        start, end, new = *_span(node), _in_the_style_of(node, value)
        if start == end and not text[:start].endswith((" ", "\n")):
            new = f" {new}"
    elif node is None and isinstance(last, str) and _is_mapping(parent):
        start, end, new = _new_key(text, parent, last, value)
    else:
        raise ConfigurationError(f"{file}: '{dotted(path)}' is no single value")
    return _checked(text, file, (start, end, new), lambda data: _put(data, path, value), f"set {dotted(path)}: {value}")


def add_item(text: str, file: str, path: Path, fields: Mapping[str, str]) -> str:
    """The document with one more mapping at the end of the list at the path; a list that is not there is made.

    Raises:
        ConfigurationError: something else is there, or the document cannot be edited without harm.
    """
    parent, last = _node_at(text, file, path[:-1]), path[-1]
    node = _child(parent, last)
    pairs = [f"{_scalar(key)}: {_scalar(value)}" for key, value in fields.items()]
    if node is None and isinstance(last, str) and not parent.flow_style and parent.value:
        column = parent.value[0][0].start_mark.column
        head = f"{' ' * column}{_scalar(last)}:"
        at = line_end(text, _end(text, parent.value[-1][1]))
        new = f"\n{head}\n{_block_item(pairs, column)}"
    elif node is not None and node.id == "sequence" and node.flow_style:
        at = node.end_mark.index - 1
        new = f"{', ' if node.value else ''}{{{', '.join(pairs)}}}"
    elif node is not None and node.id == "sequence":
        at = line_end(text, _end(text, node.value[-1]))
        new = f"\n{_block_item(pairs, node.start_mark.column)}"
    else:
        raise ConfigurationError(f"{file}: '{dotted(path)}' is no list", hint=f"add to it by hand: {'; '.join(pairs)}")

    def expected(data: Any) -> None:  # noqa: ANN401 - whatever the document holds
        here = _at(data, path[:-1])
        if isinstance(here, dict):
            here.setdefault(last, []).append(dict(fields))
        else:
            here[last].append(dict(fields))

    return _checked(text, file, (at, at, new), expected, f"add to {dotted(path)}: {'; '.join(pairs)}")


def read_data(text: str, file: str) -> Any:  # noqa: ANN401 - whatever the document holds
    """The document as data, to decide what is to be changed in it.

    Raises:
        ConfigurationError: it is not one YAML document.
    """
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise ConfigurationError(f"{file} cannot be read as one YAML document") from None


def dotted(path: Path) -> str:
    """``images[0].digest``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def compose(text: str, file: str) -> yaml.Node:
    """The document as nodes, with their places in the text.

    Raises:
        ConfigurationError: it is not one YAML document, or is empty.
    """
    import yaml

    try:
        # The slow loader: its marks count characters.
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise ConfigurationError(f"{file} cannot be read as one YAML document") from None
    if node is None:
        raise ConfigurationError(f"{file} is empty")
    return node


def line_end(text: str, start: int) -> int:
    """Where the line ends that a place is on, before its line break."""
    found = text.find("\n", start)
    if found < 0:
        return len(text)
    return found - 1 if text[found - 1] == "\r" else found


def _node_at(text: str, file: str, path: Path) -> Any:  # noqa: ANN401 - any of yaml's nodes
    node: Any = compose(text, file)
    for length, part in enumerate(path, start=1):
        node = _child(node, part)
        if node is None:
            raise ConfigurationError(f"{file}: there is no '{dotted(path[:length])}'")
    return node


def _child(node: Any, part: str | int) -> Any:  # noqa: ANN401 - any of yaml's nodes
    if isinstance(part, int):
        return node.value[part] if node.id == "sequence" and part < len(node.value) else None
    pairs = node.value if _is_mapping(node) else []
    return next((value for key, value in pairs if key.value == part), None)


def _is_mapping(node: Any) -> bool:  # noqa: ANN401 - any of yaml's nodes
    return bool(node.id == "mapping")


def _span(node: Any) -> tuple[int, int]:  # noqa: ANN401 - the same
    return int(node.start_mark.index), int(node.end_mark.index)


def _in_the_style_of(node: Any, value: str) -> str:  # noqa: ANN401 - any of yaml's nodes
    style = getattr(node, "style", None)
    if style == "'" and "\n" not in value:
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False) if style == '"' else _scalar(value)


def _scalar(text: str) -> str:
    """As it is where every reader of YAML takes it for this very text, else in double quotes."""
    import yaml

    try:
        is_safe = _PLAIN.fullmatch(text) and read_plain(text) == text == yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        is_safe = False
    return text if is_safe else json.dumps(text, ensure_ascii=False)


def _new_key(text: str, parent: Any, key: str, value: str) -> tuple[int, int, str]:  # noqa: ANN401 - the same
    pair = f"{_scalar(key)}: {_scalar(value)}"
    if parent.flow_style or not parent.value:
        at = int(parent.end_mark.index) - 1
        return at, at, f", {pair}" if parent.value else pair
    column = parent.value[0][0].start_mark.column
    at = line_end(text, _end(text, parent.value[-1][1]))
    return at, at, f"\n{' ' * column}{pair}"


def _block_item(pairs: Sequence[str], column: int) -> str:
    first, *others = pairs
    return "\n".join([f"{' ' * column}- {first}", *(f"{' ' * column}  {pair}" for pair in others)])


def _end(text: str, node: Any) -> int:  # noqa: ANN401 - any of yaml's nodes
    """Where a node's own text ends; a block's mark is where the next one begins."""
    if node.id != "scalar" and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def _checked(text: str, file: str, edit: tuple[int, int, str], expected: Callable[[Any], None], by_hand: str) -> str:
    """Make the edit, and believe the result only if it reads as it should."""
    import yaml

    start, end, new = edit
    if "\r\n" in text:
        new = new.replace("\n", "\r\n")
    made = text[:start] + new + text[end:]
    wanted = _unshared(yaml.safe_load(text))
    try:
        expected(wanted)
        reads_right = _unshared(yaml.safe_load(made)) == wanted
    except (yaml.YAMLError, LookupError, TypeError, AttributeError):
        reads_right = False
    if not reads_right:
        raise ConfigurationError(
            f"{file} is written in a way that cannot be edited safely", hint=f"change it by hand: {by_hand}"
        )
    return made


def _unshared(data: Any) -> Any:  # noqa: ANN401 - whatever the document holds
    """A copy in which what an anchor shares is there once for each alias, so that a change to one of them shows."""
    if isinstance(data, dict):
        return {key: _unshared(value) for key, value in data.items()}
    return [_unshared(item) for item in data] if isinstance(data, list) else data


def _put(data: Any, path: Path, value: str) -> None:  # noqa: ANN401 - whatever the document holds
    _at(data, path[:-1])[path[-1]] = value


def _at(data: Any, path: Path) -> Any:  # noqa: ANN401 - whatever the document holds
    for part in path:
        data = data[part]
    return data
