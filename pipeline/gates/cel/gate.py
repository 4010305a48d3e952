"""Holds manifests against definitions' rules and admission policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.gates.cel.custom_rules import CustomRules
from pipeline.gates.cel.policies import AdmissionPolicies
from pipeline.gates.cel.tally import GATE, Tally
from pipeline.model.manifests import Body, Manifests, Resource
from pipeline.model.validation.admission import read_policies
from pipeline.model.validation.admission_request import is_exempt, request_for
from pipeline.model.validation.definitions import read_definitions
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

        An object that ``previous`` has with other content is judged as a change of that, every other one as new.

        Raises:
            ConfigurationError: a policy or a binding is none; the message has its place.
        """
        definitions = read_definitions([*(resource.body for resource in manifests), *self._crds])
        rules = CustomRules(definitions, self._programs)
        resources = [*self._policies, *manifests]
        policies = AdmissionPolicies(read_policies(resources), resources, definitions, self._programs)
        before = {resource.id: without_encryption(resource.body) for resource in previous or ()}
        namespaces = {
            each.id.name: each.body for each in manifests if (each.id.group, each.id.kind) == ("", "Namespace")
        }
        tally = Tally()
        policies.tell_unbound(tally)
        for item in manifests:
            resource = replace(item, body=without_encryption(item.body))
            old = before.get(resource.id)
            rules.check(resource, old, tally)
            if not is_exempt(resource):
                definition = definitions.get((resource.id.group, resource.id.kind))
                policies.check(request_for(resource, definition, old, namespaces), tally)
        return Checked(
            gate=GATE,
            objects=len(manifests),
            findings=tally.findings,
            not_evaluated=tally.not_evaluated,
            subject=f"{_counted(len(definitions), 'definition')}, {_counted(policies.count, 'admission policy')}",
        )


def _counted(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number} {what[:-1]}ies" if what.endswith("y") else f"{number} {what}s"
