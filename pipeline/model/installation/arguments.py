"""The puller's command line: fixed words, and every option that is not as it is by default."""

from __future__ import annotations

from pipeline.model.documents.durations import format_duration
from pipeline.model.documents.sizes import format_size
from pipeline.model.flux.options import PullerOptions
from pipeline.model.installation.options import InstallOptions

_DEFAULT = PullerOptions()


def puller_arguments(options: InstallOptions) -> list[str]:
    """What follows ``gitless`` in the container; the namespace comes from the environment."""
    puller = options.puller
    switches = {
        "watch-all-namespaces": puller.watch_all_namespaces,
        "enable-leader-election": puller.leader_election,
    }
    return [
        "puller",
        *(f"--{name}={str(on).lower()}" for name, on in switches.items()),
        f"--log-level={options.log_level}",
        *(f"--{name}={value}" for name, value in _values(puller).items() if value != _values(_DEFAULT)[name]),
        *(f"--record-remote={remote}" for remote in puller.record_remotes),
        *(f"--protect={pattern}" for pattern in puller.protect if puller.protect != _DEFAULT.protect),
        *(f"--{name}" for name, on in _flags(puller).items() if on),
    ]


def _values(puller: PullerOptions) -> dict[str, str]:
    return {
        "watch-label-selector": puller.watch_label_selector,
        "concurrent": str(puller.concurrency),
        "cache-dir": puller.cache_dir,
        "cache-max-size": format_size(puller.cache_max_size),
        "artifact-max-size": format_size(puller.artifact_max_size),
        "default-service-account": puller.default_service_account,
        "requeue-dependency": format_duration(puller.requeue_dependency),
        "interval-jitter-percentage": f"{puller.interval_jitter * 100:g}",
        "sops-age-secret": puller.sops_age_secret,
        "trust-policy": puller.trust_policy,
        "max-prune": puller.max_prune,
        "deploy-record": puller.record_cluster,
        "record-repository": puller.record_repository,
        "record-key-secret": puller.record_key_secret,
        "record-signing-key": puller.record_signing_key,
        "record-sigstore": puller.record_sigstore,
        "record-registry-secret": puller.record_registry_secret,
        "keep-records": str(puller.keep_records),
        "metrics-addr": puller.metrics_address,
        "health-addr": puller.health_address,
    }


def _flags(puller: PullerOptions) -> dict[str, bool]:
    """Switches that are off by default; each is named by what it turns on."""
    return {
        "no-cross-namespace-refs": puller.no_cross_namespace_refs,
        "allow-remote-bases": puller.allow_remote_bases,
        "record-keyless": puller.record_keyless,
        "no-strict-substitution": not puller.strict_substitution,
    }
