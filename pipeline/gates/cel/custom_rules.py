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
from pipeline.model.validation.schema_levels import Level, LevelRule, read_level
from pipeline.model.validation.schema_values import ABSENT, MismatchError, Occasion, aligned, converted, occasions
from pipeline.ports.programs import Programs

_MAX_MESSAGE = 5 * 1024
_FIX = "the rule is in the CustomResourceDefinition; an API server would refuse the object for it"


@dataclass(frozen=True, slots=True)
class _Values:
    value: Any
    old: Any


class CustomRules:
    """The rules of all definitions; each version's schema is read once."""

    def __init__(self, definitions: Mapping[tuple[str, str], Definition], programs: Programs) -> None:
        self._definitions = definitions
        self._programs = programs
        self._levels: dict[tuple[str, str], Level | None] = {}

    def check(self, resource: Resource, old: Body | None, tally: Tally) -> None:
        """Hold the object against the rules of its kind; ``old`` is what it was before, if it was."""
        definition = self._definitions.get((resource.id.group, resource.id.kind))
        level = self._level(definition, resource) if definition else None
        if definition is None or level is None or not level.has_rules:
            return
        try:
            values = _values(resource.body, old, level)
        except (MismatchError, UnsupportedExpressionError) as error:
            reason = error.message if isinstance(error, UnsupportedExpressionError) else str(error)
            tally.skip(definition.name, reason, resource)
            return
        for occasion in occasions(values.value, values.old, level):
            self._judge(occasion, definition, resource, tally)

    def _level(self, definition: Definition, resource: Resource) -> Level | None:
        version = resource.api_version.rpartition("/")[2]
        key = (definition.name, version)
        if key not in self._levels:
            schema = definition.schemas.get(version)
            self._levels[key] = read_level(schema) if schema else None
        return self._levels[key]

    def _judge(self, occasion: Occasion, definition: Definition, resource: Resource, tally: Tally) -> None:
        rule = occasion.rule
        rule_id = f"{definition.name}/{occasion.level_path}" if occasion.level_path else definition.name
        is_new = occasion.old is ABSENT
        if not rule.rule.strip() or (rule.is_transition and is_new and not rule.has_optional_old_self):
            return
        if rule.obstacle:
            tally.skip(rule_id, f"{rule.obstacle}: {rule.rule}")
            return
        try:
            is_fine = self._value(rule.rule, rule, occasion)
            if not isinstance(is_fine, bool):
                tally.skip(rule_id, f"it gives no boolean: {rule.rule}")
            elif not is_fine:
                self._tell(occasion, rule_id, resource, tally)
        except UnsupportedExpressionError as error:
            tally.skip(rule_id, f"{error.message}: {rule.rule}", None if error.is_final else resource)
        except ExpressionError as error:
            message = f"{error.message}; the rule is: {rule.rule}"
            tally.find(rule_id, Severity.ERROR, message, resource, path=occasion.path, hint=_FIX)

    def _tell(self, occasion: Occasion, rule_id: str, resource: Resource, tally: Tally) -> None:
        rule = occasion.rule
        message = rule.message or f"failed rule: {rule.rule}"
        if rule.message_expression and resource.id.kind != "Secret":
            message = self._message(occasion) or message
        path = ".".join(filter(None, (occasion.path, rule.field_path)))
        tally.find(rule_id, Severity.ERROR, message, resource, path=path, hint=_FIX)

    def _message(self, occasion: Occasion) -> str:
        """What the expression says, or nothing where an API server would not take it either."""
        try:
            found = self._value(occasion.rule.message_expression, occasion.rule, occasion)
        except ExpressionError:
            return ""
        if not isinstance(found, str) or "\n" in found or len(found) > _MAX_MESSAGE:
            return ""
        return found.strip()

    def _value(self, expression: str, rule: LevelRule, occasion: Occasion) -> Any:  # noqa: ANN401 - any value
        variables = {"self": occasion.value}
        if occasion.old is not ABSENT:
            variables["oldSelf"] = occasion.old
        if rule.has_optional_old_self:
            expression = optional_old_self(expression, is_there=occasion.old is not ABSENT)
        return self._programs.compile(expression).evaluate(self._programs.bind(variables))


def _values(body: Body, old: Body | None, level: Level) -> _Values:
    value = converted(handed_over(body), level)
    if old is None or old == body:
        return _Values(value, ABSENT)
    before = converted(handed_over(old), level)
    return _Values(value, aligned(value, before, level))
