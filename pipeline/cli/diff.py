"""``gitless diff``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.options import Terminal, cluster_options, option, registry_options, talking
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.sides import read_side
from pipeline.errors import UsageError
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.recording import RecordReading

LIVE = "live"
CHANGES_PENDING = 3


@click.command()
@click.argument(
    "before", metavar="FROM", type=click.Path(allow_dash=True), shell_complete=completing.artifacts_or_paths
)
@click.argument("after", metavar="TO", type=click.Path(allow_dash=True), shell_complete=completing.artifacts_or_paths)
@option("--exit-code", is_flag=True, help="Exit with 3 where the sides differ.")
@option("--full", "is_full", is_flag=True, help="Show what is created and deleted in full, and cut no long values.")
@option("--inventory", shell_complete=completing.inventories,
        help="As apply would: the inventory; the repository's or folder's own name.")  # fmt: skip
@option("--prune/--no-prune", default=True, show_default=True, help="As apply would.")
@option("--force-conflicts", is_flag=True, help="As apply would: take over fields that other managers own.")
@option("--recreate", is_flag=True, help="As apply would: recreate objects whose immutable fields change.")
@option("--take-ownership", is_flag=True, help="As apply would: take over objects of other inventories, Flux or Helm.")
@record_reading_options
@registry_options
@cluster_options
@talking()
def command(
    *, before: str, after: str, exit_code: bool, is_full: bool, records: RecordReading,
    registry_options: RegistryOptions, cluster_options: ClusterOptions, terminal: Terminal,
    **decisions: bool | str | None,
) -> None:  # fmt: skip
    """Show what has to change for FROM to become TO, field by field.

    A side is a folder or file (built first), an artifact, or live: the cluster. With live, whichever side it stands on,
    the diff tells what applying the other side would do, found by server-side dry-run. deployed:CLUSTER is what the
    cluster has by its signed deploy records, without any access to it. Values of Secrets are never shown. Errors exit
    with their own codes, never with 3.

    \b
    gitless diff oci://ghcr.io/acme/shop:1.0 oci://ghcr.io/acme/shop:1.1
    gitless diff oci://ghcr.io/acme/shop:production deploy/ --exit-code
    gitless diff deployed:production oci://ghcr.io/acme/shop:1.1 --record-key cluster.pub
    gitless diff live oci://ghcr.io/acme/shop:1.1 --inventory shop -n shop
    gitless diff live deploy/ --inventory shop -o json | jq .counts
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.stages.diff import diff

    if LIVE in (before, after):
        wanted = after if before == LIVE else before
        if wanted == LIVE:
            raise UsageError("both sides are live; name a folder or an artifact to compare the cluster with")
        result = _against_live(wanted, decisions, registry_options, cluster_options, terminal, is_full=is_full)
    else:
        warn_unverified_records(records, terminal)
        old, old_side = read_side(before, registry_options, terminal, records, other=after)
        new, new_side = read_side(after, registry_options, terminal, records, other=before)
        plan = diff(old, new, is_full=is_full)
        notes = (*old_side.notes, *new_side.notes)
        result = DiffResult(before=old_side, after=new_side, plan=plan, notes=notes, is_full=is_full)
    terminal.print_result(result)
    if result.obstacles:
        raise result.refusal()
    if exit_code and result.is_different:
        raise click.exceptions.Exit(CHANGES_PENDING)


def _against_live(
    name: str, decisions: dict[str, bool | str | None], registry_options: RegistryOptions,
    cluster_options: ClusterOptions, terminal: Terminal, *, is_full: bool,
) -> DiffResult:  # fmt: skip
    from pipeline import wiring
    from pipeline.model.applying.inventory import check_inventory_name, inventory_name
    from pipeline.model.applying.options import ApplyOptions
    from pipeline.stages.diff import diff_live

    inventory = decisions.pop("inventory")
    inventory = check_inventory_name(str(inventory)) if inventory else inventory_name(name)
    manifests, side = read_side(name, registry_options, terminal)
    cluster = wiring.cluster(cluster_options, os.environ, terminal.reporter)
    namespace = cluster_options.namespace or cluster.default_namespace
    options = ApplyOptions(inventory=inventory, namespace=namespace, **decisions)  # type: ignore[arg-type]
    live = diff_live(manifests, cluster, options, is_full=is_full)
    return DiffResult(
        before=Side(name=f"{LIVE} ({cluster.context})", is_live=True),
        after=side,
        plan=live.plan,
        obstacles=live.obstacles,
        notes=live.notes,
        is_full=is_full,
    )
