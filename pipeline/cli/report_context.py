"""What a report shows beside its result: the picture of what changes."""

from __future__ import annotations

import os
from collections.abc import Callable

from pipeline.cli.options import Terminal
from pipeline.errors import ConfigurationError, PipelineError, ToolError, UsageError
from pipeline.model.manifests import Manifests
from pipeline.model.plan import Plan
from pipeline.model.reporting import BARE, ReportContext

_MOST_OBJECTS = 3_000
"""Of both sides; a picture of more would be cut down to nothing, and finding that out takes seconds."""


def changing(plan: Plan, before: Manifests, after: Manifests, terminal: Terminal) -> Callable[[], ReportContext]:
    """What a plan does, drawn: what changes and its neighbours. It is drawn only where a report asks for it.

    Where only one side is at hand (the other is live, say), give it as both. Without Graphviz, or with more changes
    than a picture can show, the report has none, and a line of talk says why.
    """

    def context() -> ReportContext:
        if plan.is_empty:
            return BARE
        try:
            return ReportContext(picture=_picture(plan, before, after))
        except (ConfigurationError, ToolError, UsageError) as error:
            _tell(error, terminal)
            return BARE

    return context


def _picture(plan: Plan, before: Manifests, after: Manifests) -> str:
    from pipeline import wiring
    from pipeline.model.graph.changes import changed_graph
    from pipeline.model.graph.narrowing import Part, narrowed

    number = max(len(before), len(after))
    if number > _MOST_OBJECTS:
        raise UsageError(f"{number:,} objects are too many for one; it can have {_MOST_OBJECTS:,}")
    graph = narrowed(changed_graph(plan, before, after), Part(only_changed=True))
    return wiring.picture("svg", os.environ).draw(graph)


def _tell(error: PipelineError, terminal: Terminal) -> None:
    terminal.reporter.info(f"the report has no picture: {error.message}")
