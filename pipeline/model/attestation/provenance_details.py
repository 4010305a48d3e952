"""All that SLSA provenance says, to be shown; what of it a policy compares is read in one place alone.

Formats: SLSA ``provenance/v1`` and ``provenance/v0.2``. Whatever is missing or has another type reads as empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.attestation.predicate_names import is_provenance
from pipeline.model.trust.predicate_types import SLSA_PROVENANCE_V1
from pipeline.model.trust.provenance_reading import ProvenanceFacts, read_provenance, repository_url

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ALGORITHMS = ("gitCommit", "sha256", "sha1")


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that went into a build: ``digest`` is ``<algorithm>:<value>``, of the best that is given."""

    uri: str
    digest: str = ""
    name: str = ""

    def document(self) -> dict[str, str]:
        """The dependency as JSON."""
        return {"uri": self.uri, "digest": self.digest, "name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceDetails:
    """How an artifact came to be, as a provenance has it; texts are empty where it does not say.

    ``commit`` is the hash of the source alone, ``trigger`` GitHub's event, ``invocation`` the run's URL or identifier;
    times are in RFC 3339.
    """

    facts: ProvenanceFacts
    commit: str = ""
    trigger: str = ""
    invocation: str = ""
    started: str = ""
    finished: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    dependencies: tuple[Dependency, ...] = ()

    def document(self) -> dict[str, Any]:
        """The details as JSON."""
        return {
            "builder": self.facts.builder,
            "buildType": self.facts.build_type,
            "repositories": list(self.facts.repositories),
            "ref": self.facts.ref,
            "commit": self.commit,
            "workflow": self.facts.workflow,
            "trigger": self.trigger,
            "invocation": self.invocation,
            "startedAt": self.started,
            "finishedAt": self.finished,
            "parameters": dict(self.parameters),
            "resolvedDependencies": [item.document() for item in self.dependencies],
        }


def read_details(predicate_type: str, predicate: Mapping[str, Any]) -> ProvenanceDetails | None:
    """The details of a provenance; ``None`` where the predicate is something else."""
    if not is_provenance(predicate_type):
        return None
    facts = read_provenance(predicate_type, predicate)
    return _version_1(predicate, facts) if predicate_type == SLSA_PROVENANCE_V1 else _version_02(predicate, facts)


def _version_1(predicate: Mapping[str, Any], facts: ProvenanceFacts) -> ProvenanceDetails:
    definition = _object(predicate, "buildDefinition")
    metadata = _object(_object(predicate, "runDetails"), "metadata")
    dependencies = _dependencies(definition.get("resolvedDependencies"))
    return ProvenanceDetails(
        facts=facts,
        commit=_commit(dependencies, facts),
        trigger=_text(_object(_object(definition, "internalParameters"), "github"), "event_name"),
        invocation=_text(metadata, "invocationId") or _text(metadata, "invocationID"),
        started=_text(metadata, "startedOn"),
        finished=_text(metadata, "finishedOn"),
        parameters=_object(definition, "externalParameters"),
        dependencies=dependencies,
    )


def _version_02(predicate: Mapping[str, Any], facts: ProvenanceFacts) -> ProvenanceDetails:
    invocation, metadata = _object(predicate, "invocation"), _object(predicate, "metadata")
    config = _object(invocation, "configSource")
    dependencies = _dependencies(predicate.get("materials"))
    return ProvenanceDetails(
        facts=facts,
        commit=_commit((*_dependencies([config]), *dependencies), facts),
        trigger=_text(_object(invocation, "environment"), "github_event_name"),
        invocation=_text(metadata, "buildInvocationId") or _text(metadata, "buildInvocationID"),
        started=_text(metadata, "buildStartedOn"),
        finished=_text(metadata, "buildFinishedOn"),
        parameters=_object(invocation, "parameters"),
        dependencies=dependencies,
    )


def _commit(dependencies: tuple[Dependency, ...], facts: ProvenanceFacts) -> str:
    """The commit of the one source repository; with several there is none that could be meant."""
    if len(facts.repositories) != 1:
        return ""
    for item in dependencies:
        value = item.digest.partition(":")[2]
        if _COMMIT.fullmatch(value) and facts.repositories[0] in {repository_url(item.uri), _without_ref(item.uri)}:
            return value
    return ""


def _without_ref(uri: str) -> str:
    head, _, _ = uri.rpartition("@")
    return repository_url(head)


def _dependencies(value: object) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(_text(item, "uri"), _digest(item.get("digest")), _text(item, "name"))
        for item in (value if isinstance(value, list) else [])
        if isinstance(item, dict)
    )


def _digest(value: object) -> str:
    digests = {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
    for algorithm in (*_ALGORITHMS, *sorted(digests)):
        if algorithm in digests:
            # Some versions of Tekton Chains write the algorithm a second time, into the value.
            return f"{algorithm}:{digests[algorithm].removeprefix(f'{algorithm}:')}"
    return ""


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _text(parent: Mapping[str, Any], key: str) -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else ""
