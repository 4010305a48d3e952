"""Keys in every form that people have them in, shown and written anew."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigurationError, TrustError, UsageError
from pipeline.model.outcome.keys import CertificateSummary, KeyConversionResult, KeyResult
from pipeline.model.trust.key_forms import KeyForm
from pipeline.signers.cosign import private_keys, public_keys
from pipeline.signers.cosign.key_files import PRIVATE_MODE, PUBLIC_MODE, read_key_bytes, write_new
from pipeline.signers.cosign.private_keys import ReadPassword

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from pipeline.signers.cosign.private_keys import SigningKey
    from pipeline.signers.cosign.public_keys import VerifyingKey

_OPENSSH = (b"ssh-", b"ecdsa-sha2-")


@dataclass(frozen=True, slots=True)
class ReadKey:
    """What was found in a key's file."""

    public: VerifyingKey
    private: SigningKey | None = None
    certificate: Certificate | None = None


def read_key(content: bytes, source: str, read_password: ReadPassword) -> ReadKey:
    """Read a private key in PEM, or a public one in PEM, DER, OpenSSH's form or a certificate.

    Raises:
        ConfigurationError: it is none of them, or the password is wrong.
    """
    try:
        if b"PRIVATE KEY-----" in content:
            private = private_keys.parse_private_key(_text(content, source), source, read_password)
            return ReadKey(private.public_key(), private)
        if b"-----BEGIN CERTIFICATE-----" in content or _is_der(content):
            return _read_der_or_certificate(content, source)
        if content.startswith(_OPENSSH):
            return ReadKey(_read_openssh(content, source))
        return ReadKey(public_keys.parse_public_key(_text(content, source), source))
    except TrustError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None


def describe(content: bytes, source: str, read_password: ReadPassword) -> KeyResult:
    """What a key's file, or what was fetched, holds.

    Raises:
        ConfigurationError: it is not a key, or the password is wrong.
    """
    found = read_key(content, source, read_password)
    return KeyResult(
        file=source,
        type=public_keys.key_type(found.public),
        fingerprint=public_keys.fingerprint(found.public),
        hint=public_keys.key_hint(found.public),
        is_private=found.private is not None,
        public_key=public_keys.public_pem(found.public),
        certificate=_summary(found.certificate, source) if found.certificate else None,
    )


def convert(
    content: bytes, source: str, form: KeyForm, output: str, passwords: tuple[ReadPassword, ReadPassword]
) -> KeyConversionResult:
    """Write a key in another form, into a new file or, where it is public text, into the result.

    ``passwords`` open the key and encrypt the new one. A private key goes nowhere but into a file for its owner alone.

    Raises:
        ConfigurationError: it is no key, the form does not suit it, or the file is there already.
        UsageError: there is no file to write to.
    """
    if not output and (form.is_private or form is KeyForm.DER):
        reason = "a private key is not printed" if form.is_private else "DER is not text"
        raise UsageError(f"--to {form} needs --output-file: {reason}")
    found = read_key(content, source, passwords[0])
    if form.is_private and found.private is None:
        raise ConfigurationError(f"{source} is a public key, of which no private key can be made (--to {form})")
    if found.private is not None and form.is_private:
        made = _private(found.private, form, source, passwords[1])
    else:
        made = _public(found.public, form, source)
    if output:
        write_new(Path(output), made, PRIVATE_MODE if form.is_private else PUBLIC_MODE)
    return KeyConversionResult(
        source=source,
        output=output,
        form=form.value,
        type=public_keys.key_type(found.public),
        fingerprint=public_keys.fingerprint(found.public),
        is_private=form.is_private,
        content="" if output else made.decode("ascii"),
    )


def convert_key(
    file: str, form: KeyForm, output: str, passwords: tuple[ReadPassword, ReadPassword]
) -> KeyConversionResult:
    """The same of a file."""
    return convert(read_key_bytes(file), file, form, output, passwords)


def describe_key(file: str, read_password: ReadPassword) -> KeyResult:
    """The same of a file."""
    return describe(read_key_bytes(file), file, read_password)


def _private(key: SigningKey, form: KeyForm, source: str, read_password: ReadPassword) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if form is KeyForm.COSIGN:
        return private_keys.encrypt(key, read_password()).encode("ascii")
    if form is KeyForm.PKCS8:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if not isinstance(key, EllipticCurvePrivateKey):
        kind = public_keys.key_type(key.public_key())
        raise ConfigurationError(f"{source} is {kind}, and SEC 1 is for ECDSA", hint="--to pkcs8 takes every key")
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _public(key: VerifyingKey, form: KeyForm, source: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if form is KeyForm.PEM:
        return public_keys.public_pem(key).encode("ascii")
    if form is KeyForm.DER:
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n"
    except ValueError:
        raise ConfigurationError(f"{source} is {public_keys.key_type(key)}, which OpenSSH has no form for") from None


def _read_der_or_certificate(content: bytes, source: str) -> ReadKey:
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate, load_pem_x509_certificate

    if _is_der(content):
        try:
            return ReadKey(public_keys.check_kind(load_der_public_key(content), source))
        except public_keys.unreadable():
            pass
    try:
        # Odd certificates are read with a warning, which would tell nobody anything here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load = load_der_x509_certificate if _is_der(content) else load_pem_x509_certificate
            certificate = load(content)
            return ReadKey(public_keys.check_kind(certificate.public_key(), source), certificate=certificate)
    except (*public_keys.unreadable(), InvalidVersion):  # type: ignore[misc]  # a tuple of exception classes it is
        raise ConfigurationError(f"{source} is neither a readable public key nor a certificate") from None


def _read_openssh(content: bytes, source: str) -> VerifyingKey:
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return public_keys.check_kind(load_ssh_public_key(content.strip()), source)
    except public_keys.unreadable():
        raise ConfigurationError(f"{source} is not a readable public key of OpenSSH's") from None


def _summary(certificate: Certificate, source: str) -> CertificateSummary:
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                identities = tuple(str(name.value) for name in names)
            except x509.ExtensionNotFound:
                identities = ()
            return CertificateSummary(
                subject=certificate.subject.rfc4514_string(),
                issuer=certificate.issuer.rfc4514_string(),
                identities=identities,
                not_before=certificate.not_valid_before_utc.isoformat(),
                not_after=certificate.not_valid_after_utc.isoformat(),
            )
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise ConfigurationError(f"{source} is a certificate with names that cannot be read") from None


def _is_der(content: bytes) -> bool:
    return content.startswith(b"\x30")


def _text(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"key file {source} is not text; expected PEM") from None
