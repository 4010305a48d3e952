"""What was found out about objects, as colours of their graph: what validation says, and what has drifted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pipeline.model.graph.building import Mark, build_graph
from pipeline.model.graph.graph import Graph, Tone
from pipeline.model.manifests import Manifests, ObjectId
from pipeline.model.validation.finding import Finding, Severity

FOUND: Final = frozenset({Tone.FAILED, Tone.WARNED})
"""What validation says something about."""
_TONES: Final[Mapping[Severity, Tone]] = {Severity.ERROR: Tone.FAILED, Severity.WARNING: Tone.WARNED}
"""The gravest first; notes colour nothing."""


def validated_graph(manifests: Manifests, findings: Iterable[Finding]) -> Graph:
    """All objects; those with errors and warnings that nobody suppressed are coloured, and say how many."""
    counts: dict[ObjectId, Counter[Severity]] = defaultdict(Counter)
    for finding in findings:
        if finding.object_id is not None and finding.suppression is None and finding.severity in _TONES:
            counts[finding.object_id][finding.severity] += 1
    return build_graph(manifests, marks={object_id: _mark(counted) for object_id, counted in counts.items()})


def drifted_graph(graph: Graph, drifted: Iterable[ObjectId]) -> Graph:
    """The graph of an inventory, in which what is healthy and yet not as it should be is changed."""
    others = {*drifted}
    return replace(
        graph,
        nodes=tuple(
            replace(node, tone=Tone.CHANGED, detail="drifted")
            if node.tone is Tone.HEALTHY and node.object_id in others
            else node
            for node in graph.nodes
        ),
    )


def _mark(counted: Mapping[Severity, int]) -> Mark:
    told = [
        f"{counted[severity]} {severity.value}{'s' if counted[severity] > 1 else ''}"
        for severity in _TONES
        if counted[severity]
    ]
    return Mark(next(tone for severity, tone in _TONES.items() if counted[severity]), ", ".join(told))
