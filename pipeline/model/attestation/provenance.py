"""How an artifact was built, as SLSA provenance v1 (https://slsa.dev/spec/v1.1/provenance)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline import __version__
from pipeline.errors import RefusedError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.attestation.materials import Material, MaterialKind

BUILD_TYPE = "https://gitless.dev/build/v1"
"""Where the platform has no build type of its own: docs/attestations.md describes it."""

_REVISION = re.compile(r"(?:(?P<name>.+)@)?(?:sha1|sha256):(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlatform:
    """What a platform's surroundings say about the run that we are part of.

    ``external`` and ``internal`` are parameters in the terms of the platform's own build type; where ``build_type`` is
    empty, ours describes the build. ``repository``, ``ref`` and ``commit`` are what the run checked out; ``started_on``
    is RFC 3339. Anything may be empty but the builder.
    """

    builder_id: str
    build_type: str = ""
    external: Mapping[str, Any] = field(default_factory=dict, hash=False)
    internal: Mapping[str, Any] = field(default_factory=dict, hash=False)
    repository: str = ""
    ref: str = ""
    commit: str = ""
    invocation_id: str = ""
    started_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """What is known of one build beside its platform.

    ``source`` and ``revision`` are the artifact's own; ``settings`` is the settings file's name and ``settings_digest``
    its ``sha256:…``. Times are seconds since the epoch, ``None`` where nobody knows.
    """

    source: str = ""
    revision: str = ""
    target: str = ""
    settings: str = ""
    settings_digest: str = ""
    materials: tuple[Material, ...] = ()
    started_at: float | None = None
    finished_at: float | None = None


def write_provenance(platform: BuildPlatform, facts: BuildFacts) -> dict[str, Any]:
    """The predicate."""
    metadata = {
        "invocationId": platform.invocation_id,
        "startedOn": platform.started_on or _time(facts.started_at),
        "finishedOn": _time(facts.finished_at),
    }
    definition: dict[str, Any] = {
        "buildType": platform.build_type or BUILD_TYPE,
        "externalParameters": platform.external if platform.build_type else _external(facts),
    }
    if platform.internal:
        definition["internalParameters"] = platform.internal
    definition["resolvedDependencies"] = list(_dependencies(platform, facts))
    return {
        "buildDefinition": definition,
        "runDetails": {
            "builder": {"id": platform.builder_id, "version": {"gitless": __version__}},
            "metadata": {name: text for name, text in metadata.items() if text},
        },
    }


def without_run(predicate: Mapping[str, Any]) -> dict[str, Any]:
    """The predicate but for what another run of the same job says otherwise: which one it is, and when that was.

    By the specification that is in ``runDetails.metadata`` and ``buildDefinition.internalParameters``.
    """
    told = dict(predicate)
    for part, left_out in (("runDetails", "metadata"), ("buildDefinition", "internalParameters")):
        if isinstance(told.get(part), Mapping):
            told[part] = {key: value for key, value in told[part].items() if key != left_out}
    return told


def check_same_commit(platform: BuildPlatform, artifact: PinnedReference, source: str, revision: str) -> None:
    """Keep one run from claiming what another one built.

    Raises:
        RefusedError: the run is about another commit of the repository than the artifact says that it is from.
    """
    commit = _commit(revision)
    is_same_repository = not source or _plain(source) == _plain(platform.repository)
    if commit and platform.commit and is_same_repository and commit != platform.commit:
        raise RefusedError(
            f"{artifact} was built from commit {commit[:12]}, and this job is about {platform.commit[:12]}, "
            "so it cannot say how the artifact was built",
            hint="attest in the job that builds, or give the provenance as a file with --predicate",
            code="refused.provenance",
        )


def _external(facts: BuildFacts) -> dict[str, Any]:
    name = _ref(facts.revision)
    source = {"repository": facts.source, "ref": name}
    parameters: dict[str, Any] = {"source": {key: text for key, text in source.items() if text}}
    if facts.target:
        parameters["target"] = facts.target
    if facts.settings_digest:
        parameters["settings"] = {"path": facts.settings, "digest": _digests(facts.settings_digest)}
    return parameters


def _dependencies(platform: BuildPlatform, facts: BuildFacts) -> Iterator[dict[str, Any]]:
    """The platform's checkout first, then the artifact's source where that is another one, then the materials."""
    if platform.repository:
        yield _source(platform.repository, platform.ref, platform.commit)
    commit = _commit(facts.revision)
    is_told = _plain(facts.source) == _plain(platform.repository) and commit in {"", platform.commit}
    if facts.source and not is_told:
        yield _source(facts.source, _ref(facts.revision), commit)
    yield from _material_descriptors(facts.materials)


def _source(repository: str, ref: str, commit: str) -> dict[str, Any]:
    uri = f"{_git(repository)}@{ref}" if ref else _git(repository)
    return _descriptor(uri, {"gitCommit": commit} if commit else {})


def _material_descriptors(materials: Iterable[Material]) -> Iterator[dict[str, Any]]:
    for material in materials:
        if material.kind is MaterialKind.BASE:
            yield _descriptor(_base_uri(material), material.digests)
        elif material.kind is MaterialKind.FILE:
            yield {"name": material.name, "digest": dict(material.digests)}
        elif material.purl:
            yield _descriptor(
                material.purl, material.digests, "" if material.kind is MaterialKind.IMAGE else material.name
            )
        else:
            yield {"name": material.name}


def _base_uri(base: Material) -> str:
    """``git+URL@REF#FOLDER`` of what kustomize clones; a single file's address stays as it is."""
    address = base.name.removeprefix("git::")
    if address.endswith((".yaml", ".yml", ".json")) and not base.version:
        return address
    scheme, separator, rest = address.partition("://")
    repository, _, folder = rest.partition("//") if separator else address.partition("//")
    if separator:
        repository = f"{scheme}://{repository}"
    elif "@" not in repository:
        repository = f"https://{repository}"
    return _git(repository) + (f"@{base.version}" if base.version else "") + (f"#{folder}" if folder else "")


def _descriptor(uri: str, digests: Mapping[str, str], name: str = "") -> dict[str, Any]:
    document: dict[str, Any] = {"uri": uri}
    if name:
        document["name"] = name
    if digests:
        document["digest"] = dict(digests)
    return document


def _plain(repository: str) -> str:
    return repository.removesuffix("/").removesuffix(".git").lower()


def _git(repository: str) -> str:
    """SPDX's download location: ``git+`` before a URL; scp's spelling is written as the URL that it stands for."""
    if repository.startswith("git+"):
        return repository
    if "://" not in repository:
        host, colon, path = repository.partition(":")
        repository = f"ssh://{host}/{path.lstrip('/')}" if colon and "/" not in host else repository
    return f"git+{repository}"


def _commit(revision: str) -> str:
    match = _REVISION.fullmatch(revision)
    return match["commit"] if match else ""


def _ref(revision: str) -> str:
    match = _REVISION.fullmatch(revision)
    return (match["name"] or "") if match else revision


def _digests(digest: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
