"""What is below tekton/, read as it would be applied, and what its variables refer to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

TREE = Path(__file__).resolve().parents[2] / "tekton"
VARIABLE = re.compile(r"\$\(([^()]*)\)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OWN = ("tekton.dev/", "triggers.tekton.dev/")


def paths() -> list[Path]:
    """Every YAML file, relative to tekton/."""
    return sorted(file.relative_to(TREE) for file in TREE.rglob("*.yaml"))


@cache
def documents(path: Path) -> list[dict[str, Any]]:
    """The documents of one file, which nobody may change."""
    return [body for body in yaml.load_all((TREE / path).read_text(), _LOADER) if body is not None]


def every(*kinds: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every document of one of the kinds, with its file."""
    for path in paths():
        yield from ((path, body) for body in documents(path) if body["kind"] in kinds)


_SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "schemas" / "tekton.v1.json").read_text())
KINDS = {entry["$ref"].rpartition("/")[2] for entry in _SCHEMA["oneOf"]}
"""The kinds that the schema knows."""


@cache
def _validator(kind: str) -> Any:  # noqa: ANN401 - the library publishes no type for it
    chosen = {key: value for key, value in _SCHEMA.items() if key != "oneOf"} | {"$ref": f"#/$defs/{kind}"}
    return jsonschema_rs.validator_for(chosen)


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What the schema of its kind has against a document of Tekton's."""
    kind = str(body.get("kind"))
    return complaints_about(kind, body) if kind in KINDS else [f"there is no kind {kind}"]


def complaints_about(definition: str, body: Mapping[str, Any]) -> list[str]:
    """What a part of the schema, such as ``step``, has against a part of a document."""
    found = _validator(definition).iter_errors(body)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in found]


def variables(value: object) -> Iterator[str]:
    """Every ``$(…)`` in all texts of a value, without what stands around it."""
    if isinstance(value, str):
        yield from VARIABLE.findall(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from variables(item)
    elif isinstance(value, list):
        for item in value:
            yield from variables(item)


def unresolved(value: object, *known: str) -> list[str]:
    """The variables that none of the known ones covers; ``[*]`` and ``.KEY`` of a known one are known."""
    bare = [re.sub(r"\[\*\]$", "", name) for name in variables(value)]
    return [name for name in bare if name not in known and name.rpartition(".")[0] not in known]


def names(items: object) -> list[str]:
    """The names of a list of declarations."""
    return [item["name"] for item in items] if isinstance(items, list) else []
