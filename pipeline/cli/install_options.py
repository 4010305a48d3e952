"""What can be said about an installation; shared by ``install`` and ``bootstrap``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pipeline import __version__
from pipeline.cli.guard_options import check_guards
from pipeline.cli.options import Decorated, Duration, option, with_options
from pipeline.cli.record_options import PULLER_RECORDING
from pipeline.cli.sizes import Size
from pipeline.errors import UsageError
from pipeline.model.flux.options import PullerOptions
from pipeline.model.installation.options import DEFAULT_REGISTRY, InstallOptions

_DEFAULT = PullerOptions()


def install_options(command: Decorated) -> Callable[..., Any]:
    """How the puller is installed and works; received as ``install_options: InstallOptions``, its namespace not set."""

    def wrapped(**arguments: Any) -> Any:  # noqa: ANN401 - the command's own options, and what it returns
        puller = PullerOptions(
            watch_all_namespaces=arguments.pop("watch_all_namespaces"),
            watch_label_selector=arguments.pop("watch_label_selector"),
            concurrency=arguments.pop("concurrent"),
            cache_max_size=arguments.pop("cache_max_size"),
            artifact_max_size=arguments.pop("artifact_max_size"),
            no_cross_namespace_refs=arguments.pop("no_cross_namespace_refs"),
            default_service_account=arguments.pop("default_service_account"),
            allow_remote_bases=arguments.pop("allow_remote_bases"),
            strict_substitution=not arguments.pop("no_strict_substitution"),
            requeue_dependency=arguments.pop("requeue_dependency"),
            interval_jitter=arguments.pop("interval_jitter_percentage") / 100,
            sops_age_secret=arguments.pop("sops_age_secret"),
            max_prune=arguments.pop("max_prune"),
            protect=arguments.pop("protect") or _DEFAULT.protect,
            trust_policy=_given(arguments.pop("trust_policy")),
            record_cluster=arguments.pop("deploy_record"),
            record_repository=arguments.pop("record_repository"),
            record_remotes=arguments.pop("record_remote"),
            record_key_secret=arguments.pop("record_key_secret"),
            record_signing_key=arguments.pop("record_signing_key"),
            record_keyless=arguments.pop("record_keyless"),
            record_sigstore=arguments.pop("record_sigstore"),
            record_registry_secret=arguments.pop("record_registry_secret"),
            keep_records=arguments.pop("keep_records"),
        )
        check_guards(puller)
        options = InstallOptions(
            version=__version__,
            puller=puller,
            registry=arguments.pop("registry"),
            image=arguments.pop("image"),
            image_pull_secret=arguments.pop("image_pull_secret"),
            log_level=arguments.pop("log_level"),
            cluster_admin=arguments.pop("cluster_admin"),
            network_policy=arguments.pop("network_policy"),
            priority_class=arguments.pop("priority_class"),
            toleration_keys=arguments.pop("toleration_keys"),
        )
        return command(install_options=options, **arguments)

    return with_options((*_INSTALLATION, *_PROCESS), wrapped, command)


def _given(trust_policy: str | None) -> str:
    if trust_policy is not None and not trust_policy:
        # It must not mean that anything goes.
        raise UsageError("--trust-policy is empty; expected NAMESPACE/NAME of a ConfigMap")
    return trust_policy or ""


_INSTALLATION = (
    option("--registry", default=DEFAULT_REGISTRY, show_default=True, help="Where the image is: HOST/PATH."),
    option("--image", default="", metavar="IMAGE@DIGEST", help="The whole image, instead of --registry's."),
    option("--image-pull-secret", default="", metavar="NAME", help="Secret to pull the image with."),
    option("--cluster-admin/--no-cluster-admin", default=True, show_default=True,
           help="Let Kustomizations without a service account apply everything, as Flux does."
           " Off in any case with --default-service-account."),
    option("--network-policy/--no-network-policy", default=True, show_default=True,
           help="Let nothing but metrics and health be reached."),
    option("--priority-class", default="", metavar="NAME", help="Such as system-cluster-critical."),
    option("--toleration-keys", multiple=True, metavar="KEY", help="Taints to tolerate; repeatable."),
    option("--log-level", type=click.Choice(["debug", "info", "error"]), default="info", show_default=True,
           help="What the puller says."),
)  # fmt: skip

_PROCESS = (
    option("--watch-all-namespaces/--no-watch-all-namespaces", default=True, show_default=True,
           help="Reconcile objects of every namespace, or of the puller's own."),
    option("--watch-label-selector", default="", metavar="SELECTOR",
           help="Reconcile only objects with these labels, such as sharding.fluxcd.io/key=two."),
    option("--concurrent", type=click.IntRange(1, 200), default=_DEFAULT.concurrency, show_default=True,
           help="Objects to reconcile at once."),
    option("--cache-max-size", type=Size(), default="1Gi", show_default=True, help="What all artifacts may take."),
    option("--artifact-max-size", type=Size(), default="100Mi", show_default=True,
           help="What one artifact may unpack to."),
    option("--no-cross-namespace-refs", is_flag=True, help="Refuse references to other namespaces."),
    option("--default-service-account", default="", metavar="NAME",
           help="As whom Kustomizations apply that name no service account (multi-tenant lockdown)."),
    option("--allow-remote-bases", is_flag=True, help="Let kustomize fetch bases from the network."),
    option("--no-strict-substitution", is_flag=True, help="Replace variables that are not set by nothing."),
    option("--requeue-dependency", type=Duration(), default="30s", show_default=True, metavar="DURATION",
           help="When to look again at a dependency that is not ready."),
    option("--interval-jitter-percentage", type=click.FloatRange(0, 50), default=5, show_default=True,
           help="By how much intervals vary."),
    option("--sops-age-secret", default="", metavar="NAME",
           help="Secret whose *.agekey open what Kustomizations have no keys for."),
    option("--max-prune", default=_DEFAULT.max_prune, show_default=True, metavar="N|N%",
           help="Delete nothing where one reconciliation would delete more."),
    option("--protect", multiple=True, envvar=None, metavar="OBJECTS",
           help="What is never pruned, instead of the default. Repeatable; none: nothing."),
    option("--trust-policy", envvar=None, metavar="NAMESPACE/NAME",
           help="ConfigMap whose policy.yaml every source must satisfy."),
    *PULLER_RECORDING,
)  # fmt: skip
