"""Whether those have signed who are asked for, and if not, who did and why that is not enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.printable import printable
from pipeline.model.trust.decision import Decision
from pipeline.model.trust.evidence import Judgement, VerifiedAttestation, VerifiedSignature
from pipeline.model.trust.policy import Identity, SignedBy, Signers
from pipeline.ports import Expressions

REASONS_SHOWN = 3
_TEXT_SHOWN = 160
_DAY = 86400.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one artifact, and what is needed to weigh it."""

    artifact: PinnedReference
    judgement: Judgement
    expressions: Expressions
    now: float
    own: Signers = field(default_factory=Signers)
    """Those whom the policy trusts with every artifact."""

    def named(self, signers: Signers) -> str:
        """The signers for messages; a long list that is the policy's own is not told again and again."""
        if signers == self.own and len(signers.keys) + len(signers.identities) > 1:
            return "the policy's own keys or identities"
        return str(signers)

    @property
    def signatures(self) -> tuple[VerifiedSignature, ...]:
        """Signatures of this very digest."""
        return tuple(item for item in self.judgement.accepted if item.digest == self.artifact.digest)

    @property
    def attestations(self) -> tuple[VerifiedAttestation, ...]:
        """Attestations about this very digest."""
        return tuple(item for item in self.judgement.attestations if item.signature.digest == self.artifact.digest)


def is_by(signature: VerifiedSignature, signers: Signers, expressions: Expressions) -> bool:
    """Whether one of the signers made it."""
    if signature.key is not None:
        return _body(signature.key.pem) in {_body(key.pem) for key in signers.keys}
    return any(_is(signature, identity, expressions) for identity in signers.identities)


def signed_by(requirement: SignedBy, evidence: Evidence) -> Decision:
    """Whether enough different ones of the signers have signed; an attestation is no signature, whoever made it."""
    wanted = _wanted(requirement, evidence)
    by = [item for item in evidence.signatures if is_by(item, requirement.signers, evidence.expressions)]
    fresh = [item for item in by if not too_old(item, requirement.max_age, evidence.now)]
    # One signer counts once, however often and in whatever format they sign.
    different = tuple({_who(item): item for item in reversed(fresh)}.values())[::-1]
    if len(different) >= requirement.count:
        found = "signed by " + " and ".join(signer_text(item) for item in different)
        return Decision(wanted, passed=True, found=found, signatures=tuple(fresh))
    if different:
        names = ", ".join(signer_text(item) for item in different)
        found = f"signed by {len(different)} of {requirement.count} different ones: {names}"
        missing = requirement.count - len(different)
        others = "another of them" if missing == 1 else f"{missing} others of them"
        needed = f"a signature by {others}: {evidence.named(requirement.signers)}"
        return Decision(wanted, passed=False, found=found, needed=needed)
    if by:
        found = _listed(f"signed by {signer_text(item)} {age_text(item, evidence.now)}" for item in by)
    else:
        found = _listed(_others(requirement.signers, evidence)) or "it is not signed"
    return Decision(wanted, passed=False, found=found, needed=wanted if requirement.count > 1 else f"a {wanted}")


def too_old(signature: VerifiedSignature, max_age: float | None, now: float) -> bool:
    """Whether it is older than so many seconds; who signed nobody knows when is too old for any limit."""
    if max_age is None:
        return False
    return signature.signed_at is None or now - signature.signed_at > max_age


def age_text(signature: VerifiedSignature, now: float) -> str:
    """How long ago it was signed, such as ``40 days ago``."""
    if signature.signed_at is None:
        return "at an unknown time, which no maximum age lets pass"
    return f"{duration_text(now - signature.signed_at)} ago"


def duration_text(seconds: float) -> str:
    """Roughly, in days or hours."""
    number, unit = (seconds / _DAY, "day") if seconds >= 2 * _DAY else (seconds / _HOUR, "hour")
    return f"{number:.0f} {unit}s" if number >= 1 else "less than an hour"


def signer_text(signature: VerifiedSignature) -> str:
    """Who signed, cut short: a certificate's subject is a stranger's text."""
    return printable(signature.signer, _TEXT_SHOWN)


def why_not(signature: VerifiedSignature, signers: Signers, expressions: Expressions) -> str:
    """Why a signer is none of those that are wanted, where it comes near; else empty."""
    found = signature.identity
    if found is None:
        return ""
    for wanted in signers.identities:
        right_issuer = _fits(found.issuer, wanted.issuer, wanted.issuer_regexp, expressions)
        if _fits(found.subject, wanted.subject, wanted.subject_regexp, expressions) and not right_issuer:
            asked = wanted.issuer or f"/{wanted.issuer_regexp}/"
            return f"whose issuer is {printable(found.issuer, _TEXT_SHOWN)} and not {asked}"
        if wanted.subject and wanted.subject in found.subject and wanted.subject != found.subject:
            return f"whose subject only contains '{wanted.subject}'; the whole of it must be that"
    return ""


def _others(signers: Signers, evidence: Evidence) -> Iterable[str]:
    for item in evidence.signatures:
        why = why_not(item, signers, evidence.expressions)
        yield f"{item.format} signature in {item.found_in} is by {signer_text(item)}{f', {why}' if why else ''}"
    for attestation in evidence.attestations:
        made, kind = attestation.signature, printable(attestation.predicate_type, _TEXT_SHOWN)
        yield f"{made.format} signature in {made.found_in}: it is an attestation of type '{kind}', not a signature"
    alike: dict[tuple[str, str], list[str]] = {}
    for rejected in evidence.judgement.rejected:
        alike.setdefault((rejected.format, rejected.reason), []).append(rejected.found_in)
    for (signature_format, reason), places in alike.items():
        which = (
            f"signature in {places[0]}" if len(places) == 1 else f"signatures in {places[0]} and {len(places) - 1} more"
        )
        yield f"{signature_format} {which}: {printable(reason, 2 * _TEXT_SHOWN)}"


def _listed(reasons: Iterable[str]) -> str:
    told = list(dict.fromkeys(reasons))
    more = f"; and {len(told) - REASONS_SHOWN} more" if len(told) > REASONS_SHOWN else ""
    return "; ".join(told[:REASONS_SHOWN]) + more


def _wanted(requirement: SignedBy, evidence: Evidence) -> str:
    count = f"signatures by {requirement.count} different ones of" if requirement.count > 1 else "signature by"
    return f"{count} {evidence.named(requirement.signers)}{max_age_text(requirement.max_age)}"


def max_age_text(max_age: float | None) -> str:
    """The limit as part of a demand; empty where there is none."""
    return "" if max_age is None else f" not older than {duration_text(max_age)}"


def _who(signature: VerifiedSignature) -> tuple[str, ...]:
    if signature.identity is not None:
        return (signature.identity.subject, signature.identity.issuer)
    return (signature.fingerprint or (_body(signature.key.pem) if signature.key else signature.signer),)


def _is(signature: VerifiedSignature, wanted: Identity, expressions: Expressions) -> bool:
    found = signature.identity
    return (
        found is not None
        and _fits(found.subject, wanted.subject, wanted.subject_regexp, expressions)
        and _fits(found.issuer, wanted.issuer, wanted.issuer_regexp, expressions)
    )


def _fits(found: str, exact: str, pattern: str, expressions: Expressions) -> bool:
    if exact and found != exact:
        return False
    if pattern and not expressions.finds(pattern, found):
        return False
    return bool(exact or pattern)


def _body(pem: str) -> str:
    """Line breaks, and what stands before the key, make no other key."""
    return "".join(pem[max(pem.find("-----BEGIN"), 0) :].split())
