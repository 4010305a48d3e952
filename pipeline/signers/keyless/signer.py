"""The signing half."""

from __future__ import annotations

from pipeline.errors import ConfigurationError
from pipeline.model.settings.signing import SigningOptions
from pipeline.ports import Environment, Reporter, Signer


class KeylessSigner:
    """Not there yet."""


def keyless_signer(options: SigningOptions, environment: Environment, reporter: Reporter) -> Signer:
    """Not there yet."""
    del options, environment, reporter
    raise ConfigurationError("--keyless is not there yet")
