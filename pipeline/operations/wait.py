"""Waits until one very digest is applied and healthy, and knows at once when it never will be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.printable import printable
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.attempts import attempted, failure
from pipeline.model.flux.views import Key, SourceView, repository_of, view_kustomization, view_source
from pipeline.model.flux.waiting import Memory, Scope, State, Verdict, Wanted, judge_delivery, notes, remember, scope_of
from pipeline.model.outcome.wait import WaitResult
from pipeline.operations.following import Following, Selection, follow
from pipeline.operations.reconcile import Ports, request
from pipeline.operations.serving import require_served

_TOLD = 1000
"""Characters of a condition that are told while waiting; the result has all of it."""
_KINDS = (OCI_REPOSITORIES, KUSTOMIZATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOptions:
    """What is waited for, where (no namespace: in all of them), and for how many seconds.

    ``reconcile`` asks the sources to look now instead of at their next interval.
    """

    artifact: PinnedReference
    namespace: str | None
    kustomizations: tuple[str, ...] = ()
    timeout: float = 600.0
    reconcile: bool = False
    keep_waiting: bool = False


def wait(options: WaitOptions, ports: Ports) -> WaitResult:
    """Wait for the digest's delivery by every Kustomization that uses its repository.

    Raises:
        ConfigurationError: nothing in the namespace would ever deliver it.
        ClusterError: the objects cannot be listed, or a request to reconcile cannot be written.
    """
    require_served(ports.server, _KINDS)
    began = ports.clock.now()
    wanted = _wanted(options)
    with follow(ports.server, _KINDS, Selection(options.namespace), ports.reporter) as following:
        scope = _scope(wanted, following)
        _require_scope(options, wanted, scope, following)
        for note in notes(wanted, scope):
            ports.reporter.info(note)
        if options.reconcile:
            wanted = _ask(wanted, scope, ports)
        verdict = _follow_up(wanted, following, ports, deadline=began + options.timeout)
        return WaitResult(
            artifact=options.artifact,
            cluster=ports.server.context,
            verdict=verdict,
            seconds=ports.clock.now() - began,
            timeout=options.timeout,
            trouble=following.trouble.message if following.trouble else "",
        )


def _follow_up(wanted: Wanted, following: Following, ports: Ports, *, deadline: float) -> Verdict:
    memory, told = Memory(), dict[Key, str]()
    while True:
        scope = _scope(wanted, following)
        memory = remember(memory, wanted, scope)
        verdict = judge_delivery(wanted, scope, memory)
        for line in verdict.lines:
            if told.get(line.kustomization) != line.message:
                told[line.kustomization] = line.message
                message = f"Kustomization {line.kustomization}: {printable(line.message, _TOLD)}"
                ports.reporter.info(message, state=line.state.value, revision=line.revision)
        remaining = deadline - ports.clock.now()
        if verdict.state is not State.WAITING or remaining <= 0:
            return verdict
        following.next(remaining)


def _wanted(options: WaitOptions) -> Wanted:
    artifact = options.artifact
    repository = repository_of(str(artifact.repository))
    if repository is None:
        raise ConfigurationError(
            f"{artifact.repository} is no repository that a cluster could read", hint="wait for an oci:// artifact"
        )
    return Wanted(
        repository=repository,
        digest=artifact.digest,
        tag=artifact.tag or "",
        kustomizations=options.kustomizations,
        keep_waiting=options.keep_waiting,
    )


def _scope(wanted: Wanted, following: Following) -> Scope:
    sources = [view_source(body) for body in following.objects(OCI_REPOSITORIES).values()]
    return scope_of(wanted, sources, [view_kustomization(body) for body in following.objects(KUSTOMIZATIONS).values()])


def _require_scope(options: WaitOptions, wanted: Wanted, scope: Scope, following: Following) -> None:
    where = f"in namespace {options.namespace}" if options.namespace else "in any namespace"
    elsewhere = "look in another namespace with -n, or in all of them with -A" if options.namespace else None
    if not scope.sources:
        sources = (view_source(body) for body in following.objects(OCI_REPOSITORIES).values())
        raise ConfigurationError(
            f"no OCIRepository {where} reads {wanted.repository}",
            hint=_and(elsewhere, _others(sources)),
            code="configuration.no-source",
        )
    found = {item.key.name for item in scope.kustomizations}
    missing = [name for name in wanted.kustomizations if name not in found]
    if missing or not found:
        sources_named = ", ".join(map(str, scope.sources))
        who = f"no Kustomization {', '.join(missing)}" if missing else "no Kustomization"
        raise ConfigurationError(
            f"{who} {where} uses OCIRepository {sources_named}, so nothing there would apply {options.artifact}",
            hint=elsewhere,
            code="configuration.no-kustomization",
        )


def _others(sources: Iterable[SourceView]) -> str | None:
    urls = sorted({source.url for source in sources if source.url})
    shown = ", ".join(urls[:3]) + (" …" if len(urls) > 3 else "")  # noqa: PLR2004 - as many as a line bears
    return f"those there read {shown}" if urls else None


def _and(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def _ask(wanted: Wanted, scope: Scope, ports: Ports) -> Wanted:
    """Ask the sources that lack the digest, and the Kustomizations whose last attempt of it failed."""
    asked: dict[tuple[str, Key], str] = {}

    def ask(kind: ResourceType, key: Key) -> None:
        asked[kind.kind, key] = request(kind, key, ports)

    for source in scope.sources.values():
        if source.digest != wanted.digest and not source.is_suspended:
            ask(OCI_REPOSITORIES, source.key)
    for item in scope.kustomizations:
        if failure(item) is not None and attempted(item, wanted.digest) and not item.is_suspended:
            ask(KUSTOMIZATIONS, item.key)
    return replace(wanted, asked=asked)
