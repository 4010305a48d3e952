"""ValidatingAdmissionPolicies, held against what applying an object would ask of an API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ExpressionError, UnsupportedExpressionError
from pipeline.gates.cel.policy_programs import PolicyPrograms, is_fault
from pipeline.gates.cel.tally import Tally
from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.admission import Binding, Policies, Policy, Validation
from pipeline.model.validation.admission_params import ParamObjects
from pipeline.model.validation.admission_request import Answer, Request, answer
from pipeline.model.validation.cel_data import handed_over
from pipeline.model.validation.definitions import Definition
from pipeline.model.validation.finding import Severity
from pipeline.ports.programs import Programs

_MAX_MESSAGE = 5 * 1024
_REPAIR = "correct the expression: an API server refuses the policy, and then nothing is asked of any object"
_DELETED = "it was there before and is not among the manifests: applying them would delete it"
_REASONS = {
    Answer.UNKNOWN_NAMESPACE: "whether it applies depends on labels of a Namespace that is not among the manifests",
    Answer.OTHER_VERSION: "it speaks of another version of this kind, into which an API server would convert it",
}


@dataclass(frozen=True, slots=True)
class _Case:
    """One policy under one binding, about one request with one object as params."""

    policy: Policy
    binding: Binding
    severity: Severity
    request: Request
    bound: object
    tally: Tally

    def rule(self, part: str = "") -> str:
        return f"{self.policy.name}/{part}" if part else self.policy.name

    def find(self, part: str, message: str, hint: str = "") -> None:
        text = f"ValidatingAdmissionPolicy '{self.policy.name}' with binding '{self.binding.name}': {message}"
        hint = hint or (_DELETED if self.request.is_deletion else "")
        self.tally.find(self.rule(part), self.severity, text, self.request.resource, hint=hint)

    def fail(self, part: str, message: str, hint: str = "") -> None:
        """An error while evaluating, which counts as the policy's ``failurePolicy`` says."""
        if not self.policy.ignores_failures:
            self.find(part, message, hint)

    def skip(self, part: str, reason: str, *, is_general: bool = False) -> None:
        self.tally.skip(
            self.rule(part),
            reason,
            None if is_general else self.request.resource,
            self.policy.resource.origin,
        )


