"""Results as text or JSON for stdout, and the talk on stderr."""

from __future__ import annotations

import json
from importlib import import_module

from pipeline.model.outcome import Result


def render_result(result: Result, output: str, *, color: bool = False) -> str:
    """The result in the chosen format, ending with a newline unless empty.

    ``PackageResult`` is written as text by ``pipeline.reports.text.package``, and so on; ``wide`` is text with more in
    it. ``yaml`` is the JSON document as YAML.
    """
    if output == "json":
        return json.dumps(result.document(), indent=2, ensure_ascii=False) + "\n"
    if output == "yaml":
        from pipeline.model.documents.yaml_writing import write_document

        return write_document(result.document()).decode()
    module = import_module(f"pipeline.reports.text.{result.kind.removesuffix('Result').lower()}")
    render = module.render_wide if output == "wide" else module.render
    text: str = render(result, color=color)
    return text
