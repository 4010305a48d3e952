"""Read ``gitless.yaml``: checked against its JSON Schema, every complaint with file, line and what was meant."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, ManifestError
from pipeline.model.images.lock import ImagesLock, parse_lock
from pipeline.model.settings.reading import read_settings
from pipeline.model.settings.values import Settings

if TYPE_CHECKING:
    import jsonschema_rs
    import yaml

FILE_NAME = "gitless.yaml"


def schema_text() -> str:
    """The JSON Schema of ``gitless.yaml``, for editors."""
    return resources.files("pipeline.schemas").joinpath("gitless.v1.json").read_text(encoding="utf-8")


def load_settings(path: Path) -> Settings:
    """Read, check and resolve a settings file; paths in it become relative to the file's folder.

    ``trust`` is only checked against the schema; :mod:`pipeline.trust_documents` makes a policy of it.

    Raises:
        ConfigurationError: the file is missing, unreadable, or says something that the schema does not allow.
    """
    body, content = read_mapping(path, "expected one YAML document with keys such as name, sources and artifact")
    check_settings(body, content, str(path))
    try:
        return read_settings(body, path, lambda place: line_of(place, content))
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.message}", hint=error.hint) from None


def read_mapping(path: Path, expected: str) -> tuple[Mapping[str, Any], bytes]:
    """The one YAML document of a file, and the file's bytes; ``expected`` is told where it is none.

    Raises:
        ConfigurationError: the file is missing, unreadable, or no single mapping.
    """
    from pipeline.model.documents.yaml_reading import read_documents

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror or error}",
            hint="`gitless init` writes a commented one from what it finds in the folder",
        ) from None
    try:
        documents = list(read_documents(content, str(path)))
    except ManifestError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    if len(documents) != 1 or not isinstance(documents[0][0], Mapping):
        raise ConfigurationError(f"{path}:1: {expected}")
    return documents[0][0], content


def load_images_lock(path: Path) -> ImagesLock:
    """Read a lock file; one that does not exist is empty.

    Raises:
        ConfigurationError: it cannot be read.
    """
    if not path.exists():
        return ImagesLock()
    return parse_lock(read_mapping(path, "expected one YAML document of kind ImagesLock")[0], str(path))


def line_of(place: Sequence[str | int], content: bytes) -> int:
    """The line of a key or item in a YAML document, or of the nearest thing around it."""
    positions = dict(_positions(content))
    return next(
        (positions[found] for end in range(len(place), -1, -1) if (found := tuple(place[:end])) in positions), 1
    )


def check_settings(body: Mapping[str, Any], content: bytes, file: str) -> None:
    """Hold a settings file against its schema.

    Raises:
        ConfigurationError: something is not allowed; the message has file and line.
    """
    import jsonschema_rs

    schema = json.loads(schema_text())
    errors = list(jsonschema_rs.validator_for(schema).iter_errors(body))
    if not errors:
        return
    positions = dict(_positions(content))
    messages = sorted(
        (line, f"{file}:{line}: {text}") for error in errors for line, text in _complaints(error, schema, positions)
    )
    hint = None
    if len(messages) > 1:
        hint = "also: " + "\n  also: ".join(text for _, text in messages[1:])
    raise ConfigurationError(messages[0][1], hint=hint)


def _complaints(
    error: jsonschema_rs.ValidationError, schema: Mapping[str, Any], positions: Mapping[tuple[str | int, ...], int]
) -> Iterator[tuple[int, str]]:
    place = tuple(error.instance_path)
    line = positions.get(place, 1)
    where = _dotted(place)
    if error.kind.name == "additionalProperties":
        known = list(_schema_at(schema, error.schema_path[:-1]).get("properties", {}))
        for key in error.kind.as_dict()["unexpected"]:
            near = get_close_matches(key, known, n=1)
            meant = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
            yield positions.get((*place, key), line), f"unknown key '{_dotted((*place, key))}'; {meant}"
    elif error.kind.name == "required":
        name = error.kind.as_dict()["property"]
        says = _schema_at(schema, error.schema_path[:-1]).get("properties", {}).get(name, {}).get("description", "")
        yield line, f"'{_dotted((*place, name))}' is missing{': ' + says if says else ''}"
    elif error.kind.name.startswith("oneOf"):
        choices = [
            key for one in _schema_at(schema, error.schema_path[:-1])["oneOf"] for key in one.get("required", ())
        ]
        yield line, f"'{where}' needs exactly one of: {', '.join(choices)}"
    else:
        says = _schema_at(schema, error.schema_path[:-1]).get("description", "")
        yield line, f"'{where}': {error.message}{' (' + says + ')' if says else ''}"


def _schema_at(schema: Mapping[str, Any], path: Sequence[str | int]) -> Mapping[str, Any]:
    here: Any = schema
    for part in path:
        here = here[part]
        while isinstance(here, Mapping) and "$ref" in here:
            here = schema["$defs"][here["$ref"].rpartition("/")[2]]
    return here if isinstance(here, Mapping) else {}


def _dotted(path: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the document"


def _positions(content: bytes) -> Iterator[tuple[tuple[str | int, ...], int]]:
    import yaml

    node = yaml.compose(content, Loader=yaml.CSafeLoader)
    if node is not None:
        yield from _node_positions(node, ())


def _node_positions(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    import yaml

    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _node_positions(value, (*path, key.value))
            # A key's own line says more than the line its value begins on.
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _node_positions(item, (*path, index))
