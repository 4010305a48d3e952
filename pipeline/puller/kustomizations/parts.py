"""What reconciling Kustomizations needs of the rest of the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.model.comparison.shapes import TriedShapes
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.flux.options import PullerOptions
from pipeline.model.manifests import Body
from pipeline.ports import ApiServer, Clock, Decryptor, Expressions, Reporter, TreeBuilder
from pipeline.puller.deployments import Deployment
from pipeline.puller.keys import Key
from pipeline.puller.kustomizations.records import Records
from pipeline.puller.kustomizations.targets import Targets
from pipeline.puller.snapshots import Snapshots
from pipeline.puller.store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the reconciliation of one Kustomization uses.

    Attributes:
        api: the cluster that the puller serves.
        sources: the OCIRepositories as they were last seen.
        kustomizations: the Kustomizations, likewise.
        read_artifact: an artifact's files by the digest in its source's status; ``None``: not in the cache.
        has_artifact: whether it is in the cache.
        decryptor: what opens encrypted files of a Kustomization in a namespace; ``None`` where it asks for none.
        save_status: write a status on the way.
        tell_drift: count the objects of a Kustomization that have drifted.
        is_leading: whether this process may still write.
        tried: what the API server has accepted of late.
        tell_deployed: have it recorded what became of an artifact; ``None`` where nobody wants records.
    """

    api: ApiServer
    sources: ObjectStore
    kustomizations: ObjectStore
    read_artifact: Callable[[str], Mapping[str, bytes] | None]
    has_artifact: Callable[[str], bool]
    targets: Targets
    records: Records
    snapshots: Snapshots
    expressions: Expressions
    trees: TreeBuilder
    decryptor: Callable[[KustomizationSpec, str], Decryptor | None]
    save_status: Callable[[Body, Mapping[str, object]], None]
    tell_drift: Callable[[Key, int], None]
    is_leading: Callable[[], bool]
    tried: TriedShapes
    options: PullerOptions
    reporter: Reporter
    clock: Clock
    tell_deployed: Callable[[Deployment], None] | None = None
