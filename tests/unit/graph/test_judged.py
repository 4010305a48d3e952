"""What validation says about objects, and what has drifted, as colours."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model.graph.building import Mark, build_graph
from pipeline.model.graph.graph import Graph, Tone
from pipeline.model.graph.judged import drifted_graph, validated_graph
from pipeline.model.manifests import Manifests, ObjectId
from pipeline.model.validation.finding import Finding, Severity, Suppression
from tests.unit.graph.objects import resource

WEB, BATCH, PLAIN = (ObjectId("", "ConfigMap", "shop", name) for name in ("web", "batch", "plain"))
MANIFESTS = Manifests.of(resource("ConfigMap", name) for name in ("web", "batch", "plain"))


def finding(object_id: ObjectId | None, severity: Severity) -> Finding:
    return Finding(gate="lint", rule="r", severity=severity, message="m", object_id=object_id)


def told(graph: Graph) -> dict[str, tuple[Tone, str]]:
    return {node.label: (node.tone, node.detail) for node in graph.nodes}


def test_an_object_is_as_grave_as_its_gravest_finding_and_says_how_many_there_are() -> None:
    found = [
        *(finding(WEB, severity) for severity in (Severity.WARNING, Severity.ERROR, Severity.ERROR, Severity.NOTE)),
        finding(BATCH, Severity.WARNING),
        finding(PLAIN, Severity.NOTE),
        finding(None, Severity.ERROR),
    ]

    assert told(validated_graph(MANIFESTS, found)) == {
        "web": (Tone.FAILED, "2 errors, 1 warning"),
        "batch": (Tone.WARNED, "1 warning"),
        "plain": (Tone.PLAIN, ""),
    }


def test_what_somebody_suppressed_colours_nothing() -> None:
    quiet = replace(finding(WEB, Severity.ERROR), suppression=Suppression(reason="known", place="gitless.yaml:3"))

    assert told(validated_graph(MANIFESTS, [quiet]))["web"] == (Tone.PLAIN, "")


def test_drift_is_seen_where_health_alone_would_be_green() -> None:
    marks = {WEB: Mark(Tone.HEALTHY), BATCH: Mark(Tone.FAILED, "no"), PLAIN: Mark(Tone.HEALTHY)}

    assert told(drifted_graph(build_graph(MANIFESTS, marks=marks), [WEB, BATCH])) == {
        "web": (Tone.CHANGED, "drifted"),
        "batch": (Tone.FAILED, "no"),
        "plain": (Tone.HEALTHY, ""),
    }
