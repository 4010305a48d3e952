"""Where cards and lines go, found out by Graphviz' dot; it is told sizes and numbers, and no text of anybody's."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.errors import ConfigurationError, ToolError
from pipeline.model.graph.graph import Graph, Node
from pipeline.pictures.placing import CARD_WIDTH, INSET, Block, Curve, Frame, Point, card_height, framed, packed
from pipeline.ports import Environment

_TIMEOUT = 20.0
"""Seconds; pictures that can be read take less than one."""
_POINTS_PER_INCH: Final = 72
_SPACE: Final = re.compile(r"\s*")
_GRAPH: Final = (
    "rankdir=LR; ranksep=0.85; nodesep=0.2; splines=true; newrank=true; margin=0; pad=0;"
    f' node [shape=box fixedsize=true label="" width={CARD_WIDTH / _POINTS_PER_INCH:.4f}];'
    " edge [arrowhead=none tailport=e headport=w];"
)

_TANGLED: Final = 300
"""From so many lines in one part on, dot is told to be content sooner: the best places take it minutes."""
_HURRY: Final = " splines=line; nslimit=0.1; nslimit1=0.1; mclimit=0.01;"
"""Straight lines, and bounds of its network simplex and its search for fewer crossings: graphviz.org/docs/attrs."""
_CLUSTER: Final = 'margin=18; label=" "; fontsize=16;'


def lay_out(graph: Graph, environment: Environment) -> Block:
    """Place every card and line: what hangs together by dot, then side by side within its group's frame.

    Raises:
        ConfigurationError: Graphviz is not installed.
        ToolError: it failed, or the graph is too tangled for it.
    """
    position = {node.id: index for index, node in enumerate(graph.nodes)}
    lines = [(position[edge.source], position[edge.target]) for edge in graph.edges]
    parts = _parts(len(graph.nodes), lines)
    groups = [node.group for node in graph.nodes]
    asked = [part for part in parts if len(part) > 1]
    answers = iter(_dot([_source(part, graph.nodes, lines) for part in asked], environment) if asked else [])
    inside: dict[str, list[Block]] = defaultdict(list)
    across: list[Block] = []
    for part in parts:
        block = _block(next(answers), graph.nodes) if len(part) > 1 else _alone(part[0], graph.nodes)
        of = {groups[node] for node in part}
        (across if len(of) > 1 else inside[of.pop()]).append(block)
    spread = {frame.group for block in across for frame in block.frames}
    return packed([*across, *(_in_frame(group, blocks, spread) for group, blocks in inside.items())])


def _in_frame(group: str, blocks: Iterable[Block], spread: Container[str]) -> Block:
    """The rest of a group that has a frame already, among others that it has to do with, says so."""
    heading = f"also in {group}" if group in spread else group
    return framed(packed(blocks), heading) if group else packed(blocks)


def _parts(count: int, lines: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Nodes that hang together, in the order of their first one."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in lines:
        a, b = sorted((root(one), root(other)))
        parent[b] = a
    parts: dict[int, list[int]] = defaultdict(list)
    for node in range(count):
        parts[root(node)].append(node)
    return list(parts.values())


def _alone(node: int, nodes: Sequence[Node]) -> Block:
    return Block(CARD_WIDTH, card_height(nodes[node]), ((node, 0, 0),))


def _source(part: Sequence[int], nodes: Sequence[Node], lines: Sequence[tuple[int, int]]) -> str:
    """One part as DOT; names are positions, and groups are numbered as they come."""
    members: dict[str, list[int]] = defaultdict(list)
    for node in part:
        members[nodes[node].group].append(node)
    there = set(part)
    joined = [f"{one} -> {other} [comment={index}];" for index, (one, other) in enumerate(lines) if one in there]
    text = [f"digraph {{ {_GRAPH}{_HURRY if len(joined) > _TANGLED else ''}"]
    for number, (group, inside) in enumerate(members.items()):
        names = " ".join(f"{node} [height={card_height(nodes[node]) / _POINTS_PER_INCH:.4f}];" for node in inside)
        if len(members) > 1 and group:
            names = f"subgraph cluster_{number} {{ comment={inside[0]}; {_CLUSTER} {names} }}"
        text.append(names)
    return "\n".join([*text, *joined, "}"])


def _dot(sources: Sequence[str], environment: Environment) -> list[Mapping[str, Any]]:
    from pipeline.command import find_tool, run

    try:
        program = find_tool("dot", environment)
    except ToolError as error:
        raise ConfigurationError(error.message, hint=error.hint, code="configuration.graphviz") from None
    text = "\n".join(sources).encode()
    try:
        output = run([program, "-Kdot", "-Tjson0"], environment=environment, stdin=text, timeout=_TIMEOUT)
    except ToolError as error:
        tangled = "the graph may be too tangled to be laid out: draw a part, with --namespace, --kind or --only-changed"
        hint = tangled if error.code == "tool.timeout" else error.hint
        raise ToolError(error.message, hint=hint, code=error.code) from None
    try:
        answers = list(_documents(output.stdout.decode()))
    except ValueError:
        answers = []
    if len(answers) != len(sources):
        raise ToolError(
            f"dot laid out {len(answers)} of {len(sources)} parts of the graph; expected all of them as JSON",
            hint="Graphviz 2.40 or later is needed: see `dot -V`",
        )
    return answers


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    decoder = json.JSONDecoder()
    end = _SPACE.match(text).end()  # type: ignore[union-attr] # nothing at all is a match, too
    while end < len(text):
        document, end = decoder.raw_decode(text, end)
        yield document
        end = _SPACE.match(text, end).end()  # type: ignore[union-attr] # the same


def _block(answer: Mapping[str, Any], nodes: Sequence[Node]) -> Block:
    """What dot answered, turned the right way up: its y grows upwards."""
    _, _, width, height = _numbers(answer["bb"])
    cards, frames = [], []
    for item in answer["objects"]:
        if "bb" in item:
            left, low, right, high = _numbers(item["bb"])
            group = nodes[int(item["comment"])].group
            frames.append(
                Frame(group, left + INSET, height - high + INSET, right - left - 2 * INSET, high - low - 2 * INSET)
            )
        else:
            x, y = _numbers(item["pos"])
            node = int(item["name"])
            cards.append((node, x - CARD_WIDTH / 2, height - y - card_height(nodes[node]) / 2))
    curves = tuple(_curve(item, height) for item in answer.get("edges", ()))
    return Block(width, height, tuple(sorted(cards)), curves, tuple(frames))


def _curve(item: Mapping[str, Any], height: float) -> Curve:
    points: list[Point] = []
    for part in item["pos"].split():
        x, y = _numbers(part)
        points.append((x, height - y))
    return Curve(int(item["comment"]), tuple(points))


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
