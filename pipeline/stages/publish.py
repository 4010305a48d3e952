"""Publish: push by digest, sign, attest, verify all of it as a consumer would, and only then move the tags.

A failure at any step leaves the tags where they were and says what is in the registry already. Nothing of that has to
be cleaned up: whoever runs the same again goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum

from pipeline.errors import PipelineError, TrustError
from pipeline.model.artifact.flux import Artifact
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.outcome.attest import AttestResult
from pipeline.model.outcome.attestations import AttestationsResult
from pipeline.model.outcome.package import PackageResult
from pipeline.model.outcome.publication import Publication, PublishInterruptedError
from pipeline.model.outcome.sign import SignResult
from pipeline.model.outcome.tag import TagResult
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Registry, Reporter, Signer
from pipeline.stages.attaching import is_own
from pipeline.stages.attest import attest
from pipeline.stages.fetch import fetch
from pipeline.stages.package import package
from pipeline.stages.predicates import Predicate
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.tag_claim import TagClaim
from pipeline.stages.trust import TrustPorts


class Step(IntEnum):
    """The steps of publishing; the tags move after the last one that is asked for."""

    PACKAGE = 1
    SIGN = 2
    ATTEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """What publishing consists of.

    Attributes:
        before: the tags to move, and what they pointed at when it all began.
        last: the step after which they move.
        trust: the policy that must be satisfied first; without one it is the signer's own.
    """

    before: Mapping[str, str | None]
    last: Step
    trust: TrustPolicy | UnsafeSkipVerification


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPorts:
    """What publishing needs of the world; ``signer`` is ``None`` where nothing is signed.

    ``open_registry`` opens the repository anew, so that what is verified is what others read.
    """

    registry: Registry
    open_registry: Callable[[], Registry]
    signer: Signer | None
    trust: TrustPorts
    reporter: Reporter


class Publishing:
    """One publication. Every step raises :class:`PublishInterruptedError` for whatever goes wrong in it."""

    def __init__(self, options: PublishOptions, ports: PublishPorts) -> None:
        self._options = options
        self._ports = ports
        self._done = Publication()
        self.tags: TagResult | None = None
        """The tags, once they have moved."""

    def package(self, artifact: Artifact) -> PackageResult:
        """Push by digest."""
        with self._telling():
            result = package(artifact, self._ports.registry, reporter=self._ports.reporter)
            self._done = replace(self._done, artifact=result.artifact)
            moved = self._finish(Step.PACKAGE, result.artifact)
            tags = tuple(tag.tag for tag in moved.tags) if moved else ()
            return replace(result, tags=tags, artifact=replace(result.artifact, tag=tags[0] if tags else None))

    def sign(self, artifact: PinnedReference) -> SignResult:
        """Put the signature beside it."""
        with self._telling():
            self._done = replace(self._done, artifact=artifact)
            result = sign(artifact, self._ports.registry, self._signer(), self._ports.trust.verifier)
            self._done = replace(self._done, signature_digest=result.signature_digest)
            self._finish(Step.SIGN, artifact)
            return result

    def attest(self, artifact: PinnedReference, predicates: Callable[[], Sequence[Predicate]]) -> AttestationsResult:
        """State everything about it; what the signer has stated before of the same type is left as it is."""
        with self._telling():
            self._done = replace(self._done, artifact=artifact)
            results = []
            for predicate in predicates():
                made = self._stated(artifact, predicate.type) or self._state(artifact, predicate)
                results.append(made)
                there = (*self._done.attestations, (made.predicate_type, made.attestation_digest))
                self._done = replace(self._done, attestations=there)
            self._finish(Step.ATTEST, artifact)
            return AttestationsResult(artifact=artifact, attestations=tuple(results))

    def _state(self, artifact: PinnedReference, predicate: Predicate) -> AttestResult:
        ports = self._ports
        return attest(
            artifact,
            predicate.type,
            predicate.body,
            ports.registry,
            self._signer(),
            ports.trust.verifier,
            essence=predicate.essence,
        )

    def _stated(self, artifact: PinnedReference, predicate_type: str) -> AttestResult | None:
        # The provenance of a second run would differ in its times alone.
        own = self._signer().own_policy()
        judgement = judge_signatures(artifact, self._ports.registry, self._ports.trust.verifier, own)
        for found in judgement.attestations:
            if found.predicate_type == predicate_type and is_own(found.signature, own):
                return AttestResult.of(artifact, found, found.signature.found_in, attested=False)
        return None

    def _signer(self) -> Signer:
        if self._ports.signer is None:
            raise PipelineError("there is no signer to sign with")
        return self._ports.signer

    def _finish(self, step: Step, artifact: PinnedReference) -> TagResult | None:
        """After the last step: verify, and move the tags."""
        if step is not self._options.last:
            return None
        if self._ports.signer is not None:
            self._verify(artifact, self._ports.signer.own_policy())
        claim = TagClaim(artifact, self._options.before, self._ports.registry)
        try:
            self.tags = claim.settle()
        except PipelineError:
            self._done = replace(self._done, tags=claim.withdraw())
            raise
        for tag in self.tags.tags:
            if tag.previous != artifact.digest:
                self._ports.reporter.info(f"tag {tag.tag} now points at {artifact.digest}")
        return self.tags

    def _verify(self, artifact: PinnedReference, own: TrustPolicy) -> None:
        """Read it as a consumer would, and find everything again that this run has put beside it."""
        registry, trust = self._ports.open_registry(), self._options.trust
        policy = trust if isinstance(trust, TrustPolicy) and not trust.is_empty else own
        fetch(Reference(artifact.repository, None, artifact.digest), registry, self._ports.trust, policy)
        judgement = judge_signatures(artifact, registry, self._ports.trust.verifier, own)
        if self._done.signature_digest and not any(is_own(found, own) for found in judgement.accepted):
            raise _gone(artifact, "signature", self._done.signature_digest)
        found = {(item.predicate_type, item.signature.found_in) for item in judgement.attestations}
        for predicate_type, digest in self._done.attestations:
            if (predicate_type, digest) not in found:
                raise _gone(artifact, f"attestation {predicate_type}", digest)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except PipelineError as error:
            raise PublishInterruptedError(error, self._done) from error


def _gone(artifact: PinnedReference, what: str, digest: str) -> TrustError:
    return TrustError(
        f"the {what} of {artifact} was written to {digest}, but whoever reads it anew does not find it",
        hint="the registry has lost it, or does not list it among the artifact's referrers",
        code="trust.not-found-again",
    )
