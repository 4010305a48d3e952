"""``gitless puller``: the in-cluster process itself; ``gitless install`` makes the Deployment that runs it."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from pipeline.cli.guard_options import check_guards
from pipeline.cli.options import Duration, option, options_of
from pipeline.cli.record_options import PULLER_RECORDING
from pipeline.cli.sizes import Size
from pipeline.model.deployments.naming import check_recording
from pipeline.model.flux.governing import read_policy_reference
from pipeline.model.flux.options import PullerOptions
from pipeline.model.settings.connections import ClusterOptions

_DEFAULT = PullerOptions()


@click.command("puller")
@option("--kubeconfig", type=click.Path(), metavar="FILE", help="Kubeconfig; by default the pod's service account.")
@option("--context", metavar="NAME", help="Context of the kubeconfig.")
@option(
    "--namespace",
    envvar=["RUNTIME_NAMESPACE", "GITLESS_NAMESPACE"],
    default=_DEFAULT.namespace,
    show_default=True,
    help="Where the puller runs: its Lease, and the Secrets that options name.",
)
@option(
    "--watch-all-namespaces",
    type=bool,
    default=True,
    show_default=True,
    help="Reconcile the objects of all namespaces, or of its own alone.",
)
@option("--watch-label-selector", default="", metavar="SELECTOR", help="Reconcile only objects with these labels.")
@option(
    "--concurrent",
    type=click.IntRange(1, 200),
    default=_DEFAULT.concurrency,
    show_default=True,
    help="How many objects are reconciled at once; slow ones do not count.",
)
@option(
    "--cache-dir",
    type=click.Path(file_okay=False),
    default=_DEFAULT.cache_dir,
    show_default=True,
    help="Where artifacts are kept.",
)
@option("--cache-max-size", type=Size(), default="1Gi", show_default=True, help="What they may take together.")
@option("--artifact-max-size", type=Size(), default="100Mi", show_default=True, help="What one may unpack to.")
@option("--no-cross-namespace-refs", is_flag=True, help="Refuse references to sources in other namespaces.")
@option(
    "--default-service-account",
    default="",
    metavar="NAME",
    help="As whom to apply where spec.serviceAccountName is not set.",
)
@option("--allow-remote-bases", is_flag=True, help="Let kustomize fetch bases from the network.")
@option(
    "--no-strict-substitution",
    is_flag=True,
    help="Put nothing in place of variables that are not set, instead of refusing.",
)
@option(
    "--requeue-dependency",
    type=Duration(),
    default="30s",
    show_default=True,
    help="How long to wait for a dependency before looking again.",
)
@option(
    "--interval-jitter-percentage",
    type=click.FloatRange(0, 100),
    default=5.0,
    show_default=True,
    help="By how much an interval may be longer or shorter.",
)
@option("--sops-age-secret", default="", metavar="NAME", help="Secret with age keys for whoever brings none.")
@option(
    "--trust-policy",
    envvar=None,
    metavar="NAMESPACE/NAME",
    help="ConfigMap whose policy.yaml every source must satisfy, beside its own spec.verify.",
)
@options_of(*PULLER_RECORDING)
@option(
    "--max-prune",
    default=_DEFAULT.max_prune,
    show_default=True,
    metavar="N|N%",
    help="Delete nothing where one reconciliation would delete more objects, or more of the inventory.",
)
@option(
    "--protect",
    multiple=True,
    envvar=None,
    metavar="OBJECTS",
    help=f"Never prune these: KIND or 'KIND NAMESPACE/NAME'; otherwise {', '.join(_DEFAULT.protect)}. Repeatable.",
)
@option(
    "--enable-leader-election",
    type=bool,
    default=True,
    show_default=True,
    help="Reconcile only while holding the Lease.",
)
@option(
    "--metrics-addr",
    default=_DEFAULT.metrics_address,
    show_default=True,
    metavar="HOST:PORT",
    help="Where /metrics is; 0: nowhere.",
)
@option(
    "--health-addr",
    default=_DEFAULT.health_address,
    show_default=True,
    metavar="HOST:PORT",
    help="Where /healthz and /readyz are; 0: nowhere.",
)
@option(
    "--log-level",
    type=click.Choice(["debug", "info", "error"]),
    default="info",
    show_default=True,
    help="What is logged.",
)
@option(
    "--log-encoding",
    type=click.Choice(["json", "console"]),
    default="json",
    show_default=True,
    help="How it is logged, on stderr.",
)
def command(kubeconfig: str | None, context: str | None, log_level: str, log_encoding: str, **given: Any) -> None:  # noqa: ANN401 - the other options
    """Serve Flux's OCIRepositories and Kustomizations in a cluster: the process that `gitless install` deploys.

    \b
    gitless puller --kubeconfig ~/.kube/config --cache-dir /tmp/cache --enable-leader-election=false
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.puller.assembly import assemble

    options = PullerOptions(
        namespace=given["namespace"],
        watch_all_namespaces=given["watch_all_namespaces"],
        watch_label_selector=given["watch_label_selector"],
        concurrency=given["concurrent"],
        cache_dir=given["cache_dir"],
        cache_max_size=given["cache_max_size"],
        artifact_max_size=given["artifact_max_size"],
        no_cross_namespace_refs=given["no_cross_namespace_refs"],
        default_service_account=given["default_service_account"],
        allow_remote_bases=given["allow_remote_bases"],
        strict_substitution=not given["no_strict_substitution"],
        requeue_dependency=given["requeue_dependency"],
        interval_jitter=given["interval_jitter_percentage"] / 100.0,
        sops_age_secret=given["sops_age_secret"],
        trust_policy=given["trust_policy"] or "",
        max_prune=given["max_prune"],
        protect=given["protect"] or _DEFAULT.protect,
        record_cluster=given["deploy_record"],
        record_remotes=given["record_remote"],
        record_repository=given["record_repository"],
        record_key_secret=given["record_key_secret"],
        record_signing_key=given["record_signing_key"],
        record_keyless=given["record_keyless"],
        record_sigstore=given["record_sigstore"],
        record_registry_secret=given["record_registry_secret"],
        keep_records=given["keep_records"],
        leader_election=given["enable_leader_election"],
        metrics_address=given["metrics_addr"],
        health_address=given["health_addr"],
    )
    check_guards(options)
    if given["trust_policy"] is not None:
        # An option that came out empty must not mean that anything goes.
        read_policy_reference(given["trust_policy"], options.namespace)
    check_recording(options.record_cluster, options.record_repository, options.record_signers, options.record_remotes)
    cluster = ClusterOptions(kubeconfig, context, None, 30.0)
    assemble(options, cluster, os.environ, sys.stderr, level=log_level, encoding=log_encoding).run()
