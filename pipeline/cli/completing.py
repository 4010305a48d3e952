"""What a shell may complete for values: contexts, inventories, tags and targets. Silent, quick, and never in the way.

Whatever cannot be found out in time is not completed; a shell in the middle of a line is no place for messages.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from pipeline.model.artifact.reference import LAYOUT_SCHEME, REGISTRY_SCHEME, is_reference, parse_reference
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from pipeline.model.cluster import ResourceType
    from pipeline.model.flux.views import Key
    from pipeline.ports import Reporter

REQUEST_TIMEOUT = 1.0
"""Seconds that one request may take."""
_PATIENCE = 2.5
"""Seconds, with retries and the loading of libraries: after that the shell gets its prompt back, empty-handed."""


def contexts(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """The contexts of ``--kubeconfig``, else of ``KUBECONFIG``, else of ``~/.kube/config``."""
    del parameter
    given = context.params.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
    found = [name for file in given.split(":") if file for name in _context_names(file)]
    return _items(found, incomplete)


def inventories(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """The inventories in the namespace of the command line, or of the context."""
    del parameter
    chosen = ClusterOptions(
        context.params.get("kubeconfig"),
        context.params.get("context"),
        context.params.get("namespace"),
        timeout=REQUEST_TIMEOUT,
    )

    def look() -> Iterable[str]:
        from pipeline import wiring

        cluster = wiring.cluster(chosen, os.environ, _nobody())
        wanted = chosen.namespace or cluster.default_namespace
        return [name for namespace, name in cluster.list_inventories() if namespace == wanted]

    return _items(_in_time(look), incomplete)


def artifacts(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """The tags behind ``oci://HOST/REPOSITORY:`` and ``oci-layout:FOLDER:``."""
    del parameter
    location, colon, beginning = incomplete.rpartition(":")
    if not is_reference(incomplete) or not colon or "/" in beginning or "@" in incomplete:
        return []
    if f"{location}:" == LAYOUT_SCHEME or incomplete.startswith(f"{REGISTRY_SCHEME}:"):
        return []
    options = RegistryOptions(
        ca_file=context.params.get("ca_file"),
        cert_file=context.params.get("cert_file"),
        key_file=context.params.get("key_file"),
        plain_http=bool(context.params.get("plain_http")),
        timeout=REQUEST_TIMEOUT,
    )

    def look() -> Iterable[str]:
        from pipeline import wiring
        from pipeline.stages.list_tags import select_tags

        repository = parse_reference(location).repository
        tags = wiring.registry(repository, options, os.environ, _nobody()).tags()
        return [f"{location}:{tag}" for tag in select_tags(tags, None, None)]

    return _items(_in_time(look), incomplete)


def artifacts_or_paths(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """Tags where an artifact is meant, else files and folders, which the shell completes itself."""
    from click.shell_completion import CompletionItem

    if is_reference(incomplete):
        return artifacts(context, parameter, incomplete)
    return [CompletionItem(incomplete, type="file")]


def flux_objects(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """The kinds that a command takes, then the names of such objects, in the words of ``words``."""
    del parameter
    words: tuple[str, ...] = context.params.get("words") or ()
    if not words:
        return _items(("source", "kustomization"), incomplete)
    if words in {("source",), ("sources",)}:
        return _items(("oci",), incomplete)

    def look() -> Iterable[str]:
        from pipeline.cli.flux_options import parse_kind

        kind, _ = parse_kind(words)
        return [key.name for key in _flux_keys(context, kind)]

    return _items(_in_time(look), incomplete)


def kustomizations(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """The names of Kustomizations."""
    del parameter

    def look() -> Iterable[str]:
        from pipeline.model.flux.api import KUSTOMIZATIONS

        return [key.name for key in _flux_keys(context, KUSTOMIZATIONS)]

    return _items(_in_time(look), incomplete)


def _flux_keys(context: click.Context, kind: ResourceType) -> Iterable[Key]:
    from pipeline import wiring
    from pipeline.model.flux.views import key_of

    namespace = None if context.params.get("all_namespaces") else context.params.get("namespace")
    chosen = ClusterOptions(
        context.params.get("kubeconfig"), context.params.get("context"), namespace, timeout=REQUEST_TIMEOUT
    )
    listing = wiring.api_server(chosen, os.environ, _nobody()).list(kind, namespace, metadata_only=True)
    return sorted(key_of(body) for body in listing.items)


def targets(context: click.Context, parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
    """The targets of the settings file."""
    del parameter
    found = _mapping(str(context.params.get("file") or "gitless.yaml")).get("targets")
    return _items(map(str, found) if isinstance(found, Mapping) else (), incomplete)


def _items(names: Iterable[str], incomplete: str) -> Sequence[CompletionItem]:
    from click.shell_completion import CompletionItem

    # A line break would be two words to the shell.
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete) and name.isprintable()]


def _context_names(file: str) -> Iterable[str]:
    entries = _mapping(file).get("contexts")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            yield entry["name"]


def _mapping(file: str) -> Mapping[str, Any]:
    """The file's one YAML mapping; empty for anything else."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(Path(file).expanduser().read_bytes(), Loader=loader)  # noqa: S506 - a safe loader
    except (OSError, ValueError, RuntimeError, RecursionError, yaml.YAMLError):
        return {}
    return content if isinstance(content, Mapping) else {}


def _in_time(look: Callable[[], Iterable[str]]) -> Iterable[str]:
    """What was found, or nothing where it takes too long or fails."""
    found: list[str] = []

    def run() -> None:
        try:
            found.extend(look())
        except Exception:  # noqa: BLE001 - nothing is found then, whatever the reason, and nobody to tell
            found.clear()

    searching = Thread(target=run, daemon=True)
    searching.start()
    searching.join(_PATIENCE)
    return () if searching.is_alive() else found


def _nobody() -> Reporter:
    from pipeline.reports.console import JsonLog

    return JsonLog(io.StringIO(), verbose=False)