class AdmissionPolicies:
    """All policies that are bound; each expression is compiled once."""

    def __init__(
        self,
        policies: Policies,
        resources: Sequence[Resource],
        definitions: Mapping[tuple[str, str], Definition],
        programs: Programs,
    ) -> None:
        self._policies = policies
        self._engine = programs
        self._params = ParamObjects(resources, definitions)
        self._programs = {each.name: PolicyPrograms(each, programs) for each in policies.policies}

    @property
    def count(self) -> int:
        """How many policies there are."""
        return len(self._policies.policies)

    def tell_unbound(self, tally: Tally) -> None:
        """A policy without a binding does nothing, and neither does a binding without its policy."""
        names = {policy.name for policy in self._policies.policies}
        for policy in self._policies.policies:
            if policy.name not in self._policies.bindings:
                reason = "no ValidatingAdmissionPolicyBinding names this policy, so that an API server would not use it"
                tally.skip(policy.name, reason, origin=policy.resource.origin)
        for name, bindings in self._policies.bindings.items():
            for binding in bindings:
                if name not in names:
                    reason = f"the policy of ValidatingAdmissionPolicyBinding '{binding.name}' was not given"
                    tally.skip(name, reason, origin=binding.resource.origin)
                elif binding.severity is None:
                    reason = f"ValidatingAdmissionPolicyBinding '{binding.name}' has no validationActions"
                    tally.skip(name, reason, origin=binding.resource.origin)

    def tell_faults(self, tally: Tally) -> None:
        """Expressions that no API server would take are told of their policies, and of no object."""
        for policy in self._policies.policies:
            for fault in self._programs[policy.name].faults():
                text = f"expression '{fault.expression}' is none that an API server would take: {fault.problem}"
                rule = f"{policy.name}/{fault.part}"
                tally.find(rule, Severity.ERROR, text, policy.resource, path=fault.path, hint=_REPAIR)

    def check(self, request: Request, tally: Tally) -> None:
        """Hold the request against every policy under every binding."""
        bound: dict[int, object] = {}
        for policy in self._policies.policies:
            bindings = self._policies.bindings.get(policy.name, ())
            applies = answer(policy.matching, request) if bindings else Answer.NO
            if applies is Answer.NO:
                continue
            if applies is not Answer.YES:
                tally.skip(policy.name, _REASONS[applies], request.resource)
                continue
            for binding in bindings:
                self._under(policy, binding, request, bound, tally)

    def _under(
        self, policy: Policy, binding: Binding, request: Request, bound: dict[int, object], tally: Tally
    ) -> None:
        applies = answer(binding.matching, request)
        if binding.severity is None or applies is Answer.NO:
            return
        case = _Case(policy, binding, binding.severity, request, None, tally)
        if applies is not Answer.YES:
            case.skip("", _REASONS[applies])
            return
        params = self._params.params_for(policy, binding, request)
        if params.problem:
            hint = "give the objects that it needs along with the policies" if params.is_missing else ""
            case.fail("", f"failed to configure binding: {params.problem}", hint)
        elif params.is_missing:
            case.skip("", f"the params of ValidatingAdmissionPolicyBinding '{binding.name}' were not given")
        for body in params.found:
            key = id(body) if body is not None else 0
            try:
                if key not in bound:
                    bound[key] = self._engine.bind(_variables(request, body))
            except UnsupportedExpressionError as error:
                case.skip("", error.message)
                continue
            self._evaluate(_Case(policy, binding, binding.severity, request, bound[key], tally))

    def _evaluate(self, case: _Case) -> None:
        if not self._applies(case):
            return
        programs = self._programs[case.policy.name]
        for index, validation in enumerate(case.policy.validations, 1):
            part = f"validation-{index}"
            try:
                is_fine = programs.decide(validation.expression, case.request, case.bound)
            except ExpressionError as error:
                _tell(case, part, error, validation.expression)
                continue
            if not is_fine:
                case.find(part, self._message(validation, case))
        for key, expression in case.policy.annotations:
            try:
                programs.evaluate(expression, case.request, case.bound)
            except ExpressionError as error:
                _tell(case, f"annotation-{key}", error, expression)

    def _applies(self, case: _Case) -> bool:
        """Whether all conditions are met; one that is not makes errors of others meaningless."""
        errors: list[tuple[str, str, ExpressionError]] = []
        for name, expression in case.policy.conditions:
            try:
                if not self._programs[case.policy.name].decide(expression, case.request, case.bound):
                    return False
            except ExpressionError as error:
                errors.append((name, expression, error))
        for name, expression, problem in errors:
            _tell(case, f"condition-{name}", problem, expression)
        return not errors

    def _message(self, validation: Validation, case: _Case) -> str:
        default = validation.message or f"failed expression: {validation.expression.strip()}"
        if not validation.message_expression or _may_tell_secrets(case):
            return default
        try:
            found = self._programs[case.policy.name].evaluate(validation.message_expression, case.request, case.bound)
        except ExpressionError:
            return default
        if not isinstance(found, str) or "\n" in found.strip() or len(found) > _MAX_MESSAGE:
            return default
        return found.strip() or default


def _tell(case: _Case, part: str, error: ExpressionError, expression: str) -> None:
    if isinstance(error, UnsupportedExpressionError):
        case.skip(part, f"{error.message}: {expression.strip()}", is_general=error.is_final)
    elif not is_fault(error):
        case.fail(part, f"expression '{expression.strip()}' resulted in error: {error.message}")


def _may_tell_secrets(case: _Case) -> bool:
    kind = case.policy.param_kind
    return case.request.resource.id.kind == "Secret" or (kind is not None and kind[1] == "Secret")


def _variables(request: Request, params: Body | None) -> dict[str, Any]:
    return {
        "object": None if request.is_deletion else handed_over(request.held(request.resource.body)),
        "oldObject": None if request.old is None else handed_over(request.held(request.old)),
        "request": handed_over(request.document()),
        "namespaceObject": handed_over(request.namespace_object),
        "params": handed_over(params),
    }
