"""Whom a keyless certificate names, to show where nobody has checked it.

Extensions: ``sigstore/fulcio``, ``docs/oid-info.md``.
"""

from __future__ import annotations

from pipeline.model.trust.evidence import CertificateIdentity

_ISSUER, _ISSUER_AS_BYTES = "1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.57264.1.1"
_LONGEST = 64 * 1024
_UTF8_STRING = 0x0C


def read_certificate(certificate: str | bytes) -> CertificateIdentity | None:
    """Subject and issuer of a certificate (PEM, or DER in bytes), unchecked; ``None`` where it cannot be read."""
    from cryptography import x509

    if len(certificate) > _LONGEST:
        return None
    try:
        if isinstance(certificate, bytes):
            parsed = x509.load_der_x509_certificate(certificate)
        else:
            parsed = x509.load_pem_x509_certificate(certificate.encode("ascii"))
        extensions = parsed.extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
    subjects = [*names.get_values_for_type(x509.RFC822Name), *names.get_values_for_type(x509.UniformResourceIdentifier)]
    values = {
        item.oid.dotted_string: item.value.value
        for item in extensions
        if isinstance(item.value, x509.UnrecognizedExtension)
    }
    issuer = _text(values.get(_ISSUER, b"")) or values.get(_ISSUER_AS_BYTES, b"").decode("utf-8", "replace")
    return CertificateIdentity(subjects[0] if subjects else "", issuer)


def _text(der: bytes) -> str:
    """The content of a DER UTF8String; empty for anything else."""
    if len(der) < 2 or der[0] != _UTF8_STRING:  # noqa: PLR2004 - tag and length
        return ""
    short = 0x80
    start = 2 if der[1] < short else 2 + (der[1] - short)
    return der[start:].decode("utf-8", "replace")
