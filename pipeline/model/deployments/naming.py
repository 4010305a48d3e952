"""How deploy records are named: by a cluster, a tag in the registry, and an inventory where a cluster has several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.documents.printable import printable

SIDE = "deployed:"
"""How a side of a comparison begins that deploy records tell of: ``deployed:CLUSTER[/INVENTORY]``."""
_TAG = "deployed-"
_MOST_NAMED = 10
_WIDTH = 200
_CLUSTER = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


def check_cluster_name(name: str) -> str:
    """Return the name if it can name a cluster: it becomes part of a tag.

    Raises:
        UsageError: it cannot.
    """
    if _CLUSTER.fullmatch(name) is None:
        raise UsageError(
            f"'{name[:120]}' cannot name a cluster; expected up to 63 lower-case letters, digits or '-',"
            " beginning and ending with a letter or digit"
        )
    return name


def deployed_tag(cluster: str) -> str:
    """The tag that points at the list of a cluster's records."""
    return f"{_TAG}{cluster}"


def cluster_of(tag: str) -> str | None:
    """The cluster whose list of records the tag points at; ``None`` where it is another tag."""
    return tag.removeprefix(_TAG) if tag.startswith(_TAG) else None


@dataclass(frozen=True, slots=True)
class DeployedName:
    """A cluster, and one of its inventories where that matters."""

    cluster: str
    inventory: str = ""
    """``NAME``, ``NAMESPACE/NAME`` or ``KIND NAMESPACE/NAME``; empty: the only one."""

    def __str__(self) -> str:
        return f"{SIDE}{self.cluster}" + (f"/{self.inventory}" if self.inventory else "")

    def fits(self, inventory: str) -> bool:
        """Whether an inventory, such as ``Kustomization apps/shop``, is meant."""
        place = inventory.partition(" ")[2]
        return self.inventory in {"", inventory, place, place.partition("/")[2]}

    def choose(self, inventories: Iterable[str]) -> str:
        """The one that is meant, or nothing where there is none.

        Raises:
            UsageError: several would do; the message names them.
        """
        found = sorted({name for name in inventories if self.fits(name)})
        if len(found) > 1:
            raise UsageError(
                f"{self} is not one inventory: there are records of {some_of(found)}",
                hint=printable(f"say which: {SIDE}{self.cluster}/{found[0].partition(' ')[2]}", _WIDTH),
            )
        return found[0] if found else ""


def some_of(inventories: Iterable[str]) -> str:
    """Inventories by name, for a message: not all where there are many; anybody may have named them."""
    names = sorted(inventories)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(printable(name, _WIDTH) for name in names[:_MOST_NAMED]) + more


def is_deployed(text: str) -> bool:
    """Whether a side is named by a cluster's records."""
    return text.startswith(SIDE)


def parse_deployed(text: str) -> DeployedName:
    """Read ``CLUSTER[/INVENTORY]``, with or without ``deployed:`` before it.

    Raises:
        UsageError: the cluster's name is none.
    """
    cluster, _, inventory = text.removeprefix(SIDE).partition("/")
    return DeployedName(check_cluster_name(cluster), inventory)


def check_remote(text: str) -> None:
    """Refuse what is no ``NAMESPACE/NAME=CLUSTER``: a Secret or ConfigMap with a kubeconfig, and its cluster's name.

    Raises:
        UsageError: it is none.
    """
    where, _, cluster = text.partition("=")
    if where.count("/") != 1 or not all(where.split("/")):
        raise UsageError(
            f"--record-remote '{text[:120]}': expected NAMESPACE/NAME=CLUSTER",
            hint="NAME is the Secret or ConfigMap that spec.kubeConfig of Kustomizations in NAMESPACE names",
        )
    check_cluster_name(cluster)


def check_recording(cluster: str, repository: str, signers: Mapping[str, bool], remotes: Sequence[str] = ()) -> None:
    """Refuse what the puller could not record by; without a cluster's name nothing is recorded.

    ``signers``: the options that say who signs, and which of them are given. ``remotes``: ``NAMESPACE/NAME=CLUSTER``.

    Raises:
        UsageError: the name is none, the repository names an artifact, or not exactly one signer is named.
    """
    given = [option for option, is_given in signers.items() if is_given]
    if not cluster:
        if repository or given or remotes:
            raise UsageError("deploy records need the cluster's name", hint="give --deploy-record CLUSTER")
        return
    check_cluster_name(cluster)
    for remote in remotes:
        check_remote(remote)
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} contradict each other: one signer signs deploy records")
    if not given:
        raise UsageError(
            f"--deploy-record {cluster} needs a key to sign with",
            hint="name a Secret with a cosign.key in the puller's namespace: --record-key-secret NAME; or say"
            " --record-signing-key URI, or --record-keyless",
        )
    if repository:
        named = parse_reference(repository)
        if named.tag or named.digest or named.repository.is_layout:
            raise UsageError(f"--record-repository {repository} is no repository; expected oci://HOST/REPOSITORY")
