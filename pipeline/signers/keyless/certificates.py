"""Fulcio's certificates: who they name, and whether they held at a point in time.

Names and encodings of the extensions: ``sigstore/fulcio``, ``docs/oid-info.md``; the profile: its
``docs/certificate-specification.md``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.trust.evidence import CertificateIdentity
from pipeline.signers.keyless.opened_root import OpenedRoot

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_ARC = "1.3.6.1.4.1.57264.1."
_ISSUER_RAW, _ISSUER = "1", "8"
_RAW_CLAIMS = {
    "2": "githubWorkflowTrigger",
    "3": "githubWorkflowSHA",
    "4": "githubWorkflowName",
    "5": "githubWorkflowRepository",
    "6": "githubWorkflowRef",
}
"""The first ones hold the text itself, all later ones a UTF8String in DER."""
_CLAIMS = {
    "9": "buildSignerURI",
    "10": "buildSignerDigest",
    "11": "runnerEnvironment",
    "12": "sourceRepositoryURI",
    "13": "sourceRepositoryDigest",
    "14": "sourceRepositoryRef",
    "15": "sourceRepositoryIdentifier",
    "16": "sourceRepositoryOwnerURI",
    "17": "sourceRepositoryOwnerIdentifier",
    "18": "buildConfigURI",
    "19": "buildConfigDigest",
    "20": "buildTrigger",
    "21": "runInvocationURI",
    "22": "sourceRepositoryVisibilityAtSigning",
    "23": "deploymentEnvironment",
}
_UTF8_STRING = 0x0C
_LONG_LENGTH = 0x80
_MAX_TEXT = 4096


def read_certificate(der: bytes) -> Certificate:
    """A certificate in DER.

    Raises:
        TrustError: it is none.
    """
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate

    try:
        return load_der_x509_certificate(der)
    except (ValueError, InvalidVersion):
        raise TrustError("its certificate cannot be read") from None


def identity_of(certificate: Certificate) -> CertificateIdentity:
    """Who a certificate names, and by which identity provider.

    Raises:
        TrustError: it does not say, or says more than one.
    """
    texts: dict[str, bytes] = {}
    for extension in _extensions(certificate):
        oid = extension.oid.dotted_string
        if oid.startswith(_ARC):
            texts[oid.removeprefix(_ARC)] = extension.value.public_bytes()
    issuers = {_raw(texts[_ISSUER_RAW])} if _ISSUER_RAW in texts else set()
    if _ISSUER in texts:
        issuers.add(_utf8_string(texts[_ISSUER]))
    if len(issuers) != 1 or "" in issuers:
        raise TrustError("its certificate does not say clearly which identity provider knows the signer")
    claims = {name: _raw(texts[number]) for number, name in _RAW_CLAIMS.items() if number in texts}
    claims |= {name: _utf8_string(texts[number]) for number, name in _CLAIMS.items() if number in texts}
    return CertificateIdentity(_subject(certificate), issuers.pop(), claims)


def check_certificate(certificate: Certificate, root: OpenedRoot, when: float, *, requires_log: bool) -> None:
    """Accept a certificate for signing that an authority of the root had issued, and that was valid at ``when``.

    ``when`` is in seconds since the epoch and comes from somebody whom the root names, never from the signer. Where
    no log is required, a root need not name a certificate transparency log either; where it does, it is asked.

    Raises:
        TrustError: one of these does not hold, or the certificate is in no certificate transparency log.
    """
    if requires_log and not root.has_certificate_logs:
        raise TrustError(f"{root.source} names no certificate transparency log, so its certificate cannot be in one")
    _check_usage(certificate)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if when < begin.timestamp():
        raise TrustError(
            f"its certificate was not yet valid when it was signed: {_date(when)}, valid from {begin:%FT%TZ}"
        )
    if when > end.timestamp():
        raise TrustError(f"its certificate had expired when it was signed: {_date(when)}, valid until {end:%FT%TZ}")
    _check_transparency(certificate, _chain(certificate, root, when), root)


def _chain(certificate: Certificate, root: OpenedRoot, when: float) -> list[Certificate]:
    from cryptography.x509 import ExtendedKeyUsage, UnsupportedGeneralNameType
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

    trusted = [
        issuer
        for authority in root.certificate_authorities
        if authority.was_in_use(when)
        for issuer in authority.certificates
    ]
    if not trusted:
        raise TrustError(f"{root.source} names no certificate authority for {_date(when)}, when it was signed")
    # The library demands a TLS client's extended usage; what a signer's must be has been checked already.
    usage = (ExtendedKeyUsage, Criticality.NON_CRITICAL, None)
    verifier = (
        PolicyBuilder()
        .store(Store(trusted))
        .time(datetime.fromtimestamp(when, UTC))
        .extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca().may_be_present(*usage),
            ee_policy=ExtensionPolicy.webpki_defaults_ee().may_be_present(*usage),
        )
        .build_client_verifier()
    )
    try:
        return list(verifier.verify(certificate, []).chain[1:])
    except UnsupportedGeneralNameType:
        raise TrustError("its certificate names the signer in a way that cannot be checked") from None
    except VerificationError as error:
        raise TrustError(
            f"its certificate is not from an authority that {root.source} names ({printable(str(error), 120)})"
        ) from None


def _check_usage(certificate: Certificate) -> None:
    from cryptography.x509 import ExtendedKeyUsage, KeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    found = {type(extension.value): extension.value for extension in _extensions(certificate)}
    usage, extended = found.get(KeyUsage), found.get(ExtendedKeyUsage)
    if not isinstance(usage, KeyUsage) or not usage.digital_signature:
        raise TrustError("its certificate is not for signatures")
    if not isinstance(extended, ExtendedKeyUsage) or ExtendedKeyUsageOID.CODE_SIGNING not in extended:
        raise TrustError("its certificate is not for signing code")


def _check_transparency(certificate: Certificate, chain: list[Certificate], root: OpenedRoot) -> None:
    from cryptography.x509 import ExtensionNotFound, PrecertificateSignedCertificateTimestamps
    from sigstore._internal.sct import verify_sct
    from sigstore._internal.trust import KeyringPurpose
    from sigstore.errors import Error

    if not root.has_certificate_logs:
        return
    try:
        certificate.extensions.get_extension_for_class(PrecertificateSignedCertificateTimestamps)
        verify_sct(certificate, chain, root.inner.ct_keyring(KeyringPurpose.VERIFY))
    except ExtensionNotFound:
        raise TrustError("its certificate lacks the proof that it is in a certificate transparency log (SCT)") from None
    except Error:
        raise TrustError(
            "its certificate's proof of being in a certificate transparency log (SCT) does not hold, "
            f"or is not from a log that {root.source} names"
        ) from None


def _subject(certificate: Certificate) -> str:
    from cryptography.x509 import OtherName, RFC822Name, SubjectAlternativeName, UniformResourceIdentifier

    names = [
        name
        for extension in _extensions(certificate)
        if isinstance(extension.value, SubjectAlternativeName)
        for name in extension.value
    ]
    if len(names) != 1:
        raise TrustError(f"its certificate names {len(names)} subjects, expected one")
    name = names[0]
    if isinstance(name, RFC822Name | UniformResourceIdentifier):
        return name.value
    if isinstance(name, OtherName) and name.type_id.dotted_string == f"{_ARC}7":
        return _utf8_string(name.value)
    raise TrustError("its certificate names neither a URI nor an address as its subject")


def _extensions(certificate: Certificate):  # type: ignore[no-untyped-def] # noqa: ANN202 - cryptography's own type
    from cryptography.x509 import DuplicateExtension

    try:
        return certificate.extensions
    except (ValueError, DuplicateExtension):
        raise TrustError("its certificate's extensions cannot be read") from None


def _raw(value: bytes) -> str:
    try:
        return value[:_MAX_TEXT].decode("utf-8")
    except UnicodeDecodeError:
        raise TrustError("its certificate holds a text that is not UTF-8") from None


def _utf8_string(der: bytes) -> str:
    """The text of exactly one UTF8String in DER."""
    if len(der) < 2 or der[0] != _UTF8_STRING:  # noqa: PLR2004 - type and length
        raise TrustError("its certificate holds an extension that is no UTF8String")
    start, length = 2, der[1]
    if length >= _LONG_LENGTH:
        start += length - _LONG_LENGTH
        length = int.from_bytes(der[2:start], "big")
    if der[1] == _LONG_LENGTH or len(der) - start != length or length > _MAX_TEXT:
        raise TrustError("its certificate holds an extension that is no UTF8String")
    return _raw(der[start:])


def _date(when: float) -> str:
    try:
        return f"{datetime.fromtimestamp(when, UTC):%FT%TZ}"
    except (ValueError, OverflowError, OSError):
        return "at no possible time"
