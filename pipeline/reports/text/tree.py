"""A tree of managed objects, one line each, as ``tree`` draws folders."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.flux.tree import TreeNode
from pipeline.model.health import HealthStatus
from pipeline.model.outcome.tree import TreeResult
from pipeline.reports.text.values import Paint, cut, printable

_STYLES = {
    HealthStatus.CURRENT: "green",
    HealthStatus.IN_PROGRESS: "yellow",
    HealthStatus.FAILED: "red",
    HealthStatus.TERMINATING: "yellow",
    HealthStatus.NOT_FOUND: "red",
}


def render(result: TreeResult, *, color: bool) -> str:
    """The tree, ending with a newline."""
    paint = Paint(color)
    lines = [_label(result.root, paint), *_below(result.root, "", paint)]
    return "\n".join(lines) + "\n"


def _below(node: TreeNode, indent: str, paint: Paint) -> Iterator[str]:
    for child in node.children:
        is_last = child is node.children[-1]
        yield indent + ("└── " if is_last else "├── ") + _label(child, paint)
        yield from _below(child, indent + ("    " if is_last else "│   "), paint)


def _label(node: TreeNode, paint: Paint) -> str:
    object_id = node.object_id
    kind = f"{object_id.kind}.{object_id.group}" if object_id.group else object_id.kind
    name = f"{object_id.namespace}/{object_id.name}" if object_id.namespace else object_id.name
    label = f"{printable(kind)} {paint('bold', printable(name))}"
    if node.health is not None:
        told = node.health.status.value
        if not node.health.is_current:
            told += f": {node.health.reason}" if node.health.reason else ""
            told += f", {node.health.message}" if node.health.message else ""
        label += "  " + paint(_STYLES[node.health.status], cut(printable(told.replace("\n", " "))))
    return label + (paint("dim", f"  ({node.note})") if node.note else "")
