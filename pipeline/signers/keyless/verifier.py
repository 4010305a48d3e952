"""The verifying half: who signed, when, and who vouches for both.

Every check is made here, so that a refusal says which one failed; what sigstore can read, it must accept as well.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.documents.strict_json import object_in, parse_object
from pipeline.model.trust.evidence import (
    CertificateIdentity,
    Signature,
    TimeSource,
    Verified,
    VerifiedSignature,
)
from pipeline.model.trust.in_toto import read_statement
from pipeline.model.trust.policy import TrustedRoot, TrustPolicy
from pipeline.model.trust.simple_signing import check_payload
from pipeline.ports import Reporter
from pipeline.signers.cosign.public_keys import check_kind, is_signed_by
from pipeline.signers.keyless.certificates import check_certificate, identity_of
from pipeline.signers.keyless.log_bodies import Signed, check_body, kind_of
from pipeline.signers.keyless.log_entries import check_entry, check_log_in_use, with_first_index
from pipeline.signers.keyless.material import Material, read_material
from pipeline.signers.keyless.opened_root import OpenedRoot
from pipeline.signers.keyless.roots import roots_in
from pipeline.signers.keyless.timestamps import confirmed_times

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


_SIGSTORE_KINDS = frozenset({"dsse 0.0.1", "hashedrekord 0.0.2"})
"""The kinds of log entries that sigstore for Python reads; GitHub and npm have made ``intoto`` ones, too."""


@dataclass(frozen=True, slots=True)
class _Witnessed:
    """When somebody whom the root names saw the signature; the first of ``times`` is the one that is told."""

    times: tuple[float, ...]
    source: TimeSource
    log: str = ""


class KeylessVerifier:
    """Accepts signatures over exactly the digest in question by whoever had a certificate for an identity.

    Whose identity it must be is not decided here. The machine's clock is never asked: all times are a log's or a
    timestamp authority's.
    """

    def __init__(self, reporter: Reporter, folder: Path) -> None:
        """``folder`` is where TUF repositories are kept."""
        self._reporter = reporter
        self._roots = roots_in(folder)
        self._warned = False
        self._lock = threading.Lock()

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Check the signature and all that vouches for it, and believe the signed words only then.

        Raises:
            TrustError: a check failed; the message says which.
        """
        if not policy.requires_log:
            self._warn()
        root = self._roots.open(policy.trusted_root or TrustedRoot())
        material = read_material(signature)
        _check_signature(material.signed)
        witnessed = _witnessed(material, root, requires_log=policy.requires_log)
        for when in witnessed.times:
            check_certificate(material.signed.certificate, root, when, requires_log=policy.requires_log)
        if signature.keyless is None and material.entry is not None and material.entry.has_proof:
            _check_with_sigstore(signature.content, material, root)
        identity = identity_of(material.signed.certificate)
        return _verified(digest, signature, material.signed.payload, identity, witnessed)

    def _warn(self) -> None:
        with self._lock:
            if self._warned:
                return
            self._warned = True
        self._reporter.warn(
            "the trust policy asks for no transparency log: a certificate that was misused leaves no trace"
        )


def _witnessed(material: Material, root: OpenedRoot, *, requires_log: bool) -> _Witnessed:
    times = confirmed_times(material.timestamps, material.stamped, root)
    if material.entry is None:
        if requires_log:
            raise TrustError(
                "it is in no transparency log",
                hint="a private deployment without one must be named in the policy by its trusted root, "
                "and the policy must say that no log is required",
                code="trust.no-log",
            )
        if not times:
            raise _no_time(material, root)
        return _Witnessed(tuple(times), TimeSource.AUTHORITY)
    log, integrated_at = check_entry(material.entry, root)
    check_body(material.entry.body, material.signed)
    every = (*(() if integrated_at is None else (integrated_at,)), *times)
    if not every:
        raise _no_time(material, root)
    check_log_in_use(log, every, root)
    source = TimeSource.AUTHORITY if integrated_at is None else TimeSource.LOG
    return _Witnessed(every, source, f"{log.host} {material.entry.index}")


def _no_time(material: Material, root: OpenedRoot) -> TrustError:
    if material.timestamps:
        return TrustError(
            f"its timestamp is about another signature, was changed, or is not by an authority that {root.source} names"
        )
    return TrustError("nobody vouches for when it was signed: it has neither a log's time nor a timestamp")


def _check_signature(signed: Signed) -> None:
    try:
        key = check_kind(signed.certificate.public_key(), "its certificate's key")
    except ValueError:
        raise TrustError("its certificate's key cannot be read") from None
    if not is_signed_by(key, signed.signature, signed.signed):
        raise TrustError("it was not made by its certificate's key, or what it signs was changed")


def _check_with_sigstore(content: bytes, material: Material, root: OpenedRoot) -> None:
    """Have sigstore verify the bundle too; it reads it by itself, and must arrive at the same payload."""
    from sigstore.models import Bundle

    if not _is_for_sigstore(material, root):
        return
    if root.verifier is None:
        raise TrustError(f"{root.source} names no transparency log")
    try:
        _, payload = root.verifier.verify_dsse(Bundle.from_json(_for_sigstore(content)), _Anybody())
    except Exception as error:
        reason = printable(str(error), 200) or type(error).__name__
        raise TrustError(f"sigstore does not accept it: {reason}") from error
    if payload != material.signed.payload:
        raise TrustError("the bundle can be read in two ways")


def _for_sigstore(content: bytes) -> bytes:
    """The bundle as it is, unless its log entry is the log's first one."""
    bundle = parse_object(content, "the bundle")
    material = object_in(bundle, "verificationMaterial", "the bundle")
    entries = [with_first_index(entry) for entry in material["tlogEntries"]]
    if entries == material["tlogEntries"]:
        return content
    return json.dumps({**bundle, "verificationMaterial": {**material, "tlogEntries": entries}}).encode("utf-8")


def _is_for_sigstore(material: Material, root: OpenedRoot) -> bool:
    """Whether it can be asked: it knows fewer kinds of entries, and demands every kind of authority."""
    return (
        material.entry is not None
        and kind_of(material.entry.body) in _SIGSTORE_KINDS
        and root.has_certificate_logs
        and not (material.timestamps and not root.timestamp_authorities)
    )


class _Anybody:
    """Sigstore's idea of a policy; identities are decided on elsewhere."""

    def verify(self, cert: Certificate) -> None:
        """Accept it."""


def _verified(
    digest: str, signature: Signature, payload: bytes | None, identity: CertificateIdentity, witnessed: _Witnessed
) -> Verified:
    found = VerifiedSignature(
        digest=digest,
        format=signature.format,
        signer=printable(f"{identity.subject} (issuer {identity.issuer})", 300),
        found_in=signature.found_in or "",
        identity=identity,
        signed_at=witnessed.times[0],
        time_source=witnessed.source,
        log=witnessed.log,
    )
    if payload is None:
        check_payload(signature.content, digest)
        return found
    return read_statement(payload, digest).by(found)
