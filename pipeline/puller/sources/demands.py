"""What is asked of an artifact before it is fetched: ``spec.verify`` and the policies that govern the source."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigurationError, PipelineError, ToolError, TrustError
from pipeline.model.documents.times import parse_time
from pipeline.model.flux.api import SOURCE_VERIFIED
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.governing import governing_policies, read_policy_reference
from pipeline.model.flux.oci_repository import Verification
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.manifests import Body
from pipeline.model.trust.notation import NotationAnswer, NotationMaterial
from pipeline.ports import Registry
from pipeline.puller.sources.choosing import Chosen
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.failing import VERIFICATION_ERROR, Again, SourceError
from pipeline.puller.sources.policies import PolicyDocument, policies_digest, read_policies
from pipeline.puller.sources.verifying import (
    COSIGN,
    NOTATION,
    accepts_anybody,
    cosign_policy,
    notation_trust,
    provider_name,
)
from pipeline.stages.notation_signatures import find_notation_signatures, notation_issued_at
from pipeline.stages.rollback_statement import is_rollback_stated
from pipeline.stages.trust import require_trust

_ANYBODY = ObjectEvent(
    Severity.ERROR,
    "UnrestrictedIdentity",
    "spec.verify.matchOIDCIdentity is empty: a keyless signature by anybody is accepted; expected the identities that "
    "sign this artifact",
)
_NOT_VERIFIED = "NotVerified"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What verifying an artifact came to; ``issued_at`` is when it was first signed, ``None`` where nobody says."""

    issued_at: float | None
    notes: tuple[ObjectEvent, ...] = ()
    is_verified: bool = True
    """Whether anybody's signature was looked at: Notation's trust policies may let artifacts through without."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What one source asks for; false where that is nothing."""

    namespace: str
    verification: Verification | None = None
    policies: tuple[PolicyDocument, ...] = ()

    def __bool__(self) -> bool:
        return self.verification is not None or bool(self.policies)

    def __str__(self) -> str:
        """What is beyond ``spec.verify``, for messages; empty where that is nothing."""
        return " and ".join(str(document.reference) for document in self.policies)

    @property
    def digest(self) -> str:
        """A digest of the policies as they are now; empty where there are none."""
        return policies_digest(self.policies)

    def require(self, chosen: Chosen, registry: Registry, deps: SourceDependencies) -> Accepted:
        """Verify the artifact.

        Raises:
            SourceError: it is refused, or what it is to be verified with cannot be had.
        """
        times: list[float | None] = []
        notes: list[ObjectEvent] = []
        is_verified = bool(self.policies)
        if self.verification is not None and self.verification.provider == NOTATION:
            answer, signed_at = _by_notation(self.verification, chosen, registry, self.namespace, deps)
            is_verified |= answer is NotationAnswer.VERIFIED
            times.append(signed_at)
            notes += _notes_on(answer, chosen)
        elif self.verification is not None:
            times.append(_by_cosign(self.verification, chosen, registry, self.namespace, deps))
            is_verified = True
            notes += [_ANYBODY] if accepts_anybody(self.verification) else []
        times += [_by_policy(document, chosen, registry, deps) for document in self.policies]
        issued_at = min((time for time in times if time is not None), default=None)
        return Accepted(issued_at, tuple(notes), is_verified)

    def is_rollback_stated(
        self, chosen: Chosen, served: SourceArtifact, registry: Registry, deps: SourceDependencies
    ) -> bool:
        """Whether all who are believed here have somebody who signed that one goes back from what is served.

        Notation has no statements. What was stated before this was served is about another time.

        Raises:
            PipelineError: that cannot be found out.
        """
        if self.verification is not None and self.verification.provider == NOTATION and not self.policies:
            return False
        policies = [document.understand(deps.check_policy) for document in self.policies]
        if self.verification is not None and self.verification.provider == COSIGN:
            policies.append(cosign_policy(self.verification, self.namespace, deps))
        try:
            since = parse_time(served.last_update_time)
        except ConfigurationError:
            return False
        previous = served.manifest_digest
        return bool(policies) and all(
            is_rollback_stated(chosen.pinned, previous, registry, deps.trust, policy, not_before=since)
            for policy in policies
        )


