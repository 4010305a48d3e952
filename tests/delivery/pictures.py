"""The pictures of ``docs/pictures.md`` are drawn of the example application: ``--write`` draws them anew.

Where things are placed is up to the Graphviz at hand: a comparison leaves all numbers out.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import wiring
from pipeline.model.graph.building import build_graph
from pipeline.model.graph.changes import changed_graph
from pipeline.model.graph.graph import Graph
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.settings.sources import HelmOptions, Source
from pipeline.reports.console import JsonLog
from pipeline.stages.build import build
from pipeline.stages.diff import diff
from tests.platform.binaries import binary

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
_EXAMPLE = ROOT / "examples" / "shop"
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def drawn() -> dict[str, str]:
    """Every picture by its file's name."""
    environment = {
        **os.environ,
        **{f"GITLESS_{name.upper()}": str(binary(name)) for name in ("dot", "helm", "kustomize")},
    }
    shop = _shop(environment)
    edited = Manifests.of(_edited(shop))
    graphs: Mapping[str, Graph] = {
        "shop.svg": build_graph(shop, title="The shop"),
        "changes.svg": changed_graph(diff(shop, edited), shop, edited, title="What a release changes"),
    }
    picture = wiring.picture("svg", environment)
    return {name: picture.draw(graph) for name, graph in graphs.items()}


def without_places(svg: str) -> str:
    """What is drawn, wherever it is."""
    return _NUMBER.sub("0", svg)


def _shop(environment: Mapping[str, str]) -> Manifests:
    reporter = JsonLog(io.StringIO(), verbose=False)
    sources = [
        Source(_EXAMPLE / "environments" / "production"),
        Source(_EXAMPLE / "charts" / "cache", helm=HelmOptions(release="cache", namespace="shop")),
    ]
    return build(sources, wiring.renderers(environment, reporter)).manifests


def _edited(manifests: Manifests) -> Iterator[Resource]:
    """Replicas of its own, no autoscaler any more, and a budget in its place."""
    for resource in manifests:
        if resource.id.kind == "HorizontalPodAutoscaler":
            body: dict[str, Any] = {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": dict(resource.body["metadata"]),
                "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "api"}}},
            }
            yield Resource.from_body(body)
        elif (resource.id.kind, resource.id.name) == ("Deployment", "api"):
            yield replace(resource, body={**resource.body, "spec": {**resource.body["spec"], "replicas": 4}})
        else:
            yield resource


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    FOLDER.mkdir(exist_ok=True)
    for name, svg in drawn().items():
        (FOLDER / name).write_text(svg)
