"""Bills of materials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pipeline.model.attestation.bill import Bill


class SbomFormat(Protocol):
    """Writes bills of materials in one format."""

    name: str
    predicate_type: str
    """Under which a document is attested."""

    def write(self, bill: Bill) -> Mapping[str, Any]:
        """The JSON document; the same for the same bill."""
        ...
