"""YAML as people write it: block style, short lists in one line, texts of several lines as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class Flow:
    """A list or mapping that stands in one line."""

    def __init__(self, content: list[Any] | dict[str, Any]) -> None:
        self.content = content


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Indent lists below their keys."""
        del indentless
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - PyYAML's signature
        """Write everything out."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    resolved = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    style = None if resolved == "tag:yaml.org,2002:str" and text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _flow(dumper: yaml.SafeDumper, flow: Flow) -> yaml.Node:
    if isinstance(flow.content, dict):
        return dumper.represent_mapping("tag:yaml.org,2002:map", flow.content, flow_style=True)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", flow.content, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Flow, _flow)


def text_of(documents: Iterable[Mapping[str, Any]], comment: str = "") -> str:
    """Documents as one stream, each after ``---``; comments first."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    bodies = (
        yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
        for document in documents
    )
    return "---\n" + head + "---\n".join(bodies)
