"""What the commands around the puller share: the namespace that they look into, and the kinds as flux names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline.cli.options import Decorated, cluster_and_namespace, option
from pipeline.errors import UsageError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.settings.connections import ClusterOptions

DEFAULT_NAMESPACE: Final = "flux-system"
"""As in the flux CLI; the kubeconfig's context does not change it."""

# How many words a kind takes is decided by the first of them.
_SOURCE_WORDS = ("source", "sources")
_OCI_WORDS = ("oci", "ocirepository", "ocirepositories")
_KUSTOMIZATION_WORDS = ("kustomization", "kustomizations", "ks")


def flux_namespace(command: Decorated) -> Callable[..., Any]:
    """Which cluster, and ``-n`` with flux's default; received as ``cluster_options``, whose namespace is always set."""
    return cluster_and_namespace("Namespace of the objects.", DEFAULT_NAMESPACE)(command)


def flux_namespaces(command: Decorated) -> Callable[..., Any]:
    """The same with ``-A/--all-namespaces``; the namespace of ``cluster_options`` is then ``None``."""

    def wrapped(
        *,
        cluster_options: ClusterOptions,
        all_namespaces: bool,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        chosen = replace(cluster_options, namespace=None) if all_namespaces else cluster_options
        return command(cluster_options=chosen, **arguments)

    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return flux_namespace(option("-A", "--all-namespaces", is_flag=True, help="Look into every namespace.")(wrapped))


def parse_kind(words: Sequence[str]) -> tuple[ResourceType, tuple[str, ...]]:
    """The kind that the words begin with, ``source oci`` or ``kustomization`` (``ks``), and the words after it.

    Raises:
        UsageError: they begin with neither; the message says what is understood.
    """
    first = words[0].lower() if words else ""
    if first in _KUSTOMIZATION_WORDS:
        return KUSTOMIZATIONS, tuple(words[1:])
    if first in _OCI_WORDS:
        return OCI_REPOSITORIES, tuple(words[1:])
    if first in _SOURCE_WORDS and len(words) > 1 and words[1].lower() in _OCI_WORDS:
        return OCI_REPOSITORIES, tuple(words[2:])
    told = f"'{' '.join(words[:2])}' is no kind that is served here" if words else "no kind is named"
    raise UsageError(told, hint="say 'source oci' or 'kustomization'")


def spoken(resource_type: ResourceType) -> str:
    """The kind as one types it after a command: ``source oci`` or ``kustomization``."""
    return "source oci" if resource_type == OCI_REPOSITORIES else "kustomization"
