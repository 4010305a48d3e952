"""Bringing one OCIRepository up to date: resolve once, verify that digest, pull that digest, keep it, tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pipeline.errors import IdentityError, PipelineError
from pipeline.model.artifact.reference import is_digest
from pipeline.model.flux.api import INVALID_SPEC, POLICY_DIGEST
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import timestamp
from pipeline.model.flux.oci_repository import OCIRepositorySpec, read_oci_repository
from pipeline.model.flux.outcome import ObjectEvent, Outcome
from pipeline.model.flux.reading import InvalidObjectError
from pipeline.model.flux.trust_record import trust_record_of, without_trust_record
from pipeline.model.manifests import Body
from pipeline.model.settings.providers import is_registry_of
from pipeline.ports import Registry
from pipeline.puller.sources.access import Access, access_to
from pipeline.puller.sources.choosing import Chosen, choose, choose_by_digest, parse_url
from pipeline.puller.sources.demands import Demands, read_demands
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.failing import AUTHENTICATION_FAILED, INVALID_PROVIDER, PULL_FAILED, Again, SourceError
from pipeline.puller.sources.pulling import Pulled, pull
from pipeline.puller.sources.status import NewStatus
from pipeline.puller.sources.succession import accept

_GENERIC = "generic"
_SHORTEST_INTERVAL = 1.0
_WITHOUT_INTERVAL = 600.0
_LONGEST_IGNORE = 64 * 1024
_MOST_METADATA = 32 * 1024


def reconcile_source(body: Body, deps: SourceDependencies, *, force: bool) -> Outcome:
    """Bring one OCIRepository up to date; whatever is wrong with it becomes conditions, never an error.

    Where nothing is new the registry gets one request in all, and none where the spec names a digest; trust policies
    are read anew each time. ``force`` also compares the bytes in the cache and verifies the signature again.
    """
    status = NewStatus(body, deps.clock.now())
    try:
        spec = read_oci_repository(body)
    except InvalidObjectError as error:
        stalled = SourceError(error.message, reason=INVALID_SPEC, again=Again.WHEN_CHANGED)
        status.begin()
        return _failed(status, stalled, _WITHOUT_INTERVAL)
    if spec.suspend:
        return Outcome(status=body.get("status") or {})
    interval = _spread(spec.interval, deps)
    status.begin()
    reconciliation = _Reconciliation(body, spec, status, deps, force=force)
    try:
        reconciliation.run()
    except SourceError as error:
        return _failed(status, error, interval)
    except PipelineError as error:
        message = f"failed to determine artifact digest: {error.message}"
        return _failed(status, SourceError(message, reason=PULL_FAILED), interval)
    events = (*status.succeed(), *reconciliation.events)
    return Outcome(status=status.document(handled=True), events=events, requeue_after=interval)


def _failed(status: NewStatus, error: SourceError, interval: float) -> Outcome:
    events = status.fail(error)
    return Outcome(
        status=status.document(handled=error.again is Again.WHEN_CHANGED),
        events=events,
        requeue_after=None if error.again is Again.SOON else interval,
        succeeded=False,
    )


def _spread(interval: float, deps: SourceDependencies) -> float:
    jitter = 1.0 + deps.options.interval_jitter * (2.0 * deps.random() - 1.0)
    return max(_SHORTEST_INTERVAL, interval * jitter)


class _Reconciliation:
    def __init__(
        self, body: Body, spec: OCIRepositorySpec, status: NewStatus, deps: SourceDependencies, *, force: bool
    ) -> None:
        self._spec = spec
        self._status = status
        self._deps = deps
        self._force = force
        self._body = body
        self._namespace = str(body["metadata"].get("namespace") or "")
        self._content_configuration = _content_configuration(body)
        self._demands = Demands(self._namespace)
        self._record = trust_record_of(status.artifact)
        self.events: tuple[ObjectEvent, ...] = ()

    def run(self) -> None:
        spec = self._spec
        if len(spec.ignore or "") > _LONGEST_IGNORE:
            message = f"spec.ignore is longer than {_LONGEST_IGNORE} characters"
            raise SourceError(message, reason=INVALID_SPEC, again=Again.WHEN_CHANGED)
        repository = parse_url(spec.url)
        self._demands = read_demands(self._body, spec.verify, self._deps)
        if not self._demands:
            self._status.unverified()
            self._record = {}
        chosen = choose_by_digest(spec, repository)
        if chosen is not None and self._is_done(chosen):
            return
        access = access_to(repository, spec, self._namespace, self._deps)
        registry = self._deps.connect(repository, access.options, access.environment)
        try:
            chosen = chosen or choose(spec, registry, self._deps.matching)
            self._bring_up_to_date(chosen, registry)
        except PipelineError as error:
            self._restore(registry)
            raise self._explained(error, access, repository.host) from error

    def _bring_up_to_date(self, chosen: Chosen, registry: Registry) -> None:
        if self._is_done(chosen):
            return
        status, artifact = self._status, self._status.artifact
        if artifact is None or artifact.revision != chosen.revision:
            status.outdated(chosen.revision, chosen.name)
        if self._demands and not self._is_verified(chosen):
            self._verify(chosen, registry)
        if not self._is_kept(chosen):
            pulled = pull(self._spec, chosen, registry, self._deps)
            self._deps.cache.hold(pulled.digest)
            status.artifact = self._accepted(chosen, pulled)
            status.observe(self._content_configuration)
        elif artifact is not None:
            metadata = without_trust_record(artifact.metadata) | self._record
            status.artifact = replace(artifact, url=chosen.pinned.digest_url, metadata=metadata)

    def _verify(self, chosen: Chosen, registry: Registry) -> None:
        accepted = self._demands.require(chosen, registry, self._deps)

        def is_stated(served: SourceArtifact) -> bool:
            return self._demands.is_rollback_stated(chosen, served, registry, self._deps)

        succession = accept(chosen, accepted, self._demands, self._status, self._body, is_stated)
        if accepted.is_verified:
            self._status.verified(chosen.revision, str(self._demands))
        else:
            self._status.unverified()
        self._record = succession.record
        self.events += succession.events

    def _restore(self, registry: Registry) -> None:
        """Put back what was accepted last where the cache has lost it, so that it outlives what is refused.

        Not where the policies have changed since: they may not accept it any more.
        """
        artifact, demands = self._status.artifact, self._demands
        if artifact is None or self._deps.cache.has(artifact.digest):
            return
        if demands.policies and not self._is_recorded(demands.digest):
            return
        if not is_digest(artifact.manifest_digest) or not self._status.was_made_by(self._content_configuration):
            return
        with suppress(PipelineError):
            pull(self._spec, Chosen(registry.repository, artifact.manifest_digest), registry, self._deps)
            self._deps.cache.hold(artifact.digest)

    def _is_done(self, chosen: Chosen) -> bool:
        artifact = self._status.artifact
        return (
            artifact is not None
            and artifact.url == chosen.pinned.digest_url
            and self._is_kept(chosen)
            and (not self._demands or self._is_verified(chosen))
        )

    def _is_verified(self, chosen: Chosen) -> bool:
        artifact = self._status.artifact
        is_same = artifact is not None and artifact.revision == chosen.revision
        is_known = self._status.is_verified and self._is_recorded(self._demands.digest)
        return is_same and is_known and not self._force

    def _is_recorded(self, policies: str) -> bool:
        """Whether what is recorded was accepted by the policies as they are now."""
        return trust_record_of(self._status.artifact).get(POLICY_DIGEST, "") == policies

    def _is_kept(self, chosen: Chosen) -> bool:
        artifact = self._status.artifact
        if artifact is None or artifact.revision != chosen.revision:
            return False
        if not self._status.was_made_by(self._content_configuration):
            return False
        return self._deps.cache.check(artifact.digest) if self._force else self._deps.cache.has(artifact.digest)

    def _accepted(self, chosen: Chosen, pulled: Pulled) -> SourceArtifact:
        new = SourceArtifact(
            revision=chosen.revision,
            digest=pulled.digest,
            size=pulled.size,
            url=chosen.pinned.digest_url,
            path=f"{pulled.digest.removeprefix('sha256:')}.tar.gz",
            last_update_time=timestamp(self._deps.clock.now()),
            metadata=_bounded(without_trust_record(pulled.annotations), self._record),
        )
        before = self._status.artifact
        if before is not None and replace(new, last_update_time=before.last_update_time) == before:
            # Only the cache had lost it.
            return before
        return new

    def _explained(self, error: PipelineError, access: Access, host: str) -> PipelineError:
        """The error; or, where it comes of the cloud whose identity was to log in, what is wrong with that."""
        provider = self._spec.provider
        if provider == _GENERIC or access.has_secrets:
            return error
        unknown = _cause(error, lambda cause: isinstance(cause, IdentityError))
        if unknown is not None:
            return SourceError(f"failed to get credential: {unknown.message}", reason=AUTHENTICATION_FAILED)
        denied = _cause(error, lambda cause: cause.code == "registry.denied")
        if denied is None or is_registry_of(provider, host):
            return error
        return SourceError(
            f"{error.message}; spec.provider '{provider}' logs in to registries of its own alone, and {host} is none: "
            "expected a login in spec.secretRef, or a registry that needs none",
            reason=INVALID_PROVIDER,
            again=Again.WHEN_CHANGED,
        )


def _cause(error: PipelineError, is_it: Callable[[PipelineError], bool]) -> PipelineError | None:
    """The error itself or what it came of, if it is of some kind."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PipelineError) and is_it(cause):
            return cause
        cause = cause.__cause__
    return None


def _content_configuration(body: Body) -> Mapping[str, Any]:
    """What of the spec decides on the artifact's content, as the status records it."""
    spec = body["spec"]
    configuration = {"observedIgnore": spec.get("ignore"), "observedLayerSelector": spec.get("layerSelector")}
    return {key: value for key, value in configuration.items() if value is not None}


def _bounded(annotations: Mapping[str, str], record: Mapping[str, str]) -> Mapping[str, str]:
    """The annotations, the small ones first, as far as a status should hold them; and what we record ourselves."""
    kept: dict[str, str] = {}
    left = _MOST_METADATA
    for key, value in sorted(annotations.items(), key=lambda item: (len(item[0]) + len(item[1]), item)):
        left -= len(key) + len(value)
        if left < 0:
            break
        kept[key] = value
    return dict(sorted({**kept, **record}.items()))
