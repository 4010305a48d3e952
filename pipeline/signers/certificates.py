"""Whom a keyless certificate names, to show where nobody has checked it."""

from __future__ import annotations

import warnings

from pipeline.errors import TrustError
from pipeline.model.trust.evidence import CertificateIdentity

_LONGEST = 64 * 1024


def read_certificate(certificate: str | bytes) -> CertificateIdentity | None:
    """What a certificate (PEM, or DER in bytes) says, unchecked; ``None`` where it cannot be read."""
    from cryptography import x509

    from pipeline.signers.keyless.certificates import identity_of

    if len(certificate) > _LONGEST:
        return None
    try:
        # Odd certificates are read with a warning from the library, which is nothing to show here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(certificate, bytes):
                return identity_of(x509.load_der_x509_certificate(certificate))
            return identity_of(x509.load_pem_x509_certificate(certificate.encode("ascii")))
    except (TrustError, ValueError, TypeError):
        return None
    except (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
