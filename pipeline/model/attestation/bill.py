"""The bill of materials of an artifact, before it takes any format."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.attestation.image_names import oci_purl
from pipeline.model.attestation.materials import Material, images_in, merged
from pipeline.model.documents.times import EPOCH
from pipeline.model.manifests import Manifests


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Everything in one artifact: objects, the images that they run, and what they were rendered from.

    ``created`` is RFC 3339 and the artifact's own, so that the same artifact always has the same bill.
    """

    artifact: PinnedReference
    manifests: Manifests
    materials: tuple[Material, ...]
    created: str = EPOCH
    source: str = ""
    revision: str = ""

    @classmethod
    def of(
        cls,
        artifact: PinnedReference,
        manifests: Manifests,
        materials: Iterable[Material] = (),
        *,
        created: str = "",
        source: str = "",
        revision: str = "",
    ) -> Bill:
        """The bill with every image of the manifests; ``materials`` are what else is known of."""
        return cls(
            artifact=artifact,
            manifests=manifests,
            materials=merged(images_in(manifests), materials),
            created=_rfc3339(created),
            source=source,
            revision=revision,
        )

    @property
    def serial(self) -> uuid.UUID:
        """Always the same for the same artifact and materials."""
        known = "\n".join(repr(material.document()) for material in self.materials)
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.artifact.digest}\n{known}")

    @property
    def purl(self) -> str:
        """The artifact's own package URL; a layout folder's has no repository that others could reach."""
        repository = self.artifact.repository
        name = repository.path.rstrip("/").rpartition("/")[2] or "artifact"
        return oci_purl(name, self.artifact.digest, repository="" if repository.is_layout else repository.name)


def _rfc3339(text: str) -> str:
    """In UTC and to the second, which both formats can write; what an artifact says may be no time at all."""
    try:
        found = datetime.fromisoformat(text)
        moment = found.astimezone(UTC) if found.tzinfo else found
        return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError):
        return EPOCH
