"""Read manifests as the API server's own tools read them.

kubectl and Helm read YAML through ``sigs.k8s.io/yaml`` (go-yaml v2, then JSON): the words and numbers in
``yaml_scalars`` are theirs, keys become text, tags of an application's own are dropped. Beyond that this reader refuses
what Go lets pass or what readers disagree about: a key twice in one mapping, a merge after the key it overrides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from pipeline.errors import ManifestError
from pipeline.model.documents.json_reading import MAX_DEPTH, read_json_stream
from pipeline.model.documents.rereading import REMEMBERED
from pipeline.model.documents.yaml_building import Builder
from pipeline.model.documents.yaml_nodes import Node, Path, can_be_unwatched, composed, locator
from pipeline.model.manifests import Resource

if TYPE_CHECKING:
    import yaml

    from pipeline.model.objects import Locate

_USUAL_DEPTH = 100
"""Nothing in use is deeper; counting ours is less exact than libyaml's, so it is far below ``MAX_DEPTH``."""


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
    remembered = REMEMBERED.get()
    return _objects(content, file) if remembered is None else remembered.read(content, file, _objects)


def _objects(content: bytes, file: str) -> list[Resource]:
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


def _yaml_documents(content: bytes, file: str) -> Iterator[tuple[Any, int, Locate]]:
    """First as fast as it goes; what is wrong or unusually deep is read once more and told by the careful way."""
    import yaml

    told = 0
    if can_be_unwatched():
        try:
            for document in _built(composed(content, is_watched=False), Builder(file, len(content), _USUAL_DEPTH)):
                yield document
                told += 1
        except (yaml.YAMLError, ManifestError):
            pass
        else:
            return
    try:
        builder = Builder(file, len(content), MAX_DEPTH)
        yield from islice(_built(composed(content, is_watched=True), builder), told, None)
    except yaml.YAMLError as error:
        _refuse_syntax(error, content, file)


def _built(roots: Iterable[Node], builder: Builder) -> Iterator[tuple[Any, int, Locate]]:
    for root in roots:
        body = builder.build(root)
        if body is not None:
            yield body, root.start_mark.line + 1, locator(root)


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
