"""The gates over many objects: whole commands, start of the process and building included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.cases import Bench, Case, Command, gitless
from tests.bench.inputs import application

_PER_APPLICATION = 5
_AIM = 3.0
"""Seconds for schemas and CEL rules over 5,000 objects."""

_DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.bench.example.com}
spec:
  group: bench.example.com
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [least, most]
              properties:
                least: {type: integer}
                most: {type: integer}
                parts: {type: array, maxItems: 8, items: {type: object, properties: {size: {type: integer}}}}
              x-kubernetes-validations:
                - rule: self.least <= self.most
                - rule: self.parts.all(part, part.size >= self.least && part.size <= self.most)
"""
_WIDGET = """\
---
apiVersion: bench.example.com/v1
kind: Widget
metadata: {{name: {name}}}
spec: {{least: 1, most: 9, parts: [{{size: 1}}, {{size: 5}}, {{size: 9}}]}}
"""
_POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: requests}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
  validations:
    - expression: object.spec.template.spec.containers.all(each, has(each.resources) && has(each.resources.requests))
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: requests}
spec: {policyName: requests, validationActions: [Deny]}
"""


def gates(bench: Bench, objects: int) -> Iterator[Case]:
    """Schemas of one version and of three, and with them rules of definitions and a policy."""
    folder, policy = bench.folder / f"gates-{objects}", bench.folder / f"policy-{objects}.yaml"
    _write(folder, objects)
    policy.write_text(_POLICY)
    chosen = {
        "validate: schemas": ("--gate", "schema"),
        "validate: schemas of three versions": ("--gate", "schema", "--kubernetes", "1.33-1.35"),
        "validate: schemas, CEL rules and a policy": ("--gate", "schema", "--gate", "cel", "--policy", str(policy)),
    }
    for name, options in chosen.items():
        yield Case(name, objects, _command(folder, options), None, "", _AIM)


def _command(folder: Path, options: tuple[str, ...]) -> Callable[[int], Command]:
    return lambda _run: gitless("validate", str(folder), *options)


def _write(folder: Path, objects: int) -> None:
    folder.mkdir(parents=True)
    (folder / "definition.yaml").write_text(_DEFINITION)
    for number in range(objects // _PER_APPLICATION):
        name = f"app-{number:05d}"
        (folder / f"{name}.yaml").write_text(application(name, "1.0.0") + _WIDGET.format(name=name))
