"""The statement that a bundle signs, and the envelope around it.

Formats: in-toto Statement v1 (in-toto attestation framework, ``spec/v1/statement.md``), DSSE 1.0 envelope and its
pre-authentication encoding (``secure-systems-lab/dsse``, ``protocol.md``), and the predicate type under which
``cosign sign`` files a signature since version 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import parse_object, text_in
from pipeline.model.trust.evidence import Verified, VerifiedAttestation, VerifiedSignature

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
SIGN_PREDICATE_TYPE = "https://sigstore.dev/cosign/sign/v1"

_STATEMENT_TYPES = (STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1")
_MAX_SUBJECTS = 1024
"""As many as sigstore's own verifiers look at."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope with its one signature; everything decoded, nothing checked."""

    payload_type: str
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def signed_bytes(self) -> bytes:
        """The pre-authentication encoding: what the signature is over."""
        return pre_authentication_encoding(self.payload_type, self.payload)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """``DSSEv1 <length> <type> <length> <payload>``, lengths in bytes."""
    name = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def sign_statement(digest: str) -> bytes:
    """The statement by which ``cosign sign`` says that a manifest's digest is signed, and no more than that."""
    algorithm, _, value = digest.partition(":")
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"digest": {algorithm: value}}],
        "predicateType": SIGN_PREDICATE_TYPE,
        "predicate": {},
    }
    return json.dumps(statement, separators=(",", ":")).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about one digest; ``subjects`` are those of its subjects that are this digest."""

    type: str
    predicate_type: str
    predicate: Mapping[str, Any] = field(repr=False, hash=False)
    subjects: tuple[Mapping[str, Any], ...] = field(repr=False, hash=False)

    def by(self, signature: VerifiedSignature) -> Verified:
        """What the statement is, once its signature has been verified: a signature, or an attestation.

        An attestation (build provenance, an SBOM) is a statement about an artifact and not a decision to release it,
        so no other predicate type than cosign's own counts as a signature, though cosign and Flux let it.

        Raises:
            TrustError: it is a signature in an old form of statements, which nobody signs in.
        """
        if self.predicate_type != SIGN_PREDICATE_TYPE:
            return VerifiedAttestation(self.predicate_type, self.predicate, signature)
        if self.type != STATEMENT_TYPE:
            raise _unexpected_type(self.type)
        return signature


def read_statement(payload: bytes, digest: str) -> Statement:
    """A statement about this digest; its signature must have been checked before.

    Statement v0.1 and v1 are read, as cosign does; a predicate that is missing reads as empty.

    Raises:
        TrustError: it is no statement, or about something else.
    """
    statement = parse_object(payload, "the signed statement")
    statement_type = statement.get("_type")
    if statement_type not in _STATEMENT_TYPES:
        raise _unexpected_type(statement_type)
    subjects = statement.get("subject")
    if not isinstance(subjects, list) or not 0 < len(subjects) <= _MAX_SUBJECTS:
        raise TrustError("the signed statement has no usable list of subjects")
    named = tuple(subject for subject in subjects if _names(subject, digest))
    if not named:
        raise TrustError(f"the signed statement is about another digest than {digest}")
    predicate = statement.get("predicate", {})
    if not isinstance(predicate, dict):
        raise TrustError("the signed statement's predicate is no JSON object")
    return Statement(statement_type, text_in(statement, "predicateType", "the signed statement"), predicate, named)


def write_statement(digest: str, name: str, predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """A statement of any type about one digest; ``name`` is the repository's, without a tag."""
    algorithm, _, value = digest.partition(":")
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {algorithm: value}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(statement, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _names(subject: object, digest: str) -> bool:
    digests = subject.get("digest") if isinstance(subject, dict) else None
    algorithm, _, value = digest.partition(":")
    return isinstance(digests, dict) and digests.get(algorithm) == value


def _unexpected_type(value: object) -> TrustError:
    # What a stranger wrote goes into a message cut short and with control characters made visible.
    return TrustError(f"the signed statement's type is {ascii(value)[:120]}, expected {STATEMENT_TYPE}")
