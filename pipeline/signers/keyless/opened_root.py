"""A trusted root, ready to verify with."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import TrustError
from pipeline.model.documents.printable import printable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import TrustedRoot as SigstoreRoot
    from sigstore.verify import Verifier as SigstoreVerifier
    from sigstore_models.common.v1 import TimeRange


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate or timestamp authority: its chain from the issuing one to the root, and when it was in use."""

    certificates: tuple[Certificate, ...]
    start: float
    end: float | None

    def was_in_use(self, when: float) -> bool:
        """Whether the root vouches for it at that time, in seconds since the epoch."""
        return self.start <= when and (self.end is None or when <= self.end)


@dataclass(frozen=True, slots=True)
class Log:
    """A transparency log: the host that it is known by, and when its key was in use."""

    host: str
    start: float
    end: float | None

    def was_in_use(self, when: float) -> bool:
        """Whether the root vouches for it at that time, in seconds since the epoch."""
        return self.start <= when and (self.end is None or when <= self.end)


@dataclass(frozen=True, slots=True)
class OpenedRoot:
    """Everything of a trusted root that a check needs; ``inner`` is sigstore's own form of it."""

    source: str
    inner: SigstoreRoot
    certificate_authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]
    logs: dict[bytes, Log]
    """By the log's id."""
    has_certificate_logs: bool
    verifier: SigstoreVerifier | None
    """``None`` where no transparency log is named: sigstore verifies nothing then."""


def open_root(content: bytes, source: str) -> OpenedRoot:
    """Read a ``trusted_root.json``.

    Raises:
        TrustError: it is not one, or names nobody.
    """
    try:
        return _opened(content, source)
    except TrustError:
        raise
    except Exception as error:
        reason = printable(str(error), 200) or type(error).__name__
        raise TrustError(f"{source} is no usable trusted root: {reason}", code="trust.root") from error


def _opened(content: bytes, source: str) -> OpenedRoot:
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.trustroot import v1

    # Its warnings would reach stderr as they are; what matters of them is in our own messages.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    document = v1.TrustedRoot.from_json(content)
    inner = TrustedRoot(document)
    if not document.certificate_authorities:
        raise TrustError(f"{source} names no certificate authority", code="trust.root")
    return OpenedRoot(
        source=source,
        inner=inner,
        certificate_authorities=tuple(map(_authority, document.certificate_authorities)),
        timestamp_authorities=tuple(map(_authority, document.timestamp_authorities)),
        logs={
            log.log_id.key_id: Log(_host(log.base_url), *_period(log.public_key.valid_for)) for log in document.tlogs
        },
        has_certificate_logs=bool(document.ctlogs),
        verifier=Verifier(trusted_root=inner) if document.tlogs else None,
    )


def _host(url: str) -> str:
    return printable(urlsplit(url).netloc.rpartition("@")[2] or url, 100)


def _authority(authority: object) -> Authority:
    from sigstore._internal.trust import CertificateAuthority
    from sigstore_models.trustroot.v1 import CertificateAuthority as Document

    if not isinstance(authority, Document):
        raise TypeError("no certificate authority")
    opened = CertificateAuthority(authority)
    return Authority(tuple(opened.certificates(allow_expired=True)), *_period(authority.valid_for))


def _period(period: TimeRange | None) -> tuple[float, float | None]:
    if period is None:
        return 0.0, None
    return period.start.timestamp(), period.end.timestamp() if period.end else None