def read_demands(body: Body, verification: Verification | None, deps: SourceDependencies) -> Demands:
    """What is asked for now.

    Raises:
        SourceError: it cannot be verified by us, or a policy is missing.
    """
    if verification is not None:
        _check_provider(verification, deps)
    namespace = str(body["metadata"].get("namespace") or "")
    options = deps.options
    try:
        floor = read_policy_reference(options.trust_policy, options.namespace) if options.trust_policy else None
        policies = read_policies(governing_policies(body, floor), deps.api)
    except PipelineError as error:
        raise _refused(f"failed to read the trust policy: {error.message}") from error
    return Demands(namespace, verification, policies)


def _by_cosign(
    verification: Verification, chosen: Chosen, registry: Registry, namespace: str, deps: SourceDependencies
) -> float | None:
    try:
        policy = cosign_policy(verification, namespace, deps)
        return require_trust(chosen.pinned, registry, deps.trust, policy).issued_at
    except PipelineError as error:
        raise _unverified(verification, error) from error


def _by_notation(
    verification: Verification, chosen: Chosen, registry: Registry, namespace: str, deps: SourceDependencies
) -> tuple[NotationAnswer, float | None]:
    """The answer, and when it was signed by whom the answer rests on."""

    def is_verified(one: NotationMaterial) -> bool:
        try:
            return deps.notation.verify(chosen.pinned, one, trust) is NotationAnswer.VERIFIED
        except TrustError:
            return False

    try:
        trust = notation_trust(verification, namespace, deps.api)
        material = find_notation_signatures(chosen.pinned, registry)
        answer = deps.notation.verify(chosen.pinned, material, trust)
        if answer is not NotationAnswer.VERIFIED:
            return answer, None
        return answer, notation_issued_at(material, is_verified)
    except PipelineError as error:
        raise _unverified(verification, error) from error


def _notes_on(answer: NotationAnswer, chosen: Chosen) -> list[ObjectEvent]:
    why = {
        NotationAnswer.SKIPPED: "Notation's trust policy skips the verification of it",
        NotationAnswer.UNAUTHENTIC: "its signature is by nobody whom Notation's trust policy trusts, which only audits",
    }.get(answer)
    if why is None:
        return []
    return [ObjectEvent(Severity.ERROR, _NOT_VERIFIED, f"{chosen.revision} is accepted without verification: {why}")]


def _unverified(verification: Verification, error: PipelineError) -> SourceError:
    what = f"failed to verify the signature using provider '{provider_name(verification)}'"
    return _refused(f"{what}: {error.message}")


def _by_policy(document: PolicyDocument, chosen: Chosen, registry: Registry, deps: SourceDependencies) -> float | None:
    try:
        return require_trust(chosen.pinned, registry, deps.trust, document.understand(deps.check_policy)).issued_at
    except PipelineError as error:
        raise _refused(f"failed to verify by the trust policy '{document.reference}': {error.message}") from error


def _check_provider(verification: Verification, deps: SourceDependencies) -> None:
    """Refuse for good what can never be verified here."""
    provider = verification.provider
    if provider == NOTATION:
        if not verification.secret:
            raise _refused("verification by 'notation' needs spec.verify.secretRef", again=Again.WHEN_CHANGED)
        try:
            deps.notation.check()
        except ToolError as error:
            message = f"verification by 'notation' is not possible here: {error.message}"
            raise _refused(message, again=Again.WHEN_CHANGED) from error
    elif provider != COSIGN:
        raise _refused(
            f"verification by '{provider}' is not supported; expected spec.verify.provider 'cosign' or 'notation'",
            again=Again.WHEN_CHANGED,
        )


def _refused(message: str, *, again: Again = Again.SOON) -> SourceError:
    return SourceError(message, reason=VERIFICATION_ERROR, condition=SOURCE_VERIFIED, again=again)
