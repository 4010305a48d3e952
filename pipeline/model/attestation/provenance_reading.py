"""SLSA provenance by whomever, read into one shape.

Formats: SLSA provenance v1 and v0.2 (``slsa-framework/slsa``), with the parameters as these build types have them:
GitHub's (``actions.github.io/buildtypes/workflow/v1`` and slsa-github-generator's), Tekton Chains'
(``chains/v2/slsa``), GitLab runner's (its ``PROVENANCE.md``), BuildKit's and our own (``gitless.dev/build/v1``).
Whatever is missing or has another type than expected reads as empty: who demands something compares it, and empty is
equal to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.attestation.predicate_names import SLSA_PROVENANCE_1, is_provenance

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MAX_DEPENDENCIES = 10_000


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that went into a build: ``digest`` is ``<algorithm>:<value>``, of the strongest that is given."""

    uri: str
    digest: str = ""
    name: str = ""

    def document(self) -> dict[str, str]:
        """The dependency as JSON."""
        return {"uri": self.uri, "digest": self.digest, "name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceFacts:
    """How an artifact came to be, as a provenance has it; texts are empty where it does not say.

    ``repository`` is a URL without ``git+``; ``ref`` a whole ref, or whatever is there in its place; ``commit`` the
    hash alone; ``workflow`` the path of the workflow or pipeline file, or the job; ``trigger`` the event;
    ``invocation`` the run's URL or identifier; times are in RFC 3339.
    """

    builder: str = ""
    build_type: str = ""
    repository: str = ""
    ref: str = ""
    commit: str = ""
    workflow: str = ""
    trigger: str = ""
    invocation: str = ""
    started: str = ""
    finished: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    dependencies: tuple[Dependency, ...] = ()

    def document(self) -> dict[str, Any]:
        """The facts as JSON."""
        return {
            "builder": self.builder,
            "buildType": self.build_type,
            "repository": self.repository,
            "ref": self.ref,
            "commit": self.commit,
            "workflow": self.workflow,
            "trigger": self.trigger,
            "invocation": self.invocation,
            "startedAt": self.started,
            "finishedAt": self.finished,
            "parameters": dict(self.parameters),
            "resolvedDependencies": [item.document() for item in self.dependencies],
        }


def read_provenance(predicate_type: str, predicate: Mapping[str, Any]) -> ProvenanceFacts | None:
    """The facts of a provenance; ``None`` where the predicate is something else."""
    if not is_provenance(predicate_type):
        return None
    return _version_1(predicate) if predicate_type == SLSA_PROVENANCE_1 else _version_02(predicate)


def split_source(uri: str) -> tuple[str, str]:
    """Repository and ref of ``git+https://host/repository@ref`` (SPDX's download locations) or ``…#ref``."""
    plain = uri.removeprefix("git+")
    scheme, separator, rest = plain.partition("://")
    host, slash, path = (rest if separator else scheme).partition("/")
    for mark in ("@", "#"):
        if mark in path:
            name, _, ref = path.partition(mark)
            return f"{scheme}{separator}{host}{slash}{name}" if separator else f"{host}{slash}{name}", ref
    return plain, ""


def _version_1(predicate: Mapping[str, Any]) -> ProvenanceFacts:
    definition, run = _object(predicate, "buildDefinition"), _object(predicate, "runDetails")
    external = _object(definition, "externalParameters")
    metadata = _object(run, "metadata")
    dependencies = _dependencies(definition.get("resolvedDependencies"))
    repository, ref, workflow = _source_of(external)
    source = _source_among(dependencies, repository)
    found_repository, found_ref = split_source(source.uri) if source else ("", "")
    return ProvenanceFacts(
        builder=_text(_object(run, "builder"), "id"),
        build_type=_text(definition, "buildType"),
        repository=repository or found_repository,
        ref=ref or found_ref,
        commit=_commit(source),
        workflow=workflow,
        trigger=_text(_object(_object(definition, "internalParameters"), "github"), "event_name"),
        invocation=_text(metadata, "invocationId") or _text(metadata, "invocationID"),
        started=_text(metadata, "startedOn"),
        finished=_text(metadata, "finishedOn"),
        parameters=external,
        dependencies=dependencies,
    )


def _source_of(external: Mapping[str, Any]) -> tuple[str, str, str]:
    """Repository, ref and workflow as the build types name them."""
    for name in ("workflow", "source", "buildConfigSource"):
        part = external.get(name)
        if isinstance(part, dict) and (stated := _text(part, "repository") or _text(part, "uri")):
            repository, ref = split_source(stated)
            return repository, _text(part, "ref") or ref, _text(part, "path") or _workflow(external)
    repository, ref = split_source(_text(external, "source"))
    return repository, ref, _workflow(external)


def _workflow(external: Mapping[str, Any]) -> str:
    return _text(_object(external, "workflow"), "path") or _text(external, "workflow") or _text(external, "entryPoint")


def _version_02(predicate: Mapping[str, Any]) -> ProvenanceFacts:
    invocation, metadata = _object(predicate, "invocation"), _object(predicate, "metadata")
    config = _object(invocation, "configSource")
    dependencies = _dependencies(predicate.get("materials"))
    repository, ref = split_source(_text(config, "uri"))
    own = Dependency(_text(config, "uri"), _digest(config.get("digest")))
    source = own if own.digest else _source_among(dependencies, repository)
    if source and not repository:
        repository, ref = split_source(source.uri)
    return ProvenanceFacts(
        builder=_text(_object(predicate, "builder"), "id"),
        build_type=_text(predicate, "buildType"),
        repository=repository,
        ref=ref,
        commit=_commit(source),
        workflow=_text(config, "entryPoint"),
        trigger=_text(_object(invocation, "environment"), "github_event_name"),
        invocation=_text(metadata, "buildInvocationId") or _text(metadata, "buildInvocationID"),
        started=_text(metadata, "buildStartedOn"),
        finished=_text(metadata, "buildFinishedOn"),
        parameters=_object(invocation, "parameters"),
        dependencies=dependencies,
    )


def _source_among(dependencies: tuple[Dependency, ...], repository: str) -> Dependency | None:
    """The dependency that is the source: that repository, or the one Git repository that Tekton calls an input."""
    if repository:
        wanted = _comparable(repository)
        return next((item for item in dependencies if _comparable(split_source(item.uri)[0]) == wanted), None)
    git = [item for item in dependencies if item.uri.startswith("git+") or item.name == "inputs/result"]
    return git[0] if len({item.uri for item in git}) == 1 else None


def _comparable(repository: str) -> str:
    return repository.removesuffix("/").removesuffix(".git")


def _commit(source: Dependency | None) -> str:
    value = source.digest.partition(":")[2] if source else ""
    return value if _COMMIT.fullmatch(value) else ""


def _dependencies(value: object) -> tuple[Dependency, ...]:
    items = value[:_MAX_DEPENDENCIES] if isinstance(value, list) else []
    return tuple(
        Dependency(_text(item, "uri"), _digest(item.get("digest")), _text(item, "name"))
        for item in items
        if isinstance(item, dict)
    )


def _digest(value: object) -> str:
    digests = {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
    for algorithm in ("gitCommit", "sha256", "sha1", *sorted(digests)):
        if algorithm in digests:
            # Tekton once wrote the algorithm a second time, into the value.
            return f"{algorithm}:{digests[algorithm].removeprefix(f'{algorithm}:')}"
    return ""


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _text(parent: Mapping[str, Any], key: str) -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else ""
