"""How the puller was told to work; the defaults are those of Flux's controllers where they have the option."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.applying.guards import DEFAULT_LIMIT, DEFAULT_PROTECTED
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.settings.recording import DEFAULT_KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class PullerOptions:
    """Options of the process; durations in seconds, sizes in bytes.

    Attributes:
        namespace: where the puller itself runs: its Lease, and the Secrets that its options name.
        watch_all_namespaces: whether objects of all namespaces are reconciled, or only those of ``namespace``.
        watch_label_selector: only objects with these labels are reconciled (a shard).
        concurrency: how many objects are reconciled at once.
        cache_dir: where artifacts are kept.
        cache_max_size: what they may take together.
        artifact_max_size: what one artifact may unpack to.
        no_cross_namespace_refs: refuse references to sources in other namespaces.
        default_service_account: as whom Kustomizations without ``serviceAccountName`` apply; empty: as the puller.
        allow_remote_bases: let kustomize fetch bases from the network.
        strict_substitution: refuse variables that are not set and have no default.
        requeue_dependency: how long to wait before looking at a dependency that is not ready again.
        interval_jitter: share of an interval, such as 0.05, by which it may be longer or shorter.
        sops_age_secret: Secret in ``namespace`` whose ``*.agekey`` open what has no keys of its own.
        trust_policy: ConfigMap, as ``namespace/name``, with the trust policy that every source is held to; empty: none.
        max_prune: how much one reconciliation may delete, such as ``5`` or ``25%``.
        protect: patterns of objects that are never pruned; ``none`` stands for nothing.
        leader_election: whether only the holder of the Lease reconciles.
        metrics_address: where ``/metrics`` is served, as ``host:port``; empty: nowhere.
        health_address: where ``/healthz`` and ``/readyz`` are served.
        record_cluster: under which name of the cluster deploy records are written; empty: there are none.
        record_remotes: ``NAMESPACE/NAME=CLUSTER``, the names in records of clusters that Kustomizations apply to by the
            kubeconfig in this Secret (or ConfigMap); what is applied to others is not recorded.
        record_repository: where they are kept; empty: beside each artifact.
        record_key_secret: Secret in ``namespace`` with the ``cosign.key`` that signs them.
        record_signing_key: the URI of the key that signs them instead, at a key management service.
        record_keyless: whether the process's own service account signs them instead, without a key.
        record_sigstore: ConfigMap in ``namespace`` with the ``signing_config.json`` and ``trusted_root.json`` of the
            services that sign then; empty: Sigstore's public ones.
        record_registry_secret: Secret in ``namespace`` with the login that may write them (dockerconfigjson).
        keep_records: how many of each Kustomization are kept.
    """

    namespace: str = "flux-system"
    watch_all_namespaces: bool = True
    watch_label_selector: str = ""
    concurrency: int = 10
    cache_dir: str = "/cache"
    cache_max_size: int = 1024**3
    artifact_max_size: int = 100 * 1024**2
    no_cross_namespace_refs: bool = False
    default_service_account: str = ""
    allow_remote_bases: bool = False
    strict_substitution: bool = True
    requeue_dependency: float = 30.0
    interval_jitter: float = 0.05
    sops_age_secret: str = ""
    trust_policy: str = ""
    max_prune: str = str(DEFAULT_LIMIT)
    protect: tuple[str, ...] = DEFAULT_PROTECTED
    leader_election: bool = True
    metrics_address: str = ":8080"
    health_address: str = ":9440"
    record_cluster: str = ""
    record_remotes: tuple[str, ...] = ()
    record_repository: str = ""
    record_key_secret: str = ""
    record_signing_key: str = ""
    record_keyless: bool = False
    record_sigstore: str = ""
    record_registry_secret: str = ""
    keep_records: int = DEFAULT_KEEP

    def recorded_cluster(self, spec: KustomizationSpec, namespace: str) -> str:
        """The name in records of the cluster that a Kustomization applies to; empty where nothing is recorded of it."""
        remote = spec.remote_cluster
        if remote is None:
            return self.record_cluster
        named = dict(item.split("=", 1) for item in self.record_remotes)
        return named.get(f"{namespace}/{remote.secret or remote.config_map}", "")

    @property
    def record_signers(self) -> dict[str, bool]:
        """The options that say who signs deploy records, and which of them are given."""
        return {
            "--record-key-secret": bool(self.record_key_secret),
            "--record-signing-key": bool(self.record_signing_key),
            "--record-keyless": self.record_keyless,
        }
