"""Holds manifests against definitions' rules and admission policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.gates.cel.custom_rules import CustomRules
from pipeline.gates.cel.policies import AdmissionPolicies
from pipeline.gates.cel.tally import GATE, Tally
from pipeline.model.applying.controls import controls_of, reason_to_keep
from pipeline.model.manifests import Body, Manifests, ObjectId, Resource
from pipeline.model.validation.admission import read_policies
from pipeline.model.validation.admission_request import Request, deletion_of, is_exempt, request_for
from pipeline.model.validation.definitions import Definition, read_definitions
from pipeline.model.validation.finding import Checked
from pipeline.model.validation.unfinished import without_encryption
from pipeline.ports.programs import Programs


class CelGate:
    """Evaluates what an API server would, offline.

    Args:
        crds: CustomResourceDefinitions beside those of the manifests, which come first.
        policies: ValidatingAdmissionPolicies, their bindings and the objects that these name as params; the manifests'
            own count as well.
        expressions: CEL in Kubernetes' environment.
    """

    name = GATE

    def __init__(self, crds: Sequence[Body], policies: Sequence[Resource], expressions: Programs) -> None:
        self._crds = crds
        self._policies = policies
        self._programs = expressions

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:
        """Hold every object against the rules of its kind and the policies that are bound to it.

        An object that ``previous`` has with other content is judged as a change of that, every other one as new; one
        that only ``previous`` has, as to be deleted.

        Raises:
            ConfigurationError: a policy or a binding is none; the message has its place.
        """
        definitions = read_definitions([*(resource.body for resource in manifests), *self._crds])
        rules = CustomRules(definitions, self._programs)
        resources = [*self._policies, *manifests]
        policies = AdmissionPolicies(read_policies(resources), resources, definitions, self._programs)
        before = {item.id: _plain(item) for item in previous or ()}
        tally = Tally()
        policies.tell_unbound(tally)
        policies.tell_faults(tally)
        for resource in map(_plain, manifests):
            old = before.get(resource.id)
            rules.check(resource, old.body if old else None, tally)
        for request in (*_changes(manifests, before, definitions), *_deletions(manifests, before, definitions)):
            if not is_exempt(request.resource):
                policies.check(request, tally)
        return Checked(
            gate=GATE,
            objects=len(manifests),
            findings=tally.findings,
            not_evaluated=tally.not_evaluated,
            subject=f"{_counted(len(definitions), 'definition')}, {_counted(policies.count, 'admission policy')}",
        )


def _plain(resource: Resource) -> Resource:
    return replace(resource, body=without_encryption(resource.body))


def _changes(
    manifests: Manifests, before: Mapping[ObjectId, Resource], definitions: Mapping[tuple[str, str], Definition]
) -> Iterator[Request]:
    namespaces = _namespaces(manifests)
    for resource in map(_plain, manifests):
        definition = definitions.get((resource.id.group, resource.id.kind))
        old = before.get(resource.id)
        yield request_for(resource, definition, old.body if old else None, namespaces)


def _deletions(
    manifests: Manifests, before: Mapping[ObjectId, Resource], definitions: Mapping[tuple[str, str], Definition]
) -> Iterator[Request]:
    """What would be pruned; where it was written is not where anybody would look for it now."""
    remaining = {resource.id for resource in manifests}
    known = {**read_definitions(resource.body for resource in before.values()), **definitions}
    namespaces = _namespaces(before.values()) | _namespaces(manifests)
    for resource in before.values():
        if resource.id in remaining or reason_to_keep(controls_of(resource.body["metadata"])):
            continue
        definition = known.get((resource.id.group, resource.id.kind))
        yield deletion_of(replace(resource, origin=None), definition, namespaces)


def _namespaces(resources: Iterable[Resource]) -> dict[str, Body]:
    return {each.id.name: each.body for each in resources if (each.id.group, each.id.kind) == ("", "Namespace")}


def _counted(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number} {what[:-1]}ies" if what.endswith("y") else f"{number} {what}s"
