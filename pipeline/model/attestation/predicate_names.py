"""What people mean who ask for an attestation of some kind."""

from __future__ import annotations

from pipeline.errors import ConfigurationError
from pipeline.model.trust.predicate_types import (
    CYCLONEDX,
    SLSA_PROVENANCE_V02,
    SLSA_PROVENANCE_V1,
    SPDX,
    accepted_types,
    short_name,
)

_GROUPS = {"provenance": (SLSA_PROVENANCE_V1, SLSA_PROVENANCE_V02), "sbom": (CYCLONEDX, SPDX)}


def is_called(predicate_type: str, wanted: str) -> bool:
    """Whether somebody who asks for ``wanted`` means this type.

    That is a URI, a short name, or ``provenance`` or ``sbom`` for those of any version and format.

    Raises:
        ConfigurationError: nothing is called that.
    """
    if wanted == "provenance":
        return is_provenance(predicate_type)
    if wanted == "sbom":
        return is_sbom(predicate_type)
    try:
        return predicate_type in accepted_types(wanted)
    except ConfigurationError as error:
        hint = error.hint or "provenance and sbom stand for every version and format"
        raise ConfigurationError(error.message, hint=hint) from None


def is_sbom(predicate_type: str) -> bool:
    """Whether the predicate is a bill of materials."""
    return short_name(predicate_type) in {"cyclonedx", "spdx"}


def is_provenance(predicate_type: str) -> bool:
    """Whether the predicate is SLSA provenance."""
    return predicate_type in {SLSA_PROVENANCE_V1, SLSA_PROVENANCE_V02}
