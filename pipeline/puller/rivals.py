"""Who else reconciles the same objects in this cluster: Flux's own controllers, or another puller.

Each of them holds a Lease while it works, and the Lease's name tells whether it looks at everything or at a shard: a
shard's has a hash of its label selector in it, and the selector itself is in the arguments of its Deployment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ClusterError, ConfigurationError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import DEPLOYMENTS, LEASES, SHARD_LABEL
from pipeline.model.label_selector import LabelSelector
from pipeline.model.manifests import Body
from pipeline.ports import ApiServer, Clock
from pipeline.puller.leases import PULLER_LEASE, LeaseRecord, lease_name

_LEASES = {
    "kustomize-controller-leader-election": "kustomize-controller",
    "source-controller-leader-election": "source-controller",
    PULLER_LEASE: "gitless puller",
}
_SELECTOR = "--watch-label-selector"
_ALL_NAMESPACES = "--watch-all-namespaces"
_NOT_SHARDED = f"!{SHARD_LABEL}"
_NO_NODES = "metadata.namespace!=kube-node-lease"
"""There is a Lease for every node, in a namespace of their own."""


@dataclass(frozen=True, slots=True, order=True)
class Rival:
    """A controller at work.

    Attributes:
        controller: such as ``kustomize-controller``.
        namespace: where it runs.
        holder: the identity under which it leads.
        selector: which objects it looks at; empty: all of them; ``None``: a shard, and nobody tells which.
        own_namespace_only: whether it looks at its own namespace alone.
    """

    controller: str
    namespace: str
    holder: str
    selector: str | None
    own_namespace_only: bool = False

    def __str__(self) -> str:
        return f"{self.controller} in namespace {self.namespace}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the puller may work beside its rivals; an empty message: there is nothing to say.

    Attributes:
        is_fight: it may not: both would reconcile the same objects.
        message: what stands against it, or what to look out for.
        hint: what to do.
    """

    is_fight: bool = False
    message: str = ""
    hint: str = ""


def find_rivals(
    api: ApiServer,
    namespaces: Sequence[str],
    clock: Clock,
    *,
    ours: tuple[str, str] | None = None,
    our_selector: str = "",
) -> tuple[Rival, ...]:
    """Who holds a Lease that was renewed lately, in all namespaces or, where those may not be seen, in the given ones.

    ``ours`` is namespace and name of our own Lease.

    Raises:
        ClusterError: Leases cannot be listed for another reason than that it is not allowed.
    """
    found = []
    for lease in _seen(api, LEASES, namespaces, fields=_NO_NODES):
        namespace, name = lease["metadata"].get("namespace", ""), lease["metadata"]["name"]
        base = next((base for base in _LEASES if name == base or name.startswith(f"{base}-")), None)
        record = LeaseRecord.of(lease)
        if base is None or (namespace, name) == ours or not record.is_recent(clock.now()):
            continue
        deployments = list(_seen(api, DEPLOYMENTS, (namespace,), everywhere=False))
        found.append(_rival(namespace, name, base, record.holder, deployments, our_selector))
    return tuple(sorted(found, key=lambda rival: (rival.namespace, rival.controller, rival.holder)))


def verdict(rivals: Iterable[Rival], our_selector: str, *, our_namespace: str = "") -> Verdict:
    """Whether a puller with that label selector may work beside these; ``our_namespace``: it looks at that one alone.

    Raises:
        ConfigurationError: the selector is none.
    """
    ours = LabelSelector.parse(our_selector)
    near = [rival for rival in rivals if not _is_elsewhere(rival, our_namespace)]
    fighting = [rival for rival in near if _overlaps(rival, ours, our_selector)]
    if fighting:
        return Verdict(is_fight=True, message=_refusal(fighting, our_selector), hint=_way_out(fighting, our_selector))
    unknown = [rival for rival in near if rival.selector is None]
    if unknown:
        return Verdict(
            message=f"{_names(unknown)} reconciles a shard, and its label selector cannot be seen from here",
            hint=f"make sure that its {_SELECTOR} and ours ({our_selector}) never select the same object",
        )
    return Verdict()


def _seen(
    api: ApiServer,
    resource_type: ResourceType,
    namespaces: Sequence[str],
    *,
    fields: str | None = None,
    everywhere: bool = True,
) -> Iterator[Body]:
    """Objects as far as they may be seen."""
    if everywhere:
        try:
            yield from api.list(resource_type, None, fields=fields).items
        except ClusterError as error:
            if error.code != "cluster.denied":
                raise
        else:
            return
    for namespace in namespaces:
        try:
            yield from api.list(resource_type, namespace).items
        except ClusterError as error:
            if error.code != "cluster.denied":
                raise


def _rival(namespace: str, lease: str, base: str, holder: str, deployments: Sequence[Body], our_selector: str) -> Rival:
    # The holder is its pod, and that begins with its Deployment's name.
    mine = [body for body in deployments if holder.startswith(f"{body['metadata']['name']}-")]
    deployment = max(mine, key=lambda body: len(body["metadata"]["name"]), default=None)
    is_bound = deployment is not None and _option(deployment, _ALL_NAMESPACES) == "false"
    if lease == base:
        return Rival(_LEASES[base], namespace, holder, "", is_bound)
    # Only the right selector has the hash in the Lease's name.
    candidates = [*(_option(body, _SELECTOR) for body in deployments), our_selector, _NOT_SHARDED]
    known = next((text for text in candidates if text and lease_name(text, base=base) == lease), None)
    return Rival(_LEASES[base], namespace, holder, known, is_bound)


def _option(deployment: Body, name: str) -> str:
    """The value of an option in the arguments of any container; empty where there is none."""
    pod = ((deployment.get("spec") or {}).get("template") or {}).get("spec") or {}
    for container in pod.get("containers") or ():
        arguments: list[Any] = [*(container.get("command") or ()), *(container.get("args") or ())]
        for position, argument in enumerate(map(str, arguments)):
            if argument.startswith(f"{name}="):
                return argument.partition("=")[2]
            if argument == name and position + 1 < len(arguments):
                return str(arguments[position + 1])
    return ""


def _is_elsewhere(rival: Rival, our_namespace: str) -> bool:
    return bool(our_namespace) and rival.own_namespace_only and rival.namespace != our_namespace


def _overlaps(rival: Rival, ours: LabelSelector, our_selector: str) -> bool:
    """Whether both look at the same objects, as far as that is known."""
    if not our_selector:
        return True
    if rival.selector is None:
        return False
    try:
        return not LabelSelector.parse(rival.selector).excludes(ours)
    except ConfigurationError:
        return False


def _refusal(fighting: Sequence[Rival], our_selector: str) -> str:
    what = f"objects that {our_selector} selects" if our_selector else "the same objects"
    verb = "reconciles" if len(fighting) == 1 else "reconcile"
    return f"{_names(fighting)} {verb} {what} already, and two would undo each other's work"


def _way_out(fighting: Sequence[Rival], our_selector: str) -> str:
    theirs = f"give {_names(fighting)} {_SELECTOR}='{_NOT_SHARDED}'"
    if our_selector:
        return f"{theirs}, or scale it to 0 replicas"
    return f"scale it to 0 replicas, or share the work: give the puller {_SELECTOR}={SHARD_LABEL}=gitless, and {theirs}"


def _names(rivals: Sequence[Rival]) -> str:
    return " and ".join(dict.fromkeys(str(rival) for rival in rivals))
