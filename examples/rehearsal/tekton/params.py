"""Params: what is declared, what is given, and the values that follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from examples.rehearsal.tekton.errors import UNSUPPORTED, TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.substitution import Replacements, variables
from examples.rehearsal.tekton.values import ARRAY, OBJECT, STRING, TYPES, Value, type_of, value_from

SPELLINGS = ("params.{}", "params['{}']", 'params["{}"]')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_OBJECT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One declared param.

    Attributes:
        properties: the keys of an object.
        default: None where a value must be given.
        enum: the strings that are allowed; empty allows any.
    """

    name: str
    type: str = STRING
    properties: tuple[str, ...] = ()
    default: Value | None = None
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """Every declared param with its value.

    Attributes:
        ignored: names that were given and are not declared; Tekton passes them over without a word.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def replacements(self) -> Replacements:
        """What ``$(params.…)`` stands for."""
        return Replacements.of(self.values, SPELLINGS)


def read_specs(fields: Fields) -> tuple[ParamSpec, ...]:
    """``params`` of a Task, StepAction or Pipeline.

    Raises:
        TektonError: a name, type or default that Tekton refuses.
    """
    specs = fields.each("params", _read_spec)
    names = [spec.name.lower() for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TektonError(f"{fields.place}.params declares {', '.join(twice)} twice; case does not tell names apart")
    return specs


def _read_spec(fields: Fields) -> ParamSpec:
    name = fields.required("name")
    properties = tuple(fields.mapping("properties"))
    raw = fields.raw("default")
    default = None if raw is None else value_from(raw)
    implied = OBJECT if properties else STRING if default is None else type_of(default)
    spec = ParamSpec(
        name=name,
        type=fields.text("type", implied),
        properties=properties,
        default=default,
        enum=fields.texts("enum"),
    )
    fields.done(told={"description"})
    _check(spec, fields.place)
    return spec


def _check(spec: ParamSpec, place: str) -> None:
    if spec.type not in TYPES:
        raise TektonError(f"{place}.type is {spec.type}; expected one of {', '.join(TYPES)}")
    allowed = _OBJECT_NAME if spec.type == OBJECT else _NAME
    for name in (spec.name, *spec.properties):
        if not allowed.fullmatch(name):
            raise TektonError(
                f"{place}: {name!r} is no name of a param: letters, digits, - and _ after a letter or _"
                + ("" if spec.type == OBJECT else ", and dots")
            )
    if spec.type == OBJECT and not spec.properties:
        raise TektonError(f"{place}: a param of type object needs properties")
    if spec.default is None:
        return
    if type_of(spec.default) != spec.type:
        raise TektonError(f"{place}.default is of type {type_of(spec.default)}, and the param of type {spec.type}")
    if isinstance(spec.default, str) and any(variables(spec.default, "params")):
        raise TektonError(f"{place}.default refers to another param: not done by this executor", reason=UNSUPPORTED)
    if spec.enum and spec.default not in spec.enum:
        raise TektonError(f"{place}.default is not among its enum: {', '.join(spec.enum)}")


def read_given(fields: Fields, name: str = "params") -> dict[str, Value]:
    """``params`` of a run, of a task in a Pipeline, or of a step that refers to a StepAction."""

    def one(item: Fields) -> tuple[str, Value]:
        found = item.required("name"), value_from(item.raw("value"))
        if "value" not in item:
            raise TektonError(f"{item.place}.value is missing")
        item.done()
        return found

    pairs = fields.each(name, one)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise TektonError(f"{fields.place}.{name} gives a param twice")
    return given


def bind(specs: Iterable[ParamSpec], given: Mapping[str, Value], what: str, *, refuses_extra: bool = False) -> Bound:
    """Declared params with the values given or their defaults.

    ``refuses_extra`` is the rule for StepActions; Tasks and Pipelines may be given more than they declare.

    Raises:
        TektonError: a value is missing, of another type, lacks a key or is not allowed.
    """
    specs = tuple(specs)
    names = {spec.name for spec in specs}
    extra = tuple(name for name in given if name not in names)
    if extra and refuses_extra:
        raise TektonError(f"{what}: params that it does not declare were passed to it: {', '.join(extra)}")
    missing = [spec.name for spec in specs if spec.default is None and spec.name not in given]
    if missing:
        raise TektonError(f"{what}: missing values for these params which have no default: {', '.join(missing)}")
    return Bound({spec.name: _value(spec, given, what) for spec in specs}, extra)


def _value(spec: ParamSpec, given: Mapping[str, Value], what: str) -> Value:
    value = given.get(spec.name, spec.default)
    assert value is not None
    if type_of(value) != spec.type:
        raise TektonError(
            f"{what}: the param {spec.name} is of type {spec.type}, and was given a value of type {type_of(value)}"
        )
    if isinstance(value, str) and spec.enum and value and value not in spec.enum:
        raise TektonError(f"{what}: the param {spec.name} is none of its enum: {', '.join(spec.enum)}")
    if isinstance(value, str | tuple):
        return value
    defaults = spec.default if isinstance(spec.default, Mapping) else {}
    whole = {**defaults, **value}
    lacking = [key for key in spec.properties if key not in whole]
    if lacking:
        raise TektonError(f"{what}: the param {spec.name} lacks these keys: {', '.join(lacking)}")
    return whole


def check_use(text: str, specs: Mapping[str, ParamSpec], place: str, *, is_list_item: bool = False) -> None:
    """Refuse what a field may not say of params.

    Only an element of ``command`` or ``args`` may be a whole array, and only alone; no field may be a whole object.

    Raises:
        TektonError: a param that is not declared, a key that it does not have, or a use that its type does not allow.
    """
    for variable in variables(text, "params"):
        spec = specs.get(variable.name) or specs.get(f"{variable.name}.{variable.key}")
        if spec is None or (spec.type == OBJECT and variable.key and variable.key not in spec.properties):
            raise TektonError(f"{place}: non-existent variable {variable.text}")
        if spec.name != variable.name:
            raise TektonError(f"{place}: {variable.text}: a name with dots needs brackets, as $(params['{spec.name}'])")
        if spec.type == OBJECT and not variable.key:
            raise TektonError(f"{place}: {variable.text} is a whole object; only its keys can be used here")
        if spec.type == ARRAY and not variable.index.isdigit() and not (is_list_item and variable.is_alone):
            raise TektonError(
                f"{place}: {variable.text} is a whole array; it can only be an element of command or args, and alone"
            )
