"""What manifests are held against: ``validation`` in ``gitless.yaml``, and the options of ``validate``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from pipeline.model.validation.finding import Severity

GATES = ("schema", "cel", "lint", "kyverno", "opa")


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredRule:
    """A suppression in the settings: a rule, where it applies, and why.

    Attributes:
        rule: its id, or a glob over ids.
        objects: ``Kind`` or ``Kind.group``, alone or followed by ``NAMESPACE/NAME`` or ``NAME``, in which ``*``
            stands for any letters; empty: every object.
        reason: never empty.
        place: where it is written, such as ``gitless.yaml:12``.
    """

    rule: str
    reason: str
    objects: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationOptions:
    """Everything that ``validate`` and the chain's stage of that name are told.

    Attributes:
        gates: which gates run; empty: schema, cel and lint, and kyverno and opa where policies are named for them.
        kubernetes: a version such as ``1.35``, or a range such as ``1.33-1.35``; empty: the newest that is known.
        crds: files and folders with CustomResourceDefinitions; ``cluster`` asks the cluster.
        policies: files and folders with ValidatingAdmissionPolicies, bindings and their params.
        kyverno: files and folders with Kyverno policies.
        opa: files and folders with Rego.
        previous: the artifact or folder that came before, for immutable fields; empty: no comparison.
        severities: by rule id, what it is here; ``None`` switches the rule off.
        ignored: findings that are all right.
    """

    gates: tuple[str, ...] = ()
    kubernetes: str = ""
    crds: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    kyverno: tuple[str, ...] = ()
    opa: tuple[str, ...] = ()
    previous: str = ""
    severities: Mapping[str, Severity | None] = field(default_factory=dict, hash=False)
    ignored: tuple[IgnoredRule, ...] = ()

    @property
    def chosen_gates(self) -> tuple[str, ...]:
        """The gates that run, in order."""
        if self.gates:
            return tuple(gate for gate in GATES if gate in self.gates)
        extra = {"kyverno": self.kyverno, "opa": self.opa}
        return tuple(gate for gate in GATES if gate not in extra or extra[gate])

    def overridden_by(self, given: ValidationOptions) -> ValidationOptions:
        """These, with everything that the others say in its place; severities rule by rule."""
        said = {entry.name: getattr(given, entry.name) for entry in fields(given)}
        changed = {name: value for name, value in said.items() if value and name != "severities"}
        return replace(self, **changed, severities={**self.severities, **given.severities})
