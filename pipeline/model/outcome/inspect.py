"""What ``gitless inspect`` shows of one artifact and of everything that is kept beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.attestation.predicate_names import is_called
from pipeline.model.attestation.provenance_details import ProvenanceDetails, read_details
from pipeline.model.attestation.sbom_reading import SbomFacts, read_sbom
from pipeline.model.documents.times import format_time
from pipeline.model.outcome import header, located
from pipeline.model.outcome.signatures import signature_document
from pipeline.model.trust.evidence import CertificateIdentity, VerifiedSignature
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE
from pipeline.model.trust.predicate_types import short_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One signature or attestation as it was found.

    ``verified`` is set where its signature holds, ``accepted`` where it is also by somebody whom the policy names;
    ``reason`` says what stands in the way. Identity, time and log of one that is not verified are its own words.
    """

    format: str
    """``bundle``, ``simple`` or ``attached``."""
    found_in: str
    predicate_type: str = ""
    """Empty for a simple signature, and where it cannot be read."""
    predicate: Mapping[str, Any] | None = field(default=None, repr=False, hash=False)
    verified: VerifiedSignature | None = None
    accepted: bool = False
    reason: str = ""
    claimed_identity: CertificateIdentity | None = None
    claimed_time: float | None = None
    claimed_log: str = ""

    @property
    def name(self) -> str:
        """The predicate type's short name."""
        return "signature" if self.predicate_type == SIGN_PREDICATE_TYPE else short_name(self.predicate_type)

    @property
    def provenance(self) -> ProvenanceDetails | None:
        """What it says of the build, if it is provenance."""
        return None if self.predicate is None else read_details(self.predicate_type, self.predicate)

    @property
    def sbom(self) -> SbomFacts | None:
        """What it lists, if it is a bill of materials."""
        return None if self.predicate is None else read_sbom(self.predicate_type, self.predicate)

    def document(self) -> dict[str, Any]:
        """Who made it, or what it says about that; without the predicate."""
        document: dict[str, Any] = {"format": self.format, "signatureDigest": self.found_in}
        if self.verified is not None:
            document = {**signature_document(self.verified), "format": self.format}
        document |= {"verified": self.verified is not None, "accepted": self.accepted, "reason": self.reason}
        claimed: dict[str, Any] = {}
        if self.claimed_identity is not None:
            claimed = {"identity": self.claimed_identity.subject, "issuer": self.claimed_identity.issuer}
        if self.claimed_time is not None:
            claimed["signedAt"] = format_time(self.claimed_time)
        if self.claimed_log:
            claimed["log"] = self.claimed_log
        return document | ({"says": claimed} if claimed else {})

    def attestation_document(self) -> dict[str, Any]:
        """The same, with type and predicate."""
        return {
            "predicateType": self.predicate_type,
            "name": self.name,
            **self.document(),
            "predicate": self.predicate,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedContent:
    """What is in the artifact; ``problem`` says why that is not all, or nothing."""

    files: int = 0
    objects: Mapping[str, int] = field(default_factory=dict, hash=False)
    """How many of each kind, as ``Deployment.apps``."""
    images: tuple[str, ...] = ()
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """The content as JSON."""
        return {
            "files": self.files,
            "objects": dict(self.objects),
            "images": list(self.images),
            "problem": self.problem or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectResult:
    """An artifact, and everything beside it; nothing of it is trusted but what is ``accepted``.

    ``is_trusted`` is what the policy decides, ``None`` where there is none; ``decision`` puts it in words. ``size`` is
    that of manifest and blobs together, in bytes.
    """

    kind: ClassVar[str] = "InspectResult"

    artifact: PinnedReference
    media_type: str
    artifact_type: str
    size: int
    annotations: Mapping[str, str] = field(hash=False)
    created: str
    source: str
    revision: str
    content: InspectedContent
    signatures: tuple[Evidence, ...] = ()
    attestations: tuple[Evidence, ...] = ()
    is_trusted: bool | None = None
    decision: str = ""
    problem: str = ""
    """Why not everything beside it was read."""
    referrers: tuple[Descriptor, ...] = ()
    """Those that are neither signatures nor attestations."""
    more_referrers: int = 0
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Tags of cosign 2 that hang on the digest, and what they point at."""

    def attested(self, wanted: str) -> tuple[Evidence, ...]:
        """Attestations of a type, by URI or short name: accepted ones before others, later ones before earlier."""
        found = [item for item in self.attestations if item.predicate is not None]
        found = [item for item in found if is_called(item.predicate_type, wanted)]
        return tuple(sorted(found, key=_worth, reverse=True))

    def document(self) -> dict[str, Any]:
        """The JSON document, with every predicate."""
        return {
            **header(self.kind),
            **located(self.artifact, tag=self.artifact.tag),
            "mediaType": self.media_type,
            "artifactType": self.artifact_type,
            "size": self.size,
            "created": self.created,
            "source": self.source,
            "revision": self.revision,
            "annotations": dict(self.annotations),
            "content": self.content.document(),
            "trusted": self.is_trusted,
            "decision": self.decision,
            "problem": self.problem or None,
            "signatures": [item.document() for item in self.signatures],
            "attestations": [item.attestation_document() for item in self.attestations],
            "provenance": [
                {**_by(item), **built.document()} for item in self.attestations if (built := item.provenance)
            ],
            "sboms": [
                {"predicateType": item.predicate_type, **_by(item), **listed.document()}
                for item in self.attestations
                if (listed := item.sbom)
            ],
            "referrers": [
                {
                    "digest": item.digest,
                    "artifactType": item.artifact_type,
                    "mediaType": item.media_type,
                    "size": item.size,
                    "annotations": dict(item.annotations),
                }
                for item in self.referrers
            ],
            "moreReferrers": self.more_referrers,
            "signatureTags": [{"tag": tag, "digest": digest} for tag, digest in self.tags.items()],
        }


def _by(item: Evidence) -> dict[str, Any]:
    return {
        "signatureDigest": item.found_in,
        "signer": item.verified.signer if item.verified else None,
        "verified": item.verified is not None,
        "accepted": item.accepted,
    }


def _worth(item: Evidence) -> tuple[bool, bool, float]:
    signed_at = item.verified.signed_at if item.verified else None
    return item.accepted, item.verified is not None, signed_at or 0.0
