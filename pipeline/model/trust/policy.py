"""Who is believed about what: the policy that CI, a laptop and the puller enforce in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key in PEM (SubjectPublicKeyInfo) and where it came from, for messages."""

    pem: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A keyless signer: subject and issuer of its certificate, each exact or a regular expression, never neither.

    Regular expressions are Go's and search, as cosign's and Flux's do: without ``^`` and ``$`` they also accept what
    only contains them, which is why a policy document must have both.
    """

    subject: str = ""
    subject_regexp: str = ""
    issuer: str = ""
    issuer_regexp: str = ""

    def __str__(self) -> str:
        subject = self.subject or f"/{self.subject_regexp}/"
        return f"{subject} (issuer {self.issuer or f'/{self.issuer_regexp}/'})"


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """The authorities and logs that keyless signatures are checked with.

    The JSON of a ``trusted_root.json``, or a TUF repository that serves one; with neither it is Sigstore's public
    deployment. ``offline`` takes what is in the cache and asks nobody.
    """

    source: str = "Sigstore's public deployment"
    content: str = field(default="", repr=False)
    tuf_url: str = ""
    tuf_root: str = field(default="", repr=False)
    """The JSON of the ``root.json`` that the first contact with ``tuf_url`` is checked with."""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Signers:
    """Any of these keys or identities."""

    keys: tuple[PublicKey, ...] = ()
    identities: tuple[Identity, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.identities)

    def __str__(self) -> str:
        return " or ".join([*(key.source for key in self.keys), *map(str, self.identities)])


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A signature by ``count`` different ones of the signers, none older than ``max_age`` seconds."""

    signers: Signers
    count: int = 1
    max_age: float | None = None


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation of one of the predicate types (URIs) by one of the signers.

    Every condition is CEL over ``predicate`` (the predicate), ``subject`` (the digest) and ``signer`` (text), and must
    be true of one and the same attestation.
    """

    name: str
    """What to call it in messages, such as ``an SBOM``."""
    predicate_types: tuple[str, ...]
    signers: Signers
    conditions: tuple[str, ...] = ()
    max_age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """SLSA provenance v1 by one of the signers; what is empty is not asked for.

    ``repository`` is the source repository's URL, ``branch`` a branch's name or a whole ref, such as a tag's, with
    ``*`` as in :class:`Rule`, ``builder`` the builder's id and ``workflow`` the path of the workflow file.
    ``builder_regexp`` is searched for.
    """

    signers: Signers
    builder: str = ""
    builder_regexp: str = ""
    repository: str = ""
    branch: str = ""
    workflow: str = ""
    conditions: tuple[str, ...] = ()
    max_age: float | None = None


@dataclass(frozen=True, slots=True)
class FromRegistry:
    """The artifact lies in one of these repositories; patterns as in :class:`Rule`."""

    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of them."""

    parts: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them."""

    parts: tuple[Requirement, ...]


Requirement = SignedBy | Attested | Provenance | FromRegistry | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Rule:
    """What artifacts in some repositories need.

    A pattern is a repository such as ``ghcr.io/acme/shop``; ``*`` stands for anything within one part of the path and
    ``**`` for anything at all.
    """

    name: str
    artifacts: tuple[str, ...]
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Who is believed.

    Any one of ``keys`` and ``identities`` must have signed, where there are any; and every rule for the artifact's
    repository must hold. Where neither asks for anything, everything is refused: an empty policy trusts nobody.
    """

    keys: tuple[PublicKey, ...] = ()
    identities: tuple[Identity, ...] = ()
    rules: tuple[Rule, ...] = ()
    trusted_root: TrustedRoot | None = None
    """For keyless signatures; ``None`` means Sigstore's public deployment."""
    requires_log: bool = True
    """Whether a keyless signature must be in a transparency log; without, a timestamp authority's word is enough."""
    source: str = ""
    """Where the policy is from, for messages."""

    @property
    def signers(self) -> Signers:
        """Those of whom any one is enough for every artifact."""
        return Signers(self.keys, self.identities)

    @property
    def is_empty(self) -> bool:
        """Whether it trusts nobody."""
        return not (self.signers or self.rules)

    @property
    def every_signer(self) -> Signers:
        """Everybody whose signature or attestation counts for anything, once each."""
        found = [self.signers, *(signers for rule in self.rules for signers in _signers_in(rule.requirement))]
        keys = dict.fromkeys(key for signers in found for key in signers.keys)
        identities = dict.fromkeys(identity for signers in found for identity in signers.identities)
        return Signers(tuple(keys), tuple(identities))


@dataclass(frozen=True, slots=True)
class UnsafeSkipVerification:
    """Asked for by name instead of a policy: nothing is checked, and whatever is applied is recorded as unverified."""


def _signers_in(requirement: Requirement) -> Iterator[Signers]:
    if isinstance(requirement, AllOf | AnyOf):
        for part in requirement.parts:
            yield from _signers_in(part)
    elif not isinstance(requirement, FromRegistry):
        yield requirement.signers
