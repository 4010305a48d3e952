"""API versions that a target has no longer, not yet, or not for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache

from pipeline.gates.kubernetes_data import known_versions, read_definitions, versions_with
from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Resource
from pipeline.model.validation.api_lifecycle import RETIREMENTS
from pipeline.model.validation.custom_kinds import CustomKind, CustomKinds
from pipeline.model.validation.finding import Finding, Rule
from pipeline.model.validation.kubernetes_schemas import kinds_of
from pipeline.model.validation.kubernetes_versions import KubernetesVersion, versions_in_words
from pipeline.model.validation.schema_rules import DEPRECATED, MISSING, REMOVED, TOO_NEW

_ALIKE = 0.8
"""How near a kind has to be to one that there is, of 1."""
_LONGEST = 1000
"""Characters of a message."""
_API_VERSIONS = ("v1", "v2", "v1beta3", "v1beta2", "v1beta1")
"""What may replace an API version of the same group, the best first."""


def unknown_kinds(
    resource: Resource, absent: Sequence[KubernetesVersion], versions: Sequence[KubernetesVersion], custom: CustomKinds
) -> Iterator[Finding]:
    """Why there is no schema for an object in some of the versions."""
    others = custom.versions(resource.id)
    if others:
        yield _not_defined(resource, others)
        return
    name = f"{resource.api_version} {resource.id.kind}"
    present = versions_with(resource.api_version, resource.id.kind)
    gone = _removed_in(resource, present)
    too_late = [version for version in absent if gone is not None and version >= gone]
    too_early = [version for version in absent if present and version < present[0]]
    if too_late:
        where = _in_these(too_late, versions)
        yield _about(
            resource, REMOVED, f"{name} was removed in Kubernetes {gone}{where}", _replacement(resource, too_late[-1])
        )
    if too_early:
        where = _in_these(too_early, versions)
        instead = _replacement(resource, too_early[0]) or TOO_NEW.fix
        yield _about(resource, TOO_NEW, f"{name} is new in Kubernetes {present[0]}{where}", instead)
    if not too_late and not too_early:
        yield _about(resource, MISSING, f"there is no schema for {name}", _missing_hint(resource, versions[-1], custom))


def _removed_in(resource: Resource, present: Sequence[KubernetesVersion]) -> KubernetesVersion | None:
    retirement = RETIREMENTS.get((resource.api_version, resource.id.kind))
    if retirement is not None and retirement.removed_in is not None:
        return KubernetesVersion(retirement.removed_in)
    return KubernetesVersion(present[-1].minor + 1) if present and present[-1] < known_versions()[-1] else None


def _in_these(some: Sequence[KubernetesVersion], versions: Sequence[KubernetesVersion]) -> str:
    return f" (asked for: {versions_in_words(some)})" if len(versions) > 1 else ""


def lifecycle_findings(
    resource: Resource, versions: Sequence[KubernetesVersion], custom: CustomKinds
) -> Iterator[Finding]:
    """What is deprecated, among the versions that have the kind."""
    kind = custom.of_object(resource)
    name = f"{resource.api_version} {resource.id.kind}"
    if kind is not None:
        if not kind.is_served:
            yield _not_served(resource, kind)
        elif kind.deprecation:
            yield _about(resource, DEPRECATED, f"{name} is deprecated: {kind.deprecation}")
        return
    if not versions:
        return
    newest = versions[-1]
    retirement = RETIREMENTS.get((resource.api_version, resource.id.kind))
    if retirement is not None and retirement.deprecated_in is not None and retirement.deprecated_in <= newest.minor:
        gone = f", and removed in 1.{retirement.removed_in}" if retirement.removed_in else ""
        yield _about(
            resource,
            DEPRECATED,
            f"{name} is deprecated since Kubernetes 1.{retirement.deprecated_in}{gone}",
            _replacement(resource, newest),
        )
    elif newest < known_versions()[-1]:
        gone_in = _removed_in(resource, versions_with(resource.api_version, resource.id.kind))
        if gone_in is not None:
            yield _about(
                resource, DEPRECATED, f"{name} is removed in Kubernetes {gone_in}", _replacement(resource, newest)
            )


def _not_defined(resource: Resource, others: Sequence[CustomKind]) -> Finding:
    served = others[0].served
    name = f"{resource.api_version} {resource.id.kind}"
    hint = f"its definition serves: {', '.join(f'{resource.id.group}/{version}' for version in served)}"
    return _about(resource, REMOVED, f"the definition of {resource.id.kind} has no version of {name}", hint)


def _not_served(resource: Resource, kind: CustomKind) -> Finding:
    hint = f"its definition serves: {', '.join(f'{kind.group}/{version}' for version in kind.served)}"
    return _about(resource, REMOVED, f"{kind.api_version} {kind.kind} is not served by its definition", hint)


def _replacement(resource: Resource, version: KubernetesVersion) -> str:
    """What to use instead, if there is anything: by the guide, or the same kind in another version."""
    retirement = RETIREMENTS.get((resource.api_version, resource.id.kind))
    named = retirement.replacement if retirement is not None else ""
    api_version, _, kind = named.partition(" ")
    if named and version in versions_with(api_version, kind or resource.id.kind):
        return f"use {named}"
    group = resource.id.group
    for name in _API_VERSIONS:
        candidate = f"{group}/{name}" if group else name
        if candidate != resource.api_version and version in versions_with(candidate, resource.id.kind):
            return f"use {candidate}"
    if named:
        return f"use {named}"
    return "nothing takes its place" if retirement is not None else ""


def _missing_hint(resource: Resource, version: KubernetesVersion, custom: CustomKinds) -> str:
    """The API version or the kind that was meant, or how to bring the definition."""
    group, kind = resource.id.group, resource.id.kind
    is_ours = not group or "." not in group or group.endswith(".k8s.io")
    known = [api for api in _LIKELY if version in versions_with(api, kind)] if is_ours else []
    # The data are found by names in lower case: in its own API version it is the kind that is written differently.
    if known and resource.api_version not in known:
        near = get_close_matches(resource.api_version, known, n=1, cutoff=0) or known
        return f"did you mean {near[0]}?"
    kinds = {each.kind for versions in custom for each in versions if each.group == group}
    if is_ours:
        kinds |= {name for api_version, name in _kinds(version) if api_version == resource.api_version}
    meant = get_close_matches(kind, sorted(kinds), n=1, cutoff=_ALIKE)
    return f"did you mean the kind {meant[0]}?" if meant else MISSING.fix


@lru_cache(maxsize=1)
def _kinds(version: KubernetesVersion) -> frozenset[tuple[str, str]]:
    return frozenset(kind for kind, _ in kinds_of(read_definitions(version)))


_LIKELY = (
    "v1", "apps/v1", "batch/v1", "autoscaling/v2", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "policy/v1",
    "storage.k8s.io/v1", "apiextensions.k8s.io/v1", "admissionregistration.k8s.io/v1", "scheduling.k8s.io/v1",
    "coordination.k8s.io/v1", "discovery.k8s.io/v1", "node.k8s.io/v1", "apiregistration.k8s.io/v1",
)  # fmt: skip
"""The API versions that people write."""


def _about(resource: Resource, rule: Rule, message: str, hint: str = "") -> Finding:
    return Finding(
        gate="schema",
        rule=rule.id,
        severity=rule.severity,
        message=printable(message, _LONGEST),
        object_id=resource.id,
        api_version=resource.api_version,
        path="apiVersion",
        origin=resource.origin,
        hint=printable(hint, _LONGEST) or rule.fix,
    )
