"""What a report shows beside its result: the picture of what changes, and what deploy records say about objects."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pipeline.cli.comparing import Asked
from pipeline.cli.terminal import Terminal
from pipeline.errors import PipelineError, UsageError
from pipeline.model.deployments.naming import is_deployed, parse_deployed
from pipeline.model.deployments.record import ObjectEvent
from pipeline.model.manifests import Manifests, ObjectId
from pipeline.model.plan import Plan
from pipeline.model.reporting import ReportContext
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions

if TYPE_CHECKING:
    from pipeline.model.artifact.reference import Reference
    from pipeline.model.graph.graph import Graph, Tone
    from pipeline.model.outcome.run import RunResult
    from pipeline.model.outcome.validate import ValidateResult
    from pipeline.model.outcome.verify import VerifyResult
    from pipeline.model.trust.policy import TrustPolicy

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


def validated(result: ValidateResult, manifests: Manifests, terminal: Terminal) -> Callable[[], ReportContext]:
    """What validation found errors and warnings in, drawn with its neighbours, where a report asks for it."""

    def picture() -> str:
        from pipeline.model.graph.judged import FOUND, validated_graph

        if not result.findings:
            return ""
        _check_size(len(manifests))
        return _drawn(validated_graph(manifests, result.findings), FOUND)

    return lambda: ReportContext(picture=_tried("picture", picture, "", terminal))


def healthy(result: VerifyResult, options: ClusterOptions, terminal: Terminal) -> Callable[[], ReportContext]:
    """What runs, drawn with its health and with what has drifted, where a report asks for it."""

    def picture() -> str:
        from pipeline import wiring
        from pipeline.model.graph.judged import drifted_graph
        from pipeline.stages.graph import live_graph
        from pipeline.stages.verify import find_inventory

        _check_size(len(result.health.objects))
        cluster = wiring.cluster(options, os.environ, terminal.reporter)
        inventory = find_inventory(cluster, result.namespace, result.inventory)
        live = live_graph(inventory, cluster, wiring.clock())
        return _drawn(drifted_graph(live.graph, (change.object_id for change in result.drift.changes)))

    return lambda: ReportContext(picture=_tried("picture", picture, "", terminal))


def vouched_for(
    reference: Reference, policy: TrustPolicy, options: RegistryOptions, terminal: Terminal
) -> Callable[[], ReportContext]:
    """Where an artifact comes from and who vouches for it, drawn where a report asks for it."""

    def picture() -> str:
        from pipeline import wiring
        from pipeline.model.graph.chain import chain_graph
        from pipeline.stages.inspect import inspect
        from pipeline.stages.list_tags import tags_of

        registry = wiring.registry(reference.repository, options, os.environ, terminal.reporter)
        ports = wiring.trust_ports(os.environ, terminal.reporter)
        found = inspect(reference, registry, ports, policy, wiring.read_certificate)
        chain = chain_graph(found, tags_of(found.artifact.digest, registry).names)
        return _drawn(replace(chain, title=""))

    return lambda: ReportContext(picture=_tried("picture", picture, "", terminal))


def carried_out(result: RunResult, terminal: Terminal) -> Callable[[], ReportContext]:
    """What a run has built and applied, or would, drawn where a report asks for it."""
    from pipeline.model.outcome.apply import ApplyResult
    from pipeline.model.outcome.build import BuildResult
    from pipeline.model.outcome.diff import DiffResult

    built = [run.result.manifests for run in result.stages if isinstance(run.result, BuildResult)]
    plans = [run.result.plan for run in result.stages if isinstance(run.result, DiffResult | ApplyResult)]
    return changing(plans[-1], built[-1], built[-1], terminal) if built and plans else ReportContext


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
    from pipeline.model.graph.changes import changed_graph
    from pipeline.model.graph.narrowing import CHANGING

    _check_size(max(len(before), len(after)))
    return _drawn(changed_graph(plan, before, after), CHANGING)


def _check_size(number: int) -> None:
    if number > _MOST_OBJECTS:
        raise UsageError(f"{number:,} objects are too many for one; it can have {_MOST_OBJECTS:,}")


def _drawn(graph: Graph, tones: frozenset[Tone] = frozenset()) -> str:
    """Of everything, or of what has these tones, with its neighbours; nothing where there is nothing to show."""
    from pipeline import wiring
    from pipeline.model.graph.narrowing import Part, narrowed

    shown = narrowed(graph, Part(tones=tones))
    return wiring.picture("svg", os.environ).draw(shown) if shown.nodes else ""


def _tried(what: str, make: Callable[[], Found], otherwise: Found, terminal: Terminal) -> Found:
    try:
        return make()
    except PipelineError as error:
        terminal.reporter.info(f"the report has no {what}: {error.message}")
        return otherwise
