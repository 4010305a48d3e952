"""What a report shows beside its result: the picture of what changes, and what deploy records say about objects."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from pipeline.cli.comparing import Asked
from pipeline.cli.options import Terminal
from pipeline.errors import PipelineError, UsageError
from pipeline.model.deployments.naming import is_deployed, parse_deployed
from pipeline.model.deployments.record import ObjectEvent
from pipeline.model.manifests import Manifests, ObjectId
from pipeline.model.plan import Plan
from pipeline.model.reporting import ReportContext
from pipeline.model.settings.connections import RegistryOptions

_MOST_OBJECTS = 3_000
"""Of both sides; a picture of more would be cut down to nothing, and finding that out takes seconds."""

History = Mapping[ObjectId, tuple[ObjectEvent, ...]]
Found = TypeVar("Found")


def changing(
    plan: Plan, before: Manifests, after: Manifests, terminal: Terminal, history: Callable[[], History] = dict
) -> Callable[[], ReportContext]:
    """What a plan does, drawn: what changes and its neighbours; and what became of objects until now.

    Both are made only where a report asks for them. Where only one side is at hand (the other is live, say), give it as
    both. What cannot be had, such as a picture without Graphviz, the report comes without, and a line of talk says why.
    """

    def context() -> ReportContext:
        picture = "" if plan.is_empty else _tried("picture", lambda: _picture(plan, before, after), "", terminal)
        return ReportContext(picture=picture, history=_tried("history", history, {}, terminal))

    return context


def deployed_history(asked: Asked, options: RegistryOptions, terminal: Terminal) -> Callable[[], History]:
    """What the deploy records of the side that is ``deployed:CLUSTER`` say about every object; nothing without one."""

    def history() -> History:
        from pipeline import wiring
        from pipeline.cli.records import open_records
        from pipeline.model.deployments.history import history_of
        from pipeline.stages.deployed import read_history

        names = [side for side in (asked.before, asked.after) if is_deployed(side)]
        if not names:
            return {}
        name = parse_deployed(names[0])
        other = asked.after if asked.before == names[0] else asked.before
        registry = open_records(asked.records, name, options, terminal, beside=other)
        found = read_history(name, registry, wiring.record_trust(asked.records, os.environ, terminal.reporter))
        return history_of(item.record for item in found.records)

    return history


def _picture(plan: Plan, before: Manifests, after: Manifests) -> str:
    from pipeline import wiring
    from pipeline.model.graph.changes import changed_graph
    from pipeline.model.graph.narrowing import Part, narrowed

    number = max(len(before), len(after))
    if number > _MOST_OBJECTS:
        raise UsageError(f"{number:,} objects are too many for one; it can have {_MOST_OBJECTS:,}")
    graph = narrowed(changed_graph(plan, before, after), Part(only_changed=True))
    return wiring.picture("svg", os.environ).draw(graph)


def _tried(what: str, make: Callable[[], Found], otherwise: Found, terminal: Terminal) -> Found:
    try:
        return make()
    except PipelineError as error:
        terminal.reporter.info(f"the report has no {what}: {error.message}")
        return otherwise
