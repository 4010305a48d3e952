"""``gitless graph``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import cluster_and_namespace, option, registry_options
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.sides import read_side, read_sides
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options_if_any
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import is_reference, parse_reference
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import Side
from pipeline.model.reporting import ReportContext
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.recording import RecordReading
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.model.graph.chain import Delivery
    from pipeline.model.outcome.graph import GraphResult
    from pipeline.stages.fetch import Part

LIVE = "live"
PICTURES = ("svg", "dot", "mermaid")


@click.command()
@click.argument(
    "source", metavar="PATH|ARTIFACT|live", type=click.Path(allow_dash=True),
    shell_complete=completing.artifacts_or_paths,
)  # fmt: skip
@option("--changes-to", metavar="TO", shell_complete=completing.artifacts_or_paths,
        help="Colour by what changes towards this folder or artifact.")  # fmt: skip
@option("--chain", "is_chain", is_flag=True,
        help="Draw where an artifact comes from instead: commit, build, signatures, tags.")  # fmt: skip
@option("--inventory", shell_complete=completing.inventories,
        help="With live: the inventory; may be left out where the namespace has only one.")  # fmt: skip
@option("--kind", "kinds", multiple=True, metavar="KIND", help="Only objects of this kind and their neighbours.")
@option("--only-changed", is_flag=True, help="Only what changes, and its neighbours.")
@option("--cluster", "clusters", multiple=True, metavar="CLUSTER[/INVENTORY]",
        help="With --chain: also what this cluster's deploy records say, verified; repeatable.")  # fmt: skip
@trust_options_if_any
@record_reading_options
@registry_options
@cluster_and_namespace("Only this namespace and its neighbours; with live, the namespace of the inventory.")
@talking("text", "json", "svg", "html", "dot", "mermaid")
def command(
    *, source: str, changes_to: str | None, is_chain: bool, inventory: str | None, kinds: tuple[str, ...],
    only_changed: bool, clusters: tuple[str, ...], trust: TrustPolicy | UnsafeSkipVerification | None,
    records: RecordReading, registry_options: RegistryOptions, cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Draw what is in a folder, an artifact or a cluster, and how it hangs together.

    Lines are owners, selectors, references, dependencies and sources; what is named and not there is shown as missing.
    With live the colours are health, with --changes-to what changes. svg and html need Graphviz. Nothing is verified
    but the signatures of a --chain.

    \b
    gitless graph deploy/ -o svg > shop.svg
    gitless graph oci://ghcr.io/acme/shop:1.0 --changes-to deploy/ -o html > changes.html
    gitless graph live --inventory shop -n shop -o svg > shop.svg
    gitless graph oci://ghcr.io/acme/shop:1.0 --chain --key cosign.pub -o svg > chain.svg
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.graph.narrowing import CHANGING, Part, narrowed

    if is_chain and (changes_to is not None or source == LIVE or not is_reference(source)):
        raise UsageError(
            "--chain is drawn of an artifact alone", hint="name it as oci://HOST/REPOSITORY:TAG, without --changes-to"
        )
    if only_changed and changes_to is None:
        raise UsageError("--only-changed needs to know what changes", hint="say towards what: --changes-to TO")
    if clusters and not is_chain:
        raise UsageError("--cluster belongs to --chain", hint="to draw what a cluster has: live, or deployed:CLUSTER")
    warn_unverified_records(records, terminal)
    sides = _Sides(registry_options, cluster_options, records, inventory, terminal)
    if is_chain:
        result = sides.chain(source, trust, clusters)
    else:
        result = sides.changes(source, changes_to) if changes_to is not None else sides.objects(source)
        namespace = "" if source == LIVE else cluster_options.namespace or ""
        part = Part(namespace=namespace, kinds=kinds, tones=CHANGING if only_changed else frozenset())
        result = replace(result, graph=narrowed(result.graph, part))
    _show(result, terminal)


def _show(result: GraphResult, terminal: Terminal) -> None:
    from pipeline import wiring

    if terminal.output == "html":
        # The page has a heading of its own.
        picture = wiring.picture("svg", os.environ).draw(replace(result.graph, title=""))
        terminal.print_result(result, lambda: ReportContext(picture=picture))
        return
    if terminal.output not in PICTURES:
        terminal.print_result(result)
        return
    terminal.keep_result(result)
    for note in result.notes:
        terminal.reporter.warn(note)
    click.echo(wiring.picture(terminal.output, os.environ).draw(result.graph), nl=False)


class _Sides:
    """What can be drawn, by where it is read from."""

    def __init__(
        self, registry: RegistryOptions, cluster: ClusterOptions, records: RecordReading, inventory: str | None,
        terminal: Terminal,
    ) -> None:  # fmt: skip
        self._registry = registry
        self._cluster = cluster
        self._records = records
        self._inventory = inventory
        self._terminal = terminal

    def objects(self, source: str) -> GraphResult:
        """The objects of a folder, an artifact or an inventory."""
        from pipeline.model.graph.building import build_graph
        from pipeline.model.outcome.graph import GraphResult

        if source == LIVE:
            return self._live()
        manifests, side = read_side(source, self._registry, self._terminal, self._records)
        elsewhere = "not in the artifact" if side.artifact else "not among the manifests"
        return GraphResult(graph=build_graph(manifests, title=source, elsewhere=elsewhere), side=side, notes=side.notes)

    def changes(self, source: str, towards: str) -> GraphResult:
        """The objects of both sides, and what becomes of them."""
        from pipeline.model.graph.changes import changed_graph
        from pipeline.model.outcome.graph import GraphResult
        from pipeline.stages.diff import diff

        if towards == LIVE:
            raise UsageError("--changes-to live: nothing is ever changed towards a cluster", hint="swap the two sides")
        if source == LIVE:
            return self._live_changes(*self._read(towards, source))
        (before, side), (after, after_side) = read_sides(source, towards, self._read)
        graph = changed_graph(diff(before, after), before, after, title=f"{source} → {towards}")
        return GraphResult(graph=graph, side=side, towards=after_side, notes=(*side.notes, *after_side.notes))

    def _read(self, name: str, other: str, part: Part | None = None) -> tuple[Manifests, Side]:
        return read_side(name, self._registry, self._terminal, self._records, other=other, part=part)

    def chain(
        self, source: str, trust: TrustPolicy | UnsafeSkipVerification | None, clusters: tuple[str, ...]
    ) -> GraphResult:
        """What an artifact came from and who vouches for it."""
        from pipeline import wiring
        from pipeline.model.graph.chain import chain_graph
        from pipeline.model.outcome.graph import GraphResult
        from pipeline.stages.inspect import inspect
        from pipeline.stages.list_tags import tags_of

        if isinstance(trust, UnsafeSkipVerification):
            raise UsageError("--insecure-skip-verification: nothing is refused here", hint="leave it out")
        environment, reporter = os.environ, self._terminal.reporter
        policy = trust or TrustPolicy()
        reference = parse_reference(source)
        registry = wiring.registry(reference.repository, self._registry, environment, reporter)
        found = inspect(reference, registry, wiring.trust_ports(environment, reporter), policy, wiring.read_certificate)
        tags = tags_of(found.artifact.digest, registry)
        side = Side(name=source, artifact=found.artifact, source=found.source, revision=found.revision)
        deliveries = [item for cluster in clusters for item in self._deliveries(cluster, source, found.artifact.digest)]
        graph = chain_graph(found, tags.names, deliveries)
        return GraphResult(graph=graph, side=side, is_chain=True, notes=tags.notes)

    def _deliveries(self, cluster: str, source: str, digest: str) -> Iterator[Delivery]:
        """What a cluster's records say of this very artifact."""
        from pipeline import wiring
        from pipeline.cli.records import open_records
        from pipeline.model.deployments.naming import parse_deployed
        from pipeline.model.graph.chain import Delivery
        from pipeline.stages.deployed import read_history

        name = parse_deployed(cluster)
        registry = open_records(self._records, name, self._registry, self._terminal, beside=source)
        trust = wiring.record_trust(self._records, os.environ, self._terminal.reporter)
        current: set[str] = set()
        for item in read_history(name, registry, trust).records:
            newest = item.record.inventory not in current
            current.add(item.record.inventory)
            if item.record.digest == digest:
                yield Delivery(item.record, is_believed=bool(item.signer), is_current=newest)

    def _live(self) -> GraphResult:
        from pipeline import wiring
        from pipeline.model.outcome.graph import GraphResult
        from pipeline.stages.graph import live_graph
        from pipeline.stages.verify import find_inventory

        cluster = wiring.cluster(self._cluster, os.environ, self._terminal.reporter)
        namespace = self._cluster.namespace or cluster.default_namespace
        inventory = find_inventory(cluster, namespace, self._inventory or "")
        title = f"{inventory.namespace}/{inventory.name} in {cluster.context}"
        live = live_graph(inventory, cluster, wiring.clock(), title=title)
        side = Side(name=f"{LIVE} ({cluster.context})", is_live=True)
        return GraphResult(graph=live.graph, side=side, notes=live.notes)

    def _live_changes(self, after: Manifests, after_side: Side) -> GraphResult:
        from pipeline import wiring
        from pipeline.model.applying.inventory import check_inventory_name, inventory_name
        from pipeline.model.applying.options import ApplyOptions
        from pipeline.model.graph.changes import changed_graph
        from pipeline.model.outcome.graph import GraphResult
        from pipeline.stages.diff import diff_live

        cluster = wiring.cluster(self._cluster, os.environ, self._terminal.reporter)
        name = check_inventory_name(self._inventory) if self._inventory else inventory_name(after_side.name)
        namespace = self._cluster.namespace or cluster.default_namespace
        live = diff_live(after, cluster, ApplyOptions(inventory=name, namespace=namespace))
        title = f"{LIVE} ({cluster.context}) → {after_side.name}"
        graph = changed_graph(live.plan, Manifests(), after, title=title)
        side = Side(name=f"{LIVE} ({cluster.context})", is_live=True)
        return GraphResult(graph=graph, side=side, towards=after_side, notes=live.notes)
