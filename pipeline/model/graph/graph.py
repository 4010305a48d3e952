"""A graph of objects: what is there and how it hangs together, before anybody draws it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.manifests import ObjectId


class Relation(StrEnum):
    """Why two nodes are joined; an edge points from who needs to what is needed."""

    OWNER = "owner"
    SELECTOR = "selector"
    REFERENCE = "reference"
    DEPENDS_ON = "dependsOn"
    SOURCE = "source"
    EVIDENCE = "evidence"


class Tone(StrEnum):
    """What a node's colour says: its change, or its health."""

    PLAIN = "plain"
    CREATED = "created"
    CHANGED = "changed"
    RECREATED = "recreated"
    DELETED = "deleted"
    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    FAILED = "failed"
    WARNED = "warned"
    """Validation would rather have it otherwise."""
    MISSING = "missing"
    """Referred to and not there."""
    ACCEPTED = "accepted"
    """Evidence by somebody who is trusted."""
    REFUSED = "refused"
    """Evidence that does not hold, or is by somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One object, artifact, signature or source. ``title`` is its kind, ``label`` its name; both untrusted text."""

    id: str
    title: str
    label: str
    group: str = ""
    """What it is drawn together with, such as its namespace."""
    tone: Tone = Tone.PLAIN
    detail: str = ""
    """A line more, such as why it is not healthy."""
    object_id: ObjectId | None = None
    folded: tuple[str, ...] = ()
    """Names of the objects that one node stands for, where there are several."""
    aside: str = ""
    """What it is joined with by words instead of lines."""

    @property
    def count(self) -> int:
        """How many objects it stands for."""
        return max(1, len(self.folded))


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` needs, owns or selects ``target``; both are ids of nodes."""

    source: str
    target: str
    relation: Relation
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes in a stable order, and the edges between them; ``title`` is for the picture's heading."""

    title: str = ""
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    def by_group(self) -> Mapping[str, Sequence[Node]]:
        """Nodes by what they are drawn together with, in the order of the first of each."""
        groups: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            groups[node.group].append(node)
        return groups
