"""Which artifact a source means: by digest, the highest version in a range, a tag, or ``latest``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import PipelineError, UsageError
from pipeline.model.artifact.reference import (
    REGISTRY_SCHEME,
    PinnedReference,
    Repository,
    check_tag,
    is_digest,
    parse_reference,
)
from pipeline.model.artifact.versions import Version, parse_range, parse_version
from pipeline.model.flux.api import INVALID_SPEC
from pipeline.model.flux.oci_repository import OCIRepositorySpec
from pipeline.ports import Registry
from pipeline.puller.sources.dependencies import Matching
from pipeline.puller.sources.failing import PULL_FAILED, READ_OPERATION_FAILED, URL_INVALID, Again, SourceError

HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_LATEST = "latest"
_LONGEST_EXPRESSION = 1024


@dataclass(frozen=True, slots=True)
class Chosen:
    """One artifact of a repository."""

    repository: Repository
    digest: str
    tag: str = ""

    @property
    def revision(self) -> str:
        """As ``status.artifact.revision`` has it: ``<tag>@sha256:…``, or the digest alone."""
        return f"{self.tag}@{self.digest}" if self.tag else self.digest

    @property
    def name(self) -> str:
        """What was asked for, such as ``host/path:tag``."""
        return f"{self.repository.name}{f':{self.tag}' if self.tag else f'@{self.digest}'}"

    @property
    def pinned(self) -> PinnedReference:
        """The artifact by digest."""
        return PinnedReference(self.repository, self.digest, self.tag or None)


def parse_url(url: str) -> Repository:
    """The repository that ``spec.url`` names.

    Raises:
        SourceError: it is not ``oci://`` with host and path, or names a tag or digest.
    """
    try:
        return _repository(url)
    except UsageError as error:
        message = f"URL validation failed for '{url}': {error.message}"
        raise SourceError(message, reason=URL_INVALID, again=Again.WHEN_CHANGED) from None


def _repository(url: str) -> Repository:
    if not url.startswith(REGISTRY_SCHEME):
        raise UsageError("URL must be in format 'oci://<domain>/<org>/<repo>'")
    reference = parse_reference(url)
    if reference.tag is not None:
        raise UsageError(f"URL must not contain a tag; remove ':{reference.tag}'")
    if reference.digest is not None:
        raise UsageError(f"URL must not contain a digest; remove '@{reference.digest}'")
    return reference.repository


def choose_by_digest(spec: OCIRepositorySpec, repository: Repository) -> Chosen | None:
    """The artifact, where the spec gives its digest; nobody needs to be asked for it.

    Raises:
        SourceError: it is no digest.
    """
    digest = spec.reference.digest
    if not digest:
        return None
    if not is_digest(digest):
        raise _senseless(f"spec.ref.digest is '{digest}'; expected sha256: and 64 hexadecimal digits")
    return Chosen(repository, digest)


def choose(spec: OCIRepositorySpec, registry: Registry, matching: Matching) -> Chosen:
    """Ask the registry what the range or tag of the spec means now.

    Raises:
        SourceError: the range or tag makes no sense, there is nothing for it, or the registry could not be asked.
    """
    reference = spec.reference
    repository = registry.repository
    tag = _newest(spec, registry, matching) if reference.semver else reference.tag or _LATEST
    try:
        check_tag(tag)
    except UsageError as error:
        raise _senseless(f"spec.ref.tag: {error.message}") from None
    try:
        return Chosen(repository, registry.resolve(tag).digest, tag)
    except PipelineError as error:
        message = f"failed to determine artifact digest: {error.message}"
        raise SourceError(message, reason=PULL_FAILED) from error


def _newest(spec: OCIRepositorySpec, registry: Registry, matching: Matching) -> str:
    what = f"failed to determine the artifact tag for '{spec.url}'"
    reference = spec.reference
    for field, text in (("semver", reference.semver), ("semverFilter", reference.semver_filter)):
        if len(text) > _LONGEST_EXPRESSION:
            raise _senseless(f"spec.ref.{field} is longer than {_LONGEST_EXPRESSION} characters")
    try:
        wanted = parse_range(reference.semver)
        if reference.semver_filter:
            # An expression that makes no sense is told even where no tag is in the range.
            matching(reference.semver_filter, ())
    except PipelineError as error:
        message = f"{what}: {error.message}"
        raise SourceError(message, reason=READ_OPERATION_FAILED, again=Again.WHEN_CHANGED) from None
    try:
        tags = registry.tags()
    except PipelineError as error:
        raise SourceError(f"{what}: {error.message}", reason=READ_OPERATION_FAILED) from error
    versions = {tag: version for tag, version in _versions(tags, spec.layer_media_type) if wanted.includes(version)}
    if reference.semver_filter:
        kept = frozenset(matching(reference.semver_filter, tuple(versions)))
        versions = {tag: version for tag, version in versions.items() if tag in kept}
    if not versions:
        raise SourceError(f"{what}: no match found for semver: {reference.semver}", reason=READ_OPERATION_FAILED)
    return max(versions, key=lambda tag: (versions[tag], tag))


def _versions(tags: Sequence[str], layer_media_type: str) -> list[tuple[str, Version]]:
    # Helm cannot write the "+" of a version into a tag, and writes "_".
    is_chart = layer_media_type == HELM_CHART
    parsed = ((tag, parse_version(tag.replace("_", "+") if is_chart else tag)) for tag in tags)
    return [(tag, version) for tag, version in parsed if version is not None]


def _senseless(message: str) -> SourceError:
    return SourceError(message, reason=INVALID_SPEC, again=Again.WHEN_CHANGED)
