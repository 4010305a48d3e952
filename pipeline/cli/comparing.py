"""What ``diff`` and ``plan`` share: two sides, the decisions of an apply, and how the command ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completing
from pipeline.cli.guard_options import guard_options
from pipeline.cli.options import Decorated, argument, option, with_options
from pipeline.cli.record_options import record_reading_options
from pipeline.cli.terminal import Terminal
from pipeline.errors import UsageError
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.settings.connections import ClusterOptions
from pipeline.model.settings.guards import GuardSettings
from pipeline.model.settings.recording import RecordReading

if TYPE_CHECKING:
    from pipeline.model.applying.live_plan import LivePlan
    from pipeline.model.applying.options import ApplyOptions
    from pipeline.ports import Cluster

LIVE = "live"
CHANGES_PENDING = 3
FAIL_ON = ("none", "policy", "delete", "change")
"""What a comparison fails for. Each fails for what those before it do, and for more; unsaid it is between the second
and the third: whatever applying would be refused for."""

_SIDE = click.Path(allow_dash=True)
_OPTIONS = (
    argument("before", envvar="from", metavar="FROM", type=_SIDE, shell_complete=completing.artifacts_or_paths),
    argument("after", envvar="to", metavar="TO", type=_SIDE, shell_complete=completing.artifacts_or_paths),
    option("--exit-code", is_flag=True, help="Exit with 3 where the sides differ."),
    option("--fail-on", type=click.Choice(FAIL_ON),
           help="none: show, and end with 0; policy: fail where a guard trips; delete: exit with 3 where anything is"
           " deleted; change: the same as --exit-code. Otherwise fail where applying would be refused."),
    option("--full", "is_full", is_flag=True, help="Show what is created and deleted in full, and cut no long values."),
    option("--inventory", shell_complete=completing.inventories,
           help="As apply would: the inventory; the repository's or folder's own name."),
    option("--prune/--no-prune", default=True, show_default=True, help="As apply would."),
    option("--force-conflicts", is_flag=True, help="As apply would: take over fields that other managers own."),
    option("--recreate", is_flag=True, help="As apply would: recreate objects whose immutable fields change."),
    option("--take-ownership", is_flag=True,
           help="As apply would: take over objects of other inventories, Flux or Helm."),
    guard_options,
    record_reading_options,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be compared, and how."""

    before: str
    after: str
    fail_on: str | None
    """One of :data:`FAIL_ON`, if anything was said."""
    is_full: bool
    inventory: str | None
    records: RecordReading
    decisions: Mapping[str, Any]
    """By the attributes of :class:`ApplyOptions`."""

    @property
    def is_live(self) -> bool:
        """Whether one side is the cluster."""
        return LIVE in {self.before, self.after}

    @property
    def wanted(self) -> str:
        """The side that is to be applied, whichever the cluster stands on.

        Raises:
            UsageError: both are the cluster.
        """
        wanted = self.after if self.before == LIVE else self.before
        if wanted == LIVE:
            raise UsageError("both sides are live; name a folder or an artifact to compare the cluster with")
        return wanted

    def against(self, options: ClusterOptions, terminal: Terminal, **decisions: bool) -> tuple[Cluster, ApplyOptions]:
        """The cluster, and what applying the wanted side there would be asked to do."""
        from pipeline import wiring
        from pipeline.model.applying.options import ApplyOptions

        cluster = wiring.cluster(options, os.environ, terminal.reporter)
        namespace = options.namespace or cluster.default_namespace
        decided = {**self.decisions, **decisions}
        return cluster, ApplyOptions(inventory=self.inventory_name(), namespace=namespace, **decided)

    def inventory_name(self) -> str:
        """The inventory's name, given or made from the wanted side; nothing has to be read to refuse a wrong one.

        Raises:
            UsageError: there is none that an inventory can have.
        """
        from pipeline.model.applying.inventory import check_inventory_name, inventory_name

        return check_inventory_name(self.inventory) if self.inventory else inventory_name(self.wanted)


def comparing(command: Decorated) -> Callable[..., Any]:
    """Add both sides and how they are compared; the command receives ``asked: Asked``."""

    def wrapped(
        *,
        before: str,
        after: str,
        exit_code: bool,
        fail_on: str | None,
        is_full: bool,
        inventory: str | None,
        prune: bool,
        force_conflicts: bool,
        recreate: bool,
        take_ownership: bool,
        guards: GuardSettings,
        records: RecordReading,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        decisions = {
            "prune": prune,
            "force_conflicts": force_conflicts,
            "recreate": recreate,
            "take_ownership": take_ownership,
            "guards": guards.guards(),
        }
        if exit_code and fail_on not in {None, "change"}:
            raise UsageError(f"--exit-code and --fail-on {fail_on} contradict each other", hint="say one of them")
        asked = Asked(before, after, "change" if exit_code else fail_on, is_full, inventory, records, decisions)
        return command(asked=asked, **arguments)

    return with_options(_OPTIONS, wrapped, command)


def live_result(live: LivePlan, wanted: Side, cluster: Cluster, *, is_full: bool) -> DiffResult:
    """A plan against a cluster as the result that both commands show."""
    return DiffResult(
        before=Side(name=f"{LIVE} ({cluster.context})", is_live=True),
        after=wanted,
        plan=live.plan,
        obstacles=live.obstacles,
        notes=live.notes,
        is_full=is_full,
    )


def end(result: DiffResult, *, fail_on: str | None) -> None:
    """End as the result asks for, once it is shown.

    Raises:
        PipelineError: applying it would be refused; of the reasons ``policy`` takes guards alone, and ``none`` none.
        Exit: something is deleted or differs, and the exit code is to say so.
    """
    if fail_on == "none":
        return
    if fail_on == "policy":
        result = result.guarded()
    if result.obstacles:
        raise result.refusal()
    if (fail_on == "change" and result.is_different) or (fail_on == "delete" and result.is_deleting):
        raise click.exceptions.Exit(CHANGES_PENDING)
