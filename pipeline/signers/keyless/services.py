"""What keyless signing needs to know: the services to ask, and the root that their answers are checked with.

Format: ``dev.sigstore.trustroot.v1.SigningConfig`` 0.2 (``sigstore/protobuf-specs``).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.trust.policy import TrustedRoot
from pipeline.signers.keyless.tuf import read_target

if TYPE_CHECKING:
    from sigstore._internal.timestamp import TimestampAuthorityClient
    from sigstore.sign import SigningContext

_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SigningServices:
    """Clients of the services, and the root as a policy names it: its text, so that no later look finds another one."""

    context: SigningContext
    timestamp_authorities: tuple[TimestampAuthorityClient, ...]
    is_logged: bool
    """Whether there is a transparency log to tell; a private deployment may have none."""
    has_certificate_logs: bool
    """Whether certificates are in one, too."""
    root: TrustedRoot


def read_services(root: TrustedRoot, signing_config: str | None, folder: Path) -> SigningServices:
    """Both from files, or from the TUF repository that serves them.

    Raises:
        TrustError: the repository cannot be read.
        ConfigurationError: one of the files is missing, or makes no sense.
    """
    if root.content and signing_config is None:
        raise ConfigurationError(
            f"{root.source} says what to trust and not whom to ask for certificates", hint="add --signing-config"
        )
    content = root.content.encode("utf-8") if root.content else read_target("trusted_root.json", root, folder)
    services = read_bounded(signing_config) if signing_config else read_target("signing_config.v0.2.json", root, folder)
    try:
        return _opened(content, services, TrustedRoot(root.source, content=content.decode("utf-8")))
    except (TrustError, ConfigurationError):
        raise
    except Exception as error:  # noqa: BLE001 - pydantic's, cryptography's and sigstore's, of what is in the files
        reason = printable(str(error), 300) or type(error).__name__
        raise ConfigurationError(
            f"{signing_config or root.source} and {root.source} are no usable signing configuration and trusted root: "
            f"{reason}"
        ) from None


def read_bounded(file: str) -> bytes:
    """A file of JSON.

    Raises:
        ConfigurationError: it cannot be read, or is larger than such a file can be.
    """
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{file} is larger than {_MAX_BYTES} bytes")
    return content


def _opened(content: bytes, services: bytes, root: TrustedRoot) -> SigningServices:
    from sigstore._internal.fulcio.client import FulcioClient
    from sigstore._internal.rekor.client import RekorClient
    from sigstore._internal.rekor.client_v2 import RekorV2Client
    from sigstore._internal.timestamp import TimestampAuthorityClient
    from sigstore.models import SigningConfig
    from sigstore.models import TrustedRoot as SigstoreRoot
    from sigstore.sign import SigningContext
    from sigstore_models.trustroot import v1

    # Its warnings would reach stderr as they are; what matters of them is in our own messages.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    config = v1.SigningConfig.from_json(services)
    # sigstore's own reading of it demands a log; the choice among services is left to it.
    choose: Any = SigningConfig._get_valid_services  # noqa: SLF001
    authorities = choose(config.ca_urls, [1], None)
    logs = choose(config.rekor_tlog_urls, [1, 2], config.rekor_tlog_config)
    clients = tuple(TimestampAuthorityClient(found.url) for found in choose(config.tsa_urls, [1], config.tsa_config))
    if not authorities:
        raise ConfigurationError("the signing configuration names no certificate authority that is in service now")
    if not logs and not clients:
        raise ConfigurationError("the signing configuration names neither a transparency log nor a timestamp authority")
    version_2 = bool(logs) and logs[0].major_api_version > 1
    rekor: Any = (RekorV2Client if version_2 else RekorClient)(logs[0].url if logs else "")
    document = v1.TrustedRoot.from_json(content)
    context = SigningContext(
        fulcio=FulcioClient(authorities[0].url),
        rekor=rekor,
        trusted_root=SigstoreRoot(document),
        tsa_clients=list(clients),
    )
    return SigningServices(context, clients, bool(logs), bool(document.ctlogs), root)
