"""The reference table of docs/gitless-yaml.md is derived from the JSON Schema; ``--write`` puts it there."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.config import schema_text

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gitless-yaml.md"
_TABLE = re.compile(r"(<!-- reference -->\n).*?(<!-- /reference -->\n)", re.DOTALL)

_LISTED = ("", "images.")
"""Where the items of lists have rows of their own."""


def _rows(schema: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str) -> Iterator[str]:
    required = set(schema.get("required", ()))
    for name, declared in schema.get("properties", {}).items():
        entry = _resolved(declared, definitions)
        text = entry["description"] + (" **Required.**" if name in required else "")
        if "enum" in entry:
            text += " One of " + ", ".join(f"`{value}`" for value in entry["enum"]) + "."
        default = entry.get("default")
        shown = "" if default is None else f"`{json.dumps(default) if not isinstance(default, str) else default}`"
        yield f"| `{prefix}{name}` | {entry.get('type', 'const')} | {shown} | {text} |"
        if entry.get("type") == "object":
            yield from _rows(entry, definitions, f"{prefix}{name}.")
            inner = entry.get("additionalProperties")
            if isinstance(inner, Mapping) and "$ref" in inner:
                yield from _rows(_resolved(inner, definitions), definitions, f"{prefix}{name}.NAME.")
        elif entry.get("type") == "array" and prefix in _LISTED:
            yield from _rows(_resolved(entry["items"], definitions), definitions, f"{prefix}{name}[].")


def _resolved(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    return definitions[entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry


def with_current_table(text: str) -> str:
    """The page with the table that the schema gives now."""
    schema = json.loads(schema_text())
    head = "| key | type | default | what it says |\n|---|---|---|---|\n"
    body = "\n".join(_rows(schema, schema["$defs"], ""))
    return _TABLE.sub(lambda match: f"{match[1]}{head}{body}\n{match[2]}", text)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    PAGE.write_text(with_current_table(PAGE.read_text()))
