"""Copy: an artifact with its signatures and every other referrer, byte for byte, from any store to any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.errors import ArtifactNotFoundError, RegistryError
from pipeline.model.artifact.manifest import Blob, Descriptor, StoredManifest, is_manifest_type, parse_manifest
from pipeline.model.artifact.reference import PinnedReference, check_tag
from pipeline.model.deployments.storage import LIST_TYPE
from pipeline.model.outcome.copy import CopyCounts, CopyResult
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Registry, Reporter
from pipeline.stages.parallel import in_parallel
from pipeline.stages.tag import point_tags
from pipeline.stages.trust import TrustPorts, require_trust

_CONCURRENCY = 4
_MAX_DEPTH = 16
_SUFFIXES = (".sig", ".att", ".sbom")
"""Under which tags cosign 2 keeps what belongs to ``sha256-<hex>``."""


def copy(
    artifact: PinnedReference,
    source: Registry,
    target: Registry,
    *,
    policy: TrustPolicy | UnsafeSkipVerification | None,
    trust: TrustPorts,
    tags: Sequence[str] = (),
    reporter: Reporter,
) -> CopyResult:
    """Copy what hangs on the digest, once the policy is satisfied; the tags move last, when all of it is there.

    Raises:
        ArtifactNotFoundError: there is no such artifact, or something that it points at is missing.
        TrustError: the policy refuses the artifact, and nothing was copied; or something is not what its digest says.
        RefusedError: a tag is locked; all the rest is at the target then, by its digest.
        RegistryError: one of the two could not be read or written; no tag has moved then.
    """
    for tag in tags:
        check_tag(tag)
    if isinstance(policy, TrustPolicy):
        require_trust(artifact, source, trust, policy)
    elif policy is None:
        reporter.warn("no --key and no other trust option was given: it is copied whoever signed it")
    counts = copy_tree(artifact.digest, source, target, reporter)
    point_tags(target.read_manifest(artifact.digest), tags, target)
    return CopyResult(
        source=artifact,
        target=PinnedReference(target.repository, artifact.digest, tags[0] if tags else None),
        tags=tuple(dict.fromkeys(tags)),
        counts=counts,
    )


def copy_tree(digest: str, source: Registry, target: Registry, reporter: Reporter) -> CopyCounts:
    """Copy a manifest and all that hangs on it, by digest; no tag of a user is written.

    Raises:
        ArtifactNotFoundError: there is no such manifest, or something that it points at is missing.
        TrustError: something is not what its digest says.
        RegistryError: one of the two could not be read or written.
    """
    work = _Copy(source, target, reporter)
    work.tree(digest)
    return CopyCounts(**work.counts)


@dataclass
class _Copy:
    """One copy under way."""

    source: Registry
    target: Registry
    reporter: Reporter
    done: dict[str, StoredManifest] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def tree(self, digest: str, depth: int = 0) -> None:
        """A manifest, what it points at, and whatever refers to any of that."""
        if digest in self.done:
            return
        if depth > _MAX_DEPTH:
            raise RegistryError(f"{self.source.repository}: manifests are nested more than {_MAX_DEPTH} deep")
        manifest = self.source.read_manifest(digest)
        parsed = parse_manifest(manifest)
        self.done[digest] = manifest
        inner = [child for child in parsed.children if is_manifest_type(child.media_type)]
        for child in inner:
            self.tree(child.digest, depth + 1)
        self._blobs([*parsed.blobs, *(child for child in parsed.children if child not in inner)])
        self._manifest(manifest)
        for referrer in self.source.referrers(digest):
            if referrer.artifact_type == LIST_TYPE:
                # Which deployments followed this one there: it leads to every other artifact of that cluster.
                continue
            if referrer.digest not in self.done:
                self._count("referrers")
            self.tree(referrer.digest, depth + 1)
        self._signature_tags(digest, depth)

    def _signature_tags(self, digest: str, depth: int) -> None:
        for suffix in _SUFFIXES:
            tag = digest.replace(":", "-") + suffix
            try:
                attached = self.source.resolve(tag).digest
            except ArtifactNotFoundError:
                continue
            self.tree(attached, depth + 1)
            manifest = self.done[attached]
            self.target.write_manifest(Blob(manifest.media_type, manifest.content), tag)
            self._count("signature_tags")

    def _manifest(self, manifest: StoredManifest) -> None:
        # Written also where it is: only then does the target surely list it for its subject.
        try:
            self.target.read_manifest(manifest.digest)
        except ArtifactNotFoundError:
            self._count("manifests_sent")
        else:
            self._count("manifests_present")
        self.target.write_manifest(Blob(manifest.media_type, manifest.content))

    def _blobs(self, descriptors: Sequence[Descriptor]) -> None:
        new = [descriptor for descriptor in descriptors if descriptor.digest not in self.blobs]
        self.blobs |= {descriptor.digest for descriptor in new}
        for descriptor, outcome in zip(new, in_parallel(self._blob, new, concurrency=_CONCURRENCY), strict=True):
            self._count(outcome)
            if outcome == "blobs_sent":
                self._count("sent_bytes", descriptor.size)
            self.reporter.detail(f"{outcome.removeprefix('blobs_')}: {descriptor.digest} ({descriptor.size} bytes)")

    def _blob(self, descriptor: Descriptor) -> str:
        if self._same_host() and self.target.mount_blob(descriptor, self.source.repository):
            return "blobs_mounted"
        # Read and written chunk by chunk; both ends hash on the way.
        sent = self.target.write_blob(descriptor, lambda: self.source.read_blob(descriptor))
        return "blobs_sent" if sent else "blobs_present"

    def _same_host(self) -> bool:
        one, other = self.source.repository, self.target.repository
        return not one.is_layout and one.host == other.host and one != other

    def _count(self, what: str, by: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + by
