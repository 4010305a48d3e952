"""Read manifests as the API server's own tools read them.

kubectl and Helm read YAML through ``sigs.k8s.io/yaml`` (go-yaml v2, then JSON): the words and numbers in
``yaml_scalars`` are theirs, keys become text, tags of an application's own are dropped. Beyond that this reader refuses
what Go lets pass or what readers disagree about: a key twice in one mapping, a merge after the key it overrides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from pipeline.errors import ManifestError
from pipeline.model.documents.json_reading import MAX_DEPTH, read_json_stream
from pipeline.model.documents.yaml_scalars import PLAIN, QUOTED, SPECIAL_FIRST, read_plain, read_tagged
from pipeline.model.manifests import Resource

if TYPE_CHECKING:
    import yaml

    from pipeline.model.objects import Locate

ALIAS_ALLOWANCE = 100_000
"""Nodes that aliases may add to what the file holds by itself, before it counts as an attack on memory."""

Path = tuple[str | int, ...]
Node = Any
"""``yaml.ScalarNode``, ``SequenceNode`` or ``MappingNode``; their published types lack ``id``, the fast way to tell."""


def read_documents(content: bytes, file: str) -> Iterator[tuple[Any, int]]:
    """Every document that is not empty, as plain JSON data, with the 1-based line on which it begins.

    Raises:
        ManifestError: at ``file:line:column``: not UTF-8, not YAML, or something Kubernetes cannot hold.
    """
    for body, line, _ in read_located(content, file):
        yield body, line


def read_manifests(content: bytes, file: str) -> list[Resource]:
    """Every Kubernetes object, lists taken apart, each with ``file`` and its line as origin.

    Raises:
        ManifestError: as ``read_documents``, or a document that is no Kubernetes object.
    """
    from pipeline.model.objects import resources_of

    found: list[Resource] = []
    for body, line, locate in read_located(content, file):
        found.extend(resources_of(body, file, line, locate))
    return found


def read_located(content: bytes, file: str) -> Iterator[tuple[Any, int, Locate]]:
    """As ``read_documents``, each document with a function that tells the line and column of what is in it."""
    _check_encoding(content, file)
    if content.lstrip()[:1] == b"{" and (bodies := read_json_stream(content.decode("utf-8-sig"), file)) is not None:
        yield from ((body, line, _locator_by_reparsing(content, file, line)) for body, line in bodies)
        return
    yield from _yaml_documents(content, file)


def compose_nodes(content: bytes) -> list[Node]:
    """The root of every document, for who looks for places; nothing where it is no YAML."""
    import yaml

    loader = _loader_class()(content)
    found = []
    try:
        while loader.check_node():
            found.append(loader.get_node())
    except yaml.YAMLError:
        return []
    finally:
        loader.dispose()
    return found


def _yaml_documents(content: bytes, file: str) -> Iterator[tuple[Any, int, Locate]]:
    import yaml

    loader = _loader_class()(content)
    builder = _Builder(file, len(content))
    try:
        while loader.check_node():
            root = loader.get_node()
            body = builder.build(root)
            if body is not None:
                yield body, root.start_mark.line + 1, _locator(root)
    except yaml.YAMLError as error:
        _refuse_syntax(error, content, file)
    finally:
        loader.dispose()


@cache
def _loader_class() -> Any:  # noqa: ANN401 - PyYAML's types do not know the C loader's base
    import yaml

    class NodeLoader(yaml.CSafeLoader):
        """Composes nodes and leaves their meaning to ``_Builder``: no resolver runs, depth is watched."""

        depth = 0

        def resolve(self, kind: object, value: object, implicit: Any) -> str:  # noqa: ANN401, ARG002 - PyYAML's
            return PLAIN if implicit is True or (implicit is not False and implicit[0]) else QUOTED

        def descend_resolver(self, current_node: Node, current_index: object) -> None:  # noqa: ARG002 - same
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise yaml.MarkedYAMLError(None, None, f"nested deeper than {MAX_DEPTH}", current_node.start_mark)

        def ascend_resolver(self) -> None:
            self.depth -= 1

    return NodeLoader


class _Builder:
    """Turns nodes into data; one per file, so that what aliases add is counted over all of it."""

    def __init__(self, file: str, size: int) -> None:
        self._file = file
        self._budget = size + ALIAS_ALLOWANCE
        self._keys: dict[str, str] = {}

    def build(self, node: Node, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
        if node.id == "scalar":
            return self._scalar(node)
        self._budget -= len(node.value) + 1
        if self._budget < 0 or depth > MAX_DEPTH:
            self._refuse(
                node, "aliases (*name) unfold into too much data", "write the values out, or use fewer aliases"
            )
        if node.id == "sequence":
            depth += 1
            return [
                (item.value if item.value[:1] not in SPECIAL_FIRST and item.tag is PLAIN else self._scalar(item))
                if item.id == "scalar"
                else self.build(item, depth)
                for item in node.value
            ]
        return self._mapping(node, depth + 1)

    def _mapping(self, node: Node, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        keys = self._keys
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.id != "scalar" or key_node.tag is not PLAIN or key[:1] in SPECIAL_FIRST or key[:1] == "<":
                if key == "<<" and key_node.tag in {PLAIN, "tag:yaml.org,2002:merge"}:
                    merged = self._merge(key_node, value_node, result, merged, depth)
                    continue
                key = self._key(key_node)
            if key in result:
                self._refuse_duplicate(node, key_node, key)
            if value_node.id == "scalar":
                value = value_node.value
                if value_node.tag is not PLAIN or value[:1] in SPECIAL_FIRST:
                    value = self._scalar(value_node)
            else:
                value = self.build(value_node, depth)
            result[keys.setdefault(key, key)] = value
        return result if merged is None else {**merged, **result}

    def _scalar(self, node: Node) -> Any:  # noqa: ANN401 - any JSON scalar
        text = node.value
        if node.tag is QUOTED or (node.style and node.tag is PLAIN):
            # libyaml calls text in quotes plain where it has the tag "!".
            return text
        try:
            return read_plain(text) if node.tag is PLAIN else read_tagged(node.tag, text)
        except ValueError as error:
            self._refuse(node, str(error), "quote it if it is meant as text")

    def _key(self, node: Node) -> str:
        if node.id != "scalar":
            self._refuse(node, f"a {node.id} as a key", "keys of Kubernetes objects are text")
        key = self._scalar(node)
        if key is None or isinstance(key, float):
            what = "an empty (null) key" if key is None else f"the number {node.value} as a key"
            self._refuse(node, what, "quote the key; expected text")
        if isinstance(key, bool):
            return "true" if key else "false"
        return str(key)

    def _merge(
        self, key_node: Node, node: Node, so_far: dict[str, Any], merged: dict[str, Any] | None, depth: int
    ) -> dict[str, Any]:
        result = {} if merged is None else merged
        sources = node.value if node.id == "sequence" else [node]
        for source in reversed(sources):
            if source.id != "mapping":
                self._refuse(source, "'<<' merges something that is no mapping", "expected a mapping or a list of them")
            result.update(self.build(source, depth))
        for key in so_far:
            if key in result:
                # go-yaml v2 (kubectl) lets the merge win here, v3 (kustomize) the key: whoever wrote it must say.
                self._refuse(key_node, f"'<<' comes after the key '{key}', which it sets too", "put '<<' first")
        return result

    def _refuse_duplicate(self, mapping: Node, node: Node, key: str) -> NoReturn:
        first = next(other for other, _ in mapping.value if other.id == "scalar" and self._key(other) == key)
        self._refuse(
            node,
            f"the key '{key}' is there twice in one mapping, first on line {first.start_mark.line + 1}",
            "readers would silently drop one of the two: remove it",
        )

    def _refuse(self, node: Node, what: str, hint: str) -> NoReturn:
        mark = node.start_mark
        raise ManifestError(f"{self._file}:{mark.line + 1}:{mark.column + 1}: {what}", hint=hint)


def _check_encoding(content: bytes, file: str) -> None:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]:
        raise ManifestError(f"{file}:1:1: UTF-16 or UTF-32 text; expected UTF-8", hint="save the file as UTF-8")
    if content.isascii():
        return
    try:
        content.decode()
    except UnicodeDecodeError as error:
        where = _position(content[: error.start].decode())
        raise ManifestError(
            f"{file}:{where}: byte 0x{content[error.start]:02x} is not UTF-8", hint="save the file as UTF-8"
        ) from None


def _position(text_before: str) -> str:
    """``line:column``, 1-based, of what follows the text."""
    return f"{text_before.count(chr(10)) + 1}:{len(text_before) - text_before.rfind(chr(10))}"


def _refuse_syntax(error: yaml.YAMLError, content: bytes, file: str) -> NoReturn:
    import yaml

    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark or error.context_mark):
        what = str(error.problem)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}"
        hint = "expected YAML as Kubernetes reads it"
        if "found a tab" in what or ("cannot start any token" in what and _character(content, mark) == "\t"):
            what, hint = "a tab where YAML expects spaces", "indent with spaces"
        elif error.context and error.context_mark and error.context_mark.line != mark.line:
            what = f"{what} ({error.context} that begins on line {error.context_mark.line + 1})"
        raise ManifestError(f"{place}: {what}", hint=hint) from None
    if isinstance(error, yaml.reader.ReaderError):
        before = content.decode(errors="replace").encode()[: error.position].decode(errors="ignore")
        code = error.character if isinstance(error.character, int) else 0
        raise ManifestError(
            f"{file}:{_position(before)}: the character U+{code:04X} is not allowed in YAML",
            hint=f'remove it, or write it as an escape in double quotes ("\\u{code:04x}")',
        ) from None
    raise ManifestError(f"{file}:1:1: {error}") from None


def _character(content: bytes, mark: yaml.Mark) -> str:
    lines = content.decode().splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return line[mark.column] if mark.column < len(line) else ""


def _locator(root: Node) -> Locate:
    def locate(path: Path) -> tuple[int, int]:
        node = root
        for part in path:
            node = _child(node, part) or node
        return node.start_mark.line + 1, node.start_mark.column + 1

    return locate


def _child(node: Node, part: str | int) -> Node | None:
    if node.id == "sequence" and isinstance(part, int):
        return node.value[part]
    if node.id == "mapping":
        return next((value for key, value in node.value if str(key.value) == part), None)
    return None


def _locator_by_reparsing(content: bytes, file: str, line: int) -> Locate:
    """For JSON, whose reader knows no positions: they are looked up only when a message or a list needs them."""

    @cache
    def locators() -> dict[int, Callable[[Path], tuple[int, int]]]:
        try:
            return {begins: locate for _, begins, locate in _yaml_documents(content, file)}
        except ManifestError:
            return {}

    def locate(path: Path) -> tuple[int, int]:
        known = locators().get(line)
        return known(path) if known else (line, 1)

    return locate
