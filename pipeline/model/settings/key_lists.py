"""Change which keys a YAML document names, and leave every other byte as it is.

Every list under the name ``keys``, wherever it is, counts as a list of trusted keys: so it is in ``gitless.yaml`` and
in a document with a trust policy.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.editing import compose, line_end

if TYPE_CHECKING:
    import yaml

Matches = Callable[[str], bool]
"""Whether a scalar of the document names the key in question."""

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")


@dataclass(frozen=True, slots=True)
class Changed:
    """A document's new text, and what was changed in it, a line each."""

    text: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str
    says: str


@dataclass(frozen=True, slots=True)
class _Item:
    """One entry of a list of keys; the scalar is the entry itself, or a value in it."""

    parent: yaml.SequenceNode
    node: yaml.Node
    scalar: yaml.ScalarNode
    count: str = ""
    """How many of the list's owners must have signed, where the document says so."""


def add_key(text: str, file: str, old: Matches, new: str) -> Changed:
    """Name the new key after the old one, in every list that has the old one and not yet the new one.

    Raises:
        ConfigurationError: no list names the old key, or the document cannot be edited without harm.
    """
    items = [item for item in _items(compose(text, file), old) if not _has(item.parent, new)]
    edits = [_inserted(text, item, new) for item in items]
    return _checked(text, file, edits, lambda data: _with_key(data, old, new))


def remove_key(text: str, file: str, old: Matches, new: Matches) -> Changed:
    """Take the old key out of every list.

    Raises:
        ConfigurationError: no list names it, one does and does not name the new one, or the document cannot be edited.
    """
    items = list(_items(compose(text, file), old))
    for item in items:
        if not any(_named(other, new) for other in item.parent.value):
            raise ConfigurationError(
                f"{file}:{item.scalar.start_mark.line + 1}: '{item.scalar.value}' stands there without the new key",
                hint="whoever signs with the new key would not be trusted: add it first (gitless keys rotate)",
            )
    edits = [_removed(text, item) for item in items]
    return _checked(text, file, edits, lambda data: _without_key(data, old))


def set_value(changed: Changed, file: str, path: tuple[str, ...], value: str) -> Changed:
    """Replace the scalar at the path.

    Raises:
        ConfigurationError: there is none, or the document cannot be edited without harm.
    """
    import yaml

    node: yaml.Node = compose(changed.text, file)
    for name in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        values = [found for key, found in pairs if key.value == name]
        if not values:
            raise ConfigurationError(f"{file}: there is no '{'.'.join(path)}'")
        node = values[0]
    line = node.start_mark.line + 1
    edit = _Edit(node.start_mark.index, node.end_mark.index, _scalar(value), f"line {line}: {'.'.join(path)}: {value}")

    def expected(data: Any) -> Any:  # noqa: ANN401 - whatever the document holds
        here = data
        for name in path[:-1]:
            here = here[name]
        here[path[-1]] = value
        return data

    made = _checked(changed.text, file, [edit], expected)
    return Changed(made.text, (*changed.changes, *made.changes))


def _items(node: yaml.Node, old: Matches) -> Iterator[_Item]:
    found: dict[int, _Item] = {}
    for item in _walk(node, old):
        # An alias stands for the same place once more.
        found.setdefault(item.node.start_mark.index, item)
    yield from found.values()


def _walk(node: yaml.Node, old: Matches) -> Iterator[_Item]:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item, old)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "keys" and isinstance(value, yaml.SequenceNode):
                count = next((found.value for name, found in node.value if name.value == "count"), "")
                yield from (
                    _Item(value, item, scalar, str(count)) for item in value.value for scalar in _named(item, old)
                )
            else:
                yield from _walk(value, old)


def _named(item: yaml.Node, old: Matches) -> list[yaml.ScalarNode]:
    import yaml

    candidates = [value for _, value in item.value] if isinstance(item, yaml.MappingNode) else [item]
    return [node for node in candidates if isinstance(node, yaml.ScalarNode) and old(node.value)][:1]


