"""Inspect: one artifact, what is in it, and everything that is kept beside it, believed or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from pipeline.errors import ArtifactNotFoundError, ManifestError, TrustError
from pipeline.model.artifact.contents import content_layer, manifests_in
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    Descriptor,
    ParsedManifest,
    parse_manifest,
)
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.artifact.unpacking import read_archive
from pipeline.model.attestation.materials import image_names_in
from pipeline.model.outcome.inspect import Evidence, InspectedContent, InspectResult
from pipeline.model.outcome.signatures import attestation_format
from pipeline.model.trust.claims import Claims, read_claims
from pipeline.model.trust.evidence import (
    CertificateIdentity,
    Judgement,
    RejectedSignature,
    Verified,
    VerifiedAttestation,
)
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.storage import attestation_tag, signature_tag
from pipeline.ports import Registry
from pipeline.stages.fetch import pin
from pipeline.stages.finding import MAX_REFERRERS, Found, find_signatures
from pipeline.stages.signature_decisions import is_by
from pipeline.stages.signatures import judge
from pipeline.stages.trust import TrustPorts
from pipeline.stages.trust_decisions import decide

ReadCertificate = Callable[[str | bytes], CertificateIdentity | None]
"""Whom a certificate (PEM, or DER in bytes) names, unchecked; ``None`` where it cannot be read."""

_KEPT_BYTES = 16 * 1024 * 1024
"""Of bundles and envelopes together whose predicates are kept to be shown."""


def inspect(
    reference: Reference, registry: Registry, ports: TrustPorts, policy: TrustPolicy, read_certificate: ReadCertificate
) -> InspectResult:
    """Read everything there is about an artifact; what the policy's signers did not make is shown as what it says.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: its manifest is not what the digest says.
        RegistryError: the registry could not be read.
    """
    artifact = pin(reference, registry)
    stored = registry.read_manifest(artifact.digest)
    manifest = parse_manifest(stored)
    beside = _Beside(artifact, ports, policy, read_certificate)
    problem = ""
    try:
        for found in find_signatures(registry, artifact.digest):
            beside.add(found)
    except TrustError as error:
        problem = error.message
    referrers = _other_referrers(registry, artifact.digest, beside.places)
    decision = beside.decide()
    return InspectResult(
        artifact=artifact,
        media_type=manifest.media_type,
        artifact_type=manifest.artifact_type or "",
        size=len(stored.content) + sum(blob.size for blob in manifest.blobs),
        annotations=manifest.annotations,
        created=manifest.annotations.get(ANNOTATION_CREATED, ""),
        source=manifest.annotations.get(ANNOTATION_SOURCE, ""),
        revision=manifest.annotations.get(ANNOTATION_REVISION, ""),
        content=_content(artifact, manifest, registry),
        signatures=tuple(item for item in beside.items if not _is_attestation(item)),
        attestations=tuple(item for item in beside.items if _is_attestation(item)),
        is_trusted=decision[0],
        decision=decision[1],
        problem=problem,
        referrers=referrers[:MAX_REFERRERS],
        more_referrers=max(0, len(referrers) - MAX_REFERRERS),
        tags=_tags(registry, artifact.digest),
    )


class _Beside:
    """Collects what is found beside the artifact, each with what the verifier makes of it."""

    def __init__(
        self, artifact: PinnedReference, ports: TrustPorts, policy: TrustPolicy, read_certificate: ReadCertificate
    ) -> None:
        self.items: list[Evidence] = []
        self.places: set[str] = set()
        self._artifact = artifact
        self._ports = ports
        self._policy = policy
        self._read_certificate = read_certificate
        self._judged: list[Verified | RejectedSignature] = []
        self._kept = 0

    def add(self, found: Found) -> None:
        """Judge it, and keep it with what it says."""
        self.places.add(found.found_in or "")
        claims = self._claims(found)
        judged = self._judge(found, claims)
        self._judged.append(judged)
        if isinstance(judged, RejectedSignature):
            self.items.append(self._unconfirmed(found, judged.reason, claims))
        else:
            self.items.append(self._confirmed(found, judged, claims))

    def _unconfirmed(self, found: Found, reason: str, claims: Claims) -> Evidence:
        return Evidence(
            format=_format(found),
            found_in=found.found_in or "",
            predicate_type=claims.predicate_type,
            predicate=claims.predicate,
            reason="; ".join(filter(None, (reason, claims.problem))),
            claimed_identity=self._read_certificate(claims.certificate) if claims.certificate else None,
            claimed_time=claims.signed_at,
            claimed_log=claims.log,
        )

    def _confirmed(self, found: Found, judged: Verified, claims: Claims) -> Evidence:
        attested = judged if isinstance(judged, VerifiedAttestation) else None
        signature = judged.signature if isinstance(judged, VerifiedAttestation) else judged
        accepted = is_by(signature, self._policy.every_signer, self._ports.expressions)
        stranger = "" if accepted else "it is by none of those who are trusted"
        return Evidence(
            format=_format(found),
            found_in=signature.found_in,
            predicate_type=attested.predicate_type if attested else claims.predicate_type,
            # The bytes are those that were verified; what could not be shown was left out.
            predicate=attested.predicate if attested and claims.predicate is not None else None,
            verified=signature,
            accepted=accepted,
            reason="; ".join(filter(None, (stranger, claims.problem))),
        )

    def decide(self) -> tuple[bool | None, str]:
        """Whether the policy is satisfied and why; ``None`` where there is no policy."""
        if self._policy.is_empty:
            return None, ""
        now = self._ports.clock.now()
        decision = decide(self._artifact, Judgement.of(self._judged), self._policy, self._ports.expressions, now)
        leaves = [leaf for leaf in decision.leaves() if leaf.passed or not decision.passed]
        return decision.passed, "; ".join(f"{leaf.requirement}: {leaf.found}" for leaf in leaves)

    def _judge(self, found: Found, claims: Claims) -> Verified | RejectedSignature:
        if not self._policy.is_empty or isinstance(found, RejectedSignature):
            return judge(self._artifact.digest, found, self._ports.verifier, self._policy)
        reason = "nobody was named to verify it with"
        if claims.predicate_type and self._artifact.digest not in claims.subjects:
            reason = "it is about another artifact"
        return RejectedSignature(found.format, found.found_in or "", reason)

    def _claims(self, found: Found) -> Claims:
        if isinstance(found, RejectedSignature):
            return Claims(predicate_type=found.predicate_type)
        claims = read_claims(found)
        if claims.predicate is not None:
            self._kept += len(found.content)
            if self._kept > _KEPT_BYTES:
                return replace(claims, predicate=None, problem="its predicate is left out, for there are too many")
        return claims


def _format(found: Found) -> str:
    return attestation_format(found.format) if found.is_envelope else found.format.value


def _is_attestation(item: Evidence) -> bool:
    return item.format == "attached" or item.predicate_type not in {"", SIGN_PREDICATE_TYPE}


def _content(artifact: PinnedReference, manifest: ParsedManifest, registry: Registry) -> InspectedContent:
    files: Mapping[str, bytes] = {}
    try:
        layer = content_layer(manifest, artifact.digest_url)
        files = read_archive(registry.read_blob(layer))
        manifests = manifests_in(files, artifact.digest_url)
    except (ManifestError, TrustError, ArtifactNotFoundError) as error:
        return InspectedContent(files=len(files), problem=error.message)
    kinds = Counter(f"{item.id.kind}.{item.id.group}".removesuffix(".") for item in manifests)
    images = sorted({image for resource in manifests for image in image_names_in(resource)})
    return InspectedContent(files=len(files), objects=dict(sorted(kinds.items())), images=tuple(images))


def _other_referrers(registry: Registry, digest: str, known: set[str]) -> tuple[Descriptor, ...]:
    return tuple(item for item in registry.referrers(digest) if item.digest not in known)


def _tags(registry: Registry, digest: str) -> Mapping[str, str]:
    """Those of cosign 2 that hang on the digest: signatures, attestations, and the SBOMs of before there were any."""
    found = {}
    for tag in (signature_tag(digest), attestation_tag(digest), f"{digest.replace(':', '-')}.sbom"):
        with suppress(ArtifactNotFoundError):
            found[tag] = registry.resolve(tag).digest
    return found
