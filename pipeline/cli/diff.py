"""``gitless diff``."""

from __future__ import annotations

import click

from pipeline.cli.comparing import Asked, comparing, end, live_result
from pipeline.cli.options import cluster_options, registry_options
from pipeline.cli.record_options import warn_unverified_records
from pipeline.cli.report_context import changing, deployed_history
from pipeline.cli.sides import read_side, read_sides
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions


@click.command()
@comparing
@registry_options
@cluster_options
@talking("text", "json", "markdown", "html", reports=True)
def command(
    *, asked: Asked, registry_options: RegistryOptions, cluster_options: ClusterOptions, terminal: Terminal
) -> None:
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
    gitless diff oci://ghcr.io/acme/shop:1.0 deploy/ --report diff.html
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.stages.diff import diff, diff_live

    if asked.is_live:
        asked.inventory_name()
        manifests, side = read_side(asked.wanted, registry_options, terminal)
        cluster, options = asked.against(cluster_options, terminal)
        live = diff_live(manifests, cluster, options, is_full=asked.is_full)
        result = live_result(live, side, cluster, is_full=asked.is_full)
        old = new = manifests
    else:
        warn_unverified_records(asked.records, terminal)
        (old, old_side), (new, new_side) = read_sides(
            asked.before,
            asked.after,
            lambda name, other, part: read_side(
                name, registry_options, terminal, asked.records, other=other, part=part
            ),
        )
        plan = diff(old, new, is_full=asked.is_full)
        notes = (*old_side.notes, *new_side.notes)
        result = DiffResult(before=old_side, after=new_side, plan=plan, notes=notes, is_full=asked.is_full)
    history = deployed_history(asked, registry_options, terminal)
    terminal.print_result(result, changing(result.plan, old, new, terminal, history))
    end(result, fail_on=asked.fail_on)
