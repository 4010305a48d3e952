"""What keyless signing needs to know: the services to ask, and the root that their answers are checked with."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.trust.policy import TrustedRoot
from pipeline.signers.keyless.tuf import read_target

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig

_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TrustConfig:
    """Sigstore's form of both, and the root as a policy names it: its text, so that no later look finds another one."""

    inner: ClientTrustConfig
    root: TrustedRoot


def read_trust_config(root: TrustedRoot, signing_config: str | None, folder: Path) -> TrustConfig:
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
    services = _file(signing_config) if signing_config else read_target("signing_config.v0.2.json", root, folder)
    try:
        inner = _config(content, services)
    except (TrustError, ConfigurationError):
        raise
    except Exception as error:  # noqa: BLE001 - pydantic's, cryptography's and sigstore's, of what is in the files
        reason = printable(str(error), 300) or type(error).__name__
        raise ConfigurationError(
            f"{signing_config or root.source} and {root.source} are no usable signing configuration and trusted root: "
            f"{reason}"
        ) from None
    return TrustConfig(inner, TrustedRoot(root.source, content=content.decode("utf-8")))


def _config(content: bytes, services: bytes) -> ClientTrustConfig:
    from sigstore.models import ClientTrustConfig
    from sigstore_models.trustroot import v1

    # Its warnings would reach stderr as they are; what matters of them is in our own messages.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    config = ClientTrustConfig(
        v1.ClientTrustConfig(
            media_type="application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            trusted_root=v1.TrustedRoot.from_json(content),
            signing_config=v1.SigningConfig.from_json(services),
        )
    )
    _ = config.signing_config, config.trusted_root  # both are checked when they are taken out
    return config


def _file(name: str) -> bytes:
    try:
        with Path(name).open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"signing configuration {name}: {error.strerror or error}") from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"signing configuration {name} is larger than {_MAX_BYTES} bytes")
    return content
