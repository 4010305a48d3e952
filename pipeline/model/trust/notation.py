"""Notary Project signatures: whom they are checked with, and what the checking came to.

Formats: Notary Project ``specifications/trust-store-trust-policy.md`` (trust policy 1.0, trust stores) and
``signature-specification.md`` (how signatures are stored); the Secret is source-controller's
(``internal/oci/notation``): ``trustpolicy.json`` and certificates as ``*.crt`` or ``*.pem``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pipeline.errors import TrustError
from pipeline.model.artifact.manifest import StoredManifest
from pipeline.model.documents.strict_json import parse_object

NOTATION_SIGNATURE = "application/vnd.cncf.notary.signature"
ENVELOPES = ("application/jose+json", "application/cose")
POLICY_KEY = "trustpolicy.json"

_CERTIFICATES = (".crt", ".pem")
_MAX_CERTIFICATES = 64
_SKIP = "skip"
_STORE = re.compile(r"(ca|signingAuthority|tsa):((?!\.)[a-zA-Z0-9_.-]{1,128})")


class NotationAnswer(Enum):
    """What a trust policy made of an artifact that it let through."""

    VERIFIED = auto()
    SKIPPED = auto()
    """Its level is ``skip``: nobody looked."""
    UNAUTHENTIC = auto()
    """By a certificate that nobody trusts, which the level (``audit``) only writes down."""


@dataclass(frozen=True, slots=True)
class NotationTrust:
    """A trust policy, the names (type and name) of the stores that it takes certificates from, and these by file."""

    policy: bytes = field(repr=False)
    stores: tuple[tuple[str, str], ...]
    certificates: Mapping[str, bytes] = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class NotationMaterial:
    """An artifact's manifest, the manifests of its signatures, and their envelopes; nothing of it checked."""

    subject: StoredManifest
    signatures: tuple[StoredManifest, ...] = ()
    envelopes: tuple[bytes, ...] = field(default=(), repr=False)

    def each(self) -> Iterator[NotationMaterial]:
        """One for each signature, without the others."""
        for manifest, envelope in zip(self.signatures, self.envelopes, strict=True):
            yield NotationMaterial(self.subject, (manifest,), (envelope,))


def read_notation_trust(data: Mapping[str, bytes], where: str) -> NotationTrust:
    """Take policy and certificates from a Secret's data; every certificate is in every store, as with Flux.

    Raises:
        TrustError: one of both is missing, or the policy is not what can be read as one; ``where`` names the Secret.
    """
    if not data.get(POLICY_KEY):
        raise TrustError(f"{where} has no '{POLICY_KEY}'")
    policy = dict(parse_object(data[POLICY_KEY], f"{POLICY_KEY} of {where}"))
    certificates = {name: content for name, content in data.items() if name.endswith(_CERTIFICATES)}
    if not certificates:
        raise TrustError(f"{where} has no certificate; expected keys named *.crt or *.pem")
    if len(certificates) > _MAX_CERTIFICATES:
        raise TrustError(f"{where} has {len(certificates)} certificates; expected at most {_MAX_CERTIFICATES}")
    statements = policy.get("trustPolicies")
    if not isinstance(statements, list) or not all(isinstance(item, dict) for item in statements):
        raise TrustError(f"{POLICY_KEY} of {where} has no list 'trustPolicies'")
    policy["trustPolicies"] = [_cleaned(item) for item in statements]
    return NotationTrust(json.dumps(policy).encode(), _stores(policy["trustPolicies"]), certificates)


def _cleaned(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what notation refuses beside the level ``skip`` and Flux leaves out."""
    verification = statement.get("signatureVerification")
    if isinstance(verification, dict) and verification.get("level") == _SKIP:
        return {**statement, "trustStores": [], "trustedIdentities": []}
    return statement


def _stores(statements: list[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Those with names that can be a folder's; notation itself complains about the others."""
    lists = (item.get("trustStores") for item in statements)
    named = [store for stores in lists if isinstance(stores, list) for store in stores if isinstance(store, str)]
    found = (_STORE.fullmatch(store) for store in dict.fromkeys(named))
    return tuple((match[1], match[2]) for match in found if match is not None)
