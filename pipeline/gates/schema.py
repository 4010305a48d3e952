"""The schema gate: Kubernetes' own kinds and custom resources, held strictly against what their schemas say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.gates.api_versions import lifecycle_findings, unknown_kinds
from pipeline.gates.kubernetes_data import known_versions
from pipeline.gates.schema_complaints import Complaint, Reading, complaints, refused
from pipeline.gates.schema_validators import Compiled, Validators
from pipeline.model.comparison.masking import is_secret
from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Body, Manifests, Resource
from pipeline.model.validation.admission_request import CLUSTER_WIDE
from pipeline.model.validation.custom_kinds import CustomKinds
from pipeline.model.validation.field_paths import field_path
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Severity
from pipeline.model.validation.kubernetes_versions import KubernetesVersion, parse_versions, versions_in_words
from pipeline.model.validation.schema_rules import INVALID, SCHEMA_RULES
from pipeline.model.validation.server_rules import Refusal, refusals
from pipeline.model.validation.unfinished import is_unfinished, without_encryption

_ABOUT_KEYS = ("additionalProperties", "required")
"""What the schema says of fields' names, whatever their values are."""
_LONGEST = 1000
"""Characters of a message."""


class SchemaGate:
    """Holds every object against the schema of its kind, in every version of a range.

    ``kubernetes`` is a version or a range; ``definitions`` are CustomResourceDefinitions beside those of the
    manifests, asked for once.
    """

    name = "schema"

    def __init__(self, kubernetes: str, definitions: Callable[[], Sequence[Body]]) -> None:
        self._kubernetes = kubernetes
        self._definitions = definitions

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:
        """Every place where an object is not as its schema says; see the port."""
        del previous
        versions = parse_versions(self._kubernetes, known_versions())
        custom = CustomKinds.of(manifests, self._definitions())
        validators = Validators(versions, custom, manifests)
        told = [_judged(resource, versions, validators, custom) for resource in manifests]
        pending = [item for _, unfinished in told for item in unfinished]
        return Checked(
            gate=self.name,
            objects=len(manifests),
            findings=tuple(finding for findings, _ in told for finding in findings),
            not_evaluated=(*_not_evaluated(manifests, versions, validators), *pending),
            rules=SCHEMA_RULES,
            subject=f"Kubernetes {versions_in_words(versions)}",
        )


@dataclass(slots=True)
class _Found:
    """Complaints, and in which versions each one was raised; and where values are that will be other ones."""

    versions: dict[Complaint, list[KubernetesVersion]] = field(default_factory=dict)
    unfinished: dict[str, None] = field(default_factory=dict)

    def add(self, complaint: Complaint, version: KubernetesVersion) -> None:
        self.versions.setdefault(complaint, []).append(version)


def _judged(
    resource: Resource, versions: Sequence[KubernetesVersion], validators: Validators, custom: CustomKinds
) -> tuple[list[Finding], list[NotEvaluated]]:
    found = _Found()
    findings = list(_findings(resource, versions, validators, custom, found))
    if not found.unfinished:
        return findings, []
    reason = f"encrypted or with a variable, so that another value is there in the end: {', '.join(found.unfinished)}"
    return findings, [
        NotEvaluated(
            gate=SchemaGate.name,
            rule=INVALID.id,
            reason=printable(reason, _LONGEST),
            object_id=resource.id,
            origin=resource.origin,
        )
    ]


def _findings(
    resource: Resource,
    versions: Sequence[KubernetesVersion],
    validators: Validators,
    custom: CustomKinds,
    found: _Found,
) -> Iterator[Finding]:
    absent = []
    answers: dict[int, tuple[Complaint, ...]] = {}
    for version in versions:
        compiled = validators.of(version, resource)
        if compiled is None:
            absent.append(version)
            continue
        if id(compiled) not in answers:
            answers[id(compiled)] = tuple(_complaints(resource, compiled, found))
        for complaint in answers[id(compiled)]:
            found.add(complaint, version)
    if absent:
        yield from unknown_kinds(resource, absent, versions, custom)
    yield from lifecycle_findings(resource, [version for version in versions if version not in absent], custom)
    for complaint, where in found.versions.items():
        yield _finding(resource, complaint, where, versions)
    told = {complaint.path for complaint in found.versions}
    for refusal in _refusals(resource, versions, custom, is_known=len(absent) < len(versions)):
        path = field_path(refusal.steps)
        if any(other.startswith(path) for other in told):
            continue
        if is_unfinished((*refusal.steps, refusal.value)):
            found.unfinished[path] = None
        else:
            complaint = refused(refusal, shows_values=not is_secret(resource.body))
            yield _finding(resource, complaint, versions, versions)


def _refusals(
    resource: Resource, versions: Sequence[KubernetesVersion], custom: CustomKinds, *, is_known: bool
) -> Iterator[Refusal]:
    """What no schema says, and the API server refuses all the same."""
    kind = custom.of_object(resource)
    is_namespaced = kind.is_namespaced if kind else (resource.id.group, resource.id.kind) not in CLUSTER_WIDE
    return refusals(
        resource,
        is_custom=kind is not None,
        is_known=is_known,
        is_namespaced=is_known and is_namespaced,
        oldest=versions[0].minor,
    )


def _not_evaluated(
    manifests: Manifests, versions: Sequence[KubernetesVersion], validators: Validators
) -> Iterator[NotEvaluated]:
    """Objects whose kind has a schema that cannot be used, which is no fault of theirs and no pass."""
    for resource in manifests:
        compiled = validators.of(versions[-1], resource)
        if compiled is not None and compiled.validator is None:
            yield NotEvaluated(
                gate=SchemaGate.name,
                rule=INVALID.id,
                reason=f"the schema of {resource.api_version} {resource.id.kind} cannot be used: {compiled.problem}",
                object_id=resource.id,
                origin=resource.origin,
            )


def _complaints(resource: Resource, compiled: Compiled, found: _Found) -> Iterator[Complaint]:
    validator = compiled.validator
    body = without_encryption(resource.body)
    if validator is None or validator.is_valid(body):
        return
    reading = Reading(
        schema=compiled.schema,
        prunes=compiled.custom is not None,
        shows_values=not is_secret(body),
        has_status=compiled.custom is None or compiled.custom.has_status,
    )
    errors = []
    for error in validator.iter_errors(body):
        if error.kind.name not in _ABOUT_KEYS and is_unfinished(error.instance):
            found.unfinished[field_path(error.instance_path)] = None
        else:
            errors.append(error)
    yield from dict.fromkeys(complaints(iter(errors), reading))


def _finding(
    resource: Resource,
    complaint: Complaint,
    where: Sequence[KubernetesVersion],
    versions: Sequence[KubernetesVersion],
) -> Finding:
    message = complaint.message
    if len(versions) > 1 and len(where) < len(versions):
        message += f" (Kubernetes {versions_in_words(where)})"
    return Finding(
        gate=SchemaGate.name,
        rule=complaint.rule,
        severity=Severity.ERROR,
        message=printable(message, _LONGEST),
        object_id=resource.id,
        api_version=resource.api_version,
        path=complaint.path,
        origin=resource.origin,
        hint=printable(complaint.hint, _LONGEST),
    )
