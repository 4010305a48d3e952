"""Where each object goes: how its kind is served, its namespace, and the body that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import ClusterError, ManifestError
from pipeline.model.applying.desired import MAX_DATA_BYTES, data_bytes, desired_hash, desired_resource
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.ownership import owner_labels
from pipeline.model.applying.staging import Brought
from pipeline.model.cluster import ResourceType
from pipeline.model.kustomizing.selectors import selects
from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.ports import Cluster


@dataclass(frozen=True, slots=True)
class Placed:
    """One object as it is sent; ``resource_type`` is ``None`` where the artifact itself brings the kind."""

    resource: Resource
    resource_type: ResourceType | None
    desired_hash: str

    @property
    def object_id(self) -> ObjectId:
        """Which object, with its namespace."""
        return self.resource.id


@dataclass(frozen=True, slots=True)
class Placement:
    """All objects in apply order, and what stands in the way of some."""

    placed: tuple[Placed, ...]
    brought: Brought
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()


def place(manifests: Manifests, cluster: Cluster, inventory: Inventory, options: ApplyOptions) -> Placement:
    """Find out how every kind is served, and make the bodies.

    Raises:
        ManifestError: two objects become the same one in the default namespace.
        ClusterError: the cluster could not be asked.
    """
    brought = Brought.by(manifests)
    kinds = sorted({(resource.api_version, resource.id.kind) for resource in manifests})
    served = {kind: cluster.resource_type(*kind) for kind in kinds}
    labels = owner_labels(inventory)
    resources, obstacles, homeless = [], [], 0
    for resource in manifests:
        kind = (resource.api_version, resource.id.kind)
        scope = served[kind] or brought.kinds.get(kind)
        obstacle = _obstacle(resource, scope, options)
        if scope is None or obstacle is not None:
            obstacles.append(obstacle or _not_served(resource))
            continue
        namespace = (resource.id.namespace or options.namespace) if scope.namespaced else ""
        homeless += scope.namespaced and not resource.id.namespace
        resources.append(desired_resource(resource, namespace, labels))
    notes = (f"{homeless} object(s) name no namespace and go to '{options.namespace}'",) if homeless else ()
    placed = tuple(
        Placed(resource, served[resource.api_version, resource.id.kind], _hash(resource, options))
        for resource in Manifests.of(resources)
    )
    return Placement(placed, brought, _once_per_problem(obstacles), notes)


def _hash(resource: Resource, options: ApplyOptions) -> str:
    """Of the body, and of what is left alone in it: once that is no longer left alone, the object is to be applied."""
    ignored = [pointer for rule in options.ignore if selects(rule.target, resource) for pointer in rule.paths]
    return desired_hash({"body": resource.body, "ignored": ignored} if ignored else resource.body)


def _obstacle(resource: Resource, scope: ResourceType | None, options: ApplyOptions) -> Obstacle | None:
    if scope is None:
        return _not_served(resource)
    if scope.namespaced and not resource.id.namespace and options.require_namespace:
        return Obstacle(
            str(resource),
            "namespace not specified",
            "name it in the manifest, or for all of them in spec.targetNamespace",
            ManifestError,
        )
    if not scope.namespaced and resource.id.namespace:
        return Obstacle(
            str(resource),
            f"{resource.id.kind} is cluster-wide, yet the manifest names the namespace '{resource.id.namespace}'",
            "remove metadata.namespace from it",
            ManifestError,
        )
    size = data_bytes(resource)
    if size > MAX_DATA_BYTES:
        return Obstacle(
            str(resource),
            f"its data has {size} bytes; the API server accepts {MAX_DATA_BYTES}",
            "split it, or keep large files in a volume or an image",
            ManifestError,
        )
    return None


def _not_served(resource: Resource) -> Obstacle:
    return Obstacle(
        str(resource),
        f"the cluster does not serve the kind {resource.id.kind} in {resource.api_version},"
        " and no CustomResourceDefinition in the manifests defines it",
        "install the definition first, or add it to the manifests; check the apiVersion",
        ClusterError,
    )


def _once_per_problem(obstacles: list[Obstacle]) -> tuple[Obstacle, ...]:
    """A missing kind is one problem however many objects want it; the first object stands for all."""
    grouped: dict[tuple[str, str], list[Obstacle]] = {}
    for obstacle in obstacles:
        grouped.setdefault((obstacle.problem, obstacle.hint), []).append(obstacle)
    return tuple(_with_count(group) for group in grouped.values())


def _with_count(group: list[Obstacle]) -> Obstacle:
    first = group[0]
    if len(group) == 1:
        return first
    return Obstacle(f"{first.subject} and {len(group) - 1} more", first.problem, first.hint, first.error)


def missing_namespaces(absent: Mapping[str, list[Placed]], inventory: Inventory) -> tuple[Obstacle, ...]:
    """One obstacle per namespace that neither exists nor comes with the manifests."""
    return tuple(
        Obstacle(
            (str(placed[0].resource) + (f" and {len(placed) - 1} more" if len(placed) > 1 else ""))
            if placed
            else str(inventory),
            f"the namespace '{namespace}' does not exist, and the manifests do not bring it",
            f"create it (kubectl create namespace {namespace}), add it to the manifests, or choose another with -n",
            ClusterError,
        )
        for namespace, placed in absent.items()
    )