def _has(parent: yaml.SequenceNode, new: str) -> bool:
    return any(_named(item, lambda value: value == new) for item in parent.value)


def _inserted(text: str, item: _Item, new: str) -> _Edit:
    start, end = item.node.start_mark.index, _end(item.node)
    before = text[start : item.scalar.start_mark.index]
    after = text[item.scalar.end_mark.index : end]
    entry = f"{before}{_scalar(new)}{after}"
    says = f"line {item.scalar.start_mark.line + 1}: after '{item.scalar.value}' also '{new}'"
    if item.count not in {"", "1"}:
        says += f" (count: {item.count}; whoever has both keys counts twice until the old one goes)"
    if item.parent.flow_style:
        return _Edit(end, end, f", {entry}", says)
    line_start = text.rfind("\n", 0, start) + 1
    at = line_end(text, end)
    newline = "\r\n" if text[line_start - 2 : line_start] == "\r\n" else "\n"
    return _Edit(at, at, f"{newline}{text[line_start:start]}{entry}", says)


def _removed(text: str, item: _Item) -> _Edit:
    start, end = item.node.start_mark.index, _end(item.node)
    says = f"line {item.scalar.start_mark.line + 1}: '{item.scalar.value}' removed"
    if item.parent.flow_style:
        follows = re.compile(r"\s*,\s*").match(text, end)
        if follows:
            return _Edit(start, follows.end(), "", says)
        return _Edit(text.rindex(",", 0, start), end, "", says)
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    return _Edit(line_start, len(text) if line_end < 0 else line_end + 1, "", says)


def _end(node: yaml.Node) -> int:
    """Where a node's own text ends; a block's mark is where the next one begins."""
    import yaml

    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)


def _checked(text: str, file: str, edits: list[_Edit], expected: Callable[[Any], Any]) -> Changed:
    """Apply the edits, and believe the result only if it reads as it should."""
    import yaml

    if not edits:
        raise ConfigurationError(
            f"{file}: no list named 'keys' names the old key",
            hint="name the old public key as the file does: --old-key",
        )
    made = text
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        made = made[: edit.start] + edit.text + made[edit.end :]
    try:
        reads_right = yaml.safe_load(made) == expected(copy.deepcopy(yaml.safe_load(text)))
    except yaml.YAMLError:
        reads_right = False
    if not reads_right:
        raise ConfigurationError(
            f"{file} is written in a way that cannot be edited safely",
            hint="change it by hand: " + "; ".join(edit.says for edit in edits),
        )
    return Changed(made, tuple(edit.says for edit in edits))


def _with_key(data: Any, old: Matches, new: str) -> Any:  # noqa: ANN401 - whatever the document holds
    def changed(keys: list[Any]) -> list[Any]:
        if any(new in _values(item) for item in keys):
            return keys
        return [made for item in keys for made in (item, *_replaced(item, old, new))]

    return _in_lists(data, changed)


def _without_key(data: Any, old: Matches) -> Any:  # noqa: ANN401 - whatever the document holds
    return _in_lists(data, lambda keys: [item for item in keys if not any(map(old, _values(item)))])


def _in_lists(data: Any, changed: Callable[[list[Any]], list[Any]]) -> Any:  # noqa: ANN401 - whatever there is
    if isinstance(data, list):
        return [_in_lists(item, changed) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        key: changed(value) if key == "keys" and isinstance(value, list) else _in_lists(value, changed)
        for key, value in data.items()
    }


def _values(item: Any) -> list[str]:  # noqa: ANN401 - whatever the list holds
    values = item.values() if isinstance(item, dict) else [item]
    return [value for value in values if isinstance(value, str)]


def _replaced(item: Any, old: Matches, new: str) -> list[Any]:  # noqa: ANN401 - whatever the list holds
    if not any(map(old, _values(item))):
        return []
    if isinstance(item, dict):
        return [{key: new if isinstance(value, str) and old(value) else value for key, value in item.items()}]
    return [new]


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
