"""Results in every format for stdout and files, and the talk on stderr."""

from __future__ import annotations

import json
from importlib import import_module

from pipeline.model.outcome import Result
from pipeline.model.reporting import BARE, ReportContext


def render_result(result: Result, output: str, *, color: bool = False, context: ReportContext = BARE) -> str:
    """The result in the chosen format, ending with a newline unless empty.

    ``PackageResult`` is written as text by ``pipeline.reports.text.package``, as Markdown by
    ``pipeline.reports.markdown.package``, and so on; ``wide`` is text with more in it. ``yaml`` is the JSON document as
    YAML.
    """
    if output == "json":
        return json.dumps(result.document(), indent=2, ensure_ascii=False) + "\n"
    if output == "yaml":
        from pipeline.model.documents.yaml_writing import write_document

        return write_document(result.document()).decode()
    name = result.kind.removesuffix("Result").lower()
    if output in {"markdown", "sarif", "junit", "html"}:
        report: str = import_module(f"pipeline.reports.{output}.{name}").render(result, context)
        return report
    module = import_module(f"pipeline.reports.text.{name}")
    render = module.render_wide if output == "wide" else module.render
    text: str = render(result, color=color)
    return text
