"""``x-kubernetes-validations`` of CustomResourceDefinitions, held against objects of their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ExpressionError, UnsupportedExpressionError
from pipeline.gates.cel.tally import Tally
from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.cel_data import handed_over
from pipeline.model.validation.cel_text import optional_old_self
from pipeline.model.validation.definitions import Definition
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.schema_levels import Level, read_level
from pipeline.model.validation.schema_values import ABSENT, MismatchError, Occasion, aligned, converted, occasions
from pipeline.ports.programs import Programs

_MAX_MESSAGE = 5 * 1024
_FIX = "the rule is in the CustomResourceDefinition; an API server would refuse the object for it"


@dataclass(frozen=True, slots=True)
class _Values:
    value: Any
    old: Any


@dataclass(frozen=True, slots=True)
class _Case:
    """A rule, what it is about, and its variables."""

    occasion: Occasion
    bound: object
    definition: str

    @property
    def rule_id(self) -> str:
        """The definition and the level in its schema."""
        level = self.occasion.level_path
        return f"{self.definition}/{level}" if level else self.definition


class CustomRules:
    """The rules of all definitions; each version's schema is read once."""

    def __init__(self, definitions: Mapping[tuple[str, str], Definition], programs: Programs) -> None:
        self._definitions = definitions
        self._programs = programs
        self._levels: dict[tuple[str, str], Level | None] = {}

    def check(self, resource: Resource, old: Body | None, tally: Tally) -> None:
        """Hold the object against the rules of its kind; ``old`` is what it was before, if it was."""
        definition = self._definitions.get((resource.id.group, resource.id.kind))
        if definition is None:
            return
        try:
            level = self._level(definition, resource)
            if level is None or not level.has_rules:
                return
            values = _values(resource.body, old, level)
        except (MismatchError, UnsupportedExpressionError) as error:
            reason = error.message if isinstance(error, UnsupportedExpressionError) else str(error)
            tally.skip(definition.name, reason, resource)
            return
        bound: object = None
        before: Occasion | None = None
        for occasion in occasions(values.value, values.old, level):
            # Rules of one level follow each other, and see the same.
            if before is None or before.value is not occasion.value or before.old is not occasion.old:
                bound = self._programs.bind(_variables(occasion))
            before = occasion
            self._judge(_Case(occasion, bound, definition.name), resource, tally)

    def _level(self, definition: Definition, resource: Resource) -> Level | None:
        version = resource.api_version.rpartition("/")[2]
        key = (definition.name, version)
        if key not in self._levels:
            schema = definition.schemas.get(version)
            # Defaults and names of a schema are handed over with the objects.
            self._levels[key] = read_level(handed_over(schema)) if schema else None
        return self._levels[key]

    def _judge(self, case: _Case, resource: Resource, tally: Tally) -> None:
        rule, rule_id = case.occasion.rule, case.rule_id
        is_new = case.occasion.old is ABSENT
        if not rule.rule.strip() or (rule.is_transition and is_new and not rule.has_optional_old_self):
            return
        if rule.obstacle:
            tally.skip(rule_id, f"{rule.obstacle}: {rule.rule}")
            return
        try:
            is_fine = self._value(rule.rule, case)
            if not isinstance(is_fine, bool):
                tally.skip(rule_id, f"it gives no boolean: {rule.rule}")
            elif not is_fine:
                self._tell(case, resource, tally)
        except UnsupportedExpressionError as error:
            tally.skip(rule_id, f"{error.message}: {rule.rule}", None if error.is_final else resource)
        except ExpressionError as error:
            message = f"{error.message}; the rule is: {rule.rule}"
            tally.find(rule_id, Severity.ERROR, message, resource, path=case.occasion.path, hint=_FIX)

    def _tell(self, case: _Case, resource: Resource, tally: Tally) -> None:
        rule = case.occasion.rule
        message = rule.message or f"failed rule: {rule.rule}"
        if rule.message_expression and resource.id.kind != "Secret":
            message = self._message(case) or message
        path = ".".join(filter(None, (case.occasion.path, rule.field_path)))
        tally.find(case.rule_id, Severity.ERROR, message, resource, path=path, hint=_FIX)

    def _message(self, case: _Case) -> str:
        """What the expression says, or nothing where an API server would not take it either."""
        try:
            found = self._value(case.occasion.rule.message_expression, case)
        except ExpressionError:
            return ""
        if not isinstance(found, str) or "\n" in found or len(found) > _MAX_MESSAGE:
            return ""
        return found.strip()

    def _value(self, expression: str, case: _Case) -> Any:  # noqa: ANN401 - any value
        if case.occasion.rule.has_optional_old_self:
            expression = optional_old_self(expression, is_there=case.occasion.old is not ABSENT)
        return self._programs.compile(expression).evaluate(case.bound)


def _variables(occasion: Occasion) -> dict[str, Any]:
    return {"self": occasion.value} | ({} if occasion.old is ABSENT else {"oldSelf": occasion.old})


def _values(body: Body, old: Body | None, level: Level) -> _Values:
    value = converted(handed_over(body), level)
    if old is None or old == body:
        return _Values(value, ABSENT)
    before = converted(handed_over(old), level)
    return _Values(value, aligned(value, before, level))
