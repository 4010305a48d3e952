"""Results: files that a step writes, and how much of them fits.

A step's results leave its container in the termination message, as JSON that is written here byte for byte as Tekton's
entrypoint writes it (its own entries included). Documented limits: 4096 bytes for one container, and 12 KiB for all
containers of a pod, which the kubelet divides among them; one that Tekton adds to prepare the pod is counted with the
steps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.values import OBJECT, STRING, TYPES, Value, type_of, value_from, value_in

MOST_PER_CONTAINER = 4096
_MOST_PER_POD = 12 * 1024
_MOST_READ = 1024 * 1024
_OF_TASK, _INTERNAL, _OF_STEP = 1, 3, 4
_STARTED = "2026-01-01T00:00:00.000Z"
_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
TOO_LARGE = "Termination message is above max allowed size 4096, caused by large task result"


@dataclass(frozen=True, slots=True)
class ResultSpec:
    """One declared result.

    Attributes:
        properties: the keys of an object, all of which must be emitted.
        value: for a Task's result that is a step's, ``$(steps.NAME.results.RESULT)``; for a Pipeline's, its expression.
    """

    name: str
    type: str = STRING
    properties: tuple[str, ...] = ()
    value: Value | None = None


def read_specs(fields: Fields) -> tuple[ResultSpec, ...]:
    """``results`` of a Task, StepAction, step or Pipeline.

    Raises:
        TektonError: a name or type that Tekton refuses.
    """
    return fields.each("results", _read_spec)


def _read_spec(fields: Fields) -> ResultSpec:
    properties = tuple(fields.mapping("properties"))
    raw = fields.raw("value")
    spec = ResultSpec(
        name=fields.required("name"),
        type=fields.text("type", OBJECT if properties else STRING),
        properties=properties,
        value=None if raw is None else value_from(raw),
    )
    fields.done(told={"description"})
    if not _NAME.fullmatch(spec.name):
        raise TektonError(f"{fields.place}.name: {spec.name!r} is no name of a result")
    if spec.type not in TYPES:
        raise TektonError(f"{fields.place}.type is {spec.type}; expected one of {', '.join(TYPES)}")
    if spec.type == OBJECT and not properties:
        raise TektonError(f"{fields.place}: a result of type object needs properties")
    return spec


def read(folder: Path, specs: Iterable[ResultSpec]) -> dict[str, str]:
    """The text of each result that was written; one that was not is no error yet.

    Raises:
        TektonError: a result is no readable file of text.
    """
    found: dict[str, str] = {}
    for spec in specs:
        file = folder / spec.name
        if not file.exists():
            continue
        try:
            with file.open("rb") as opened:
                found[spec.name] = opened.read(_MOST_READ).decode("utf-8", "replace")
        except OSError as error:
            raise TektonError(f"the result {spec.name} cannot be read: {error.strerror}", reason="Failed") from error
    return found


def check_size(of_task: Mapping[str, str], of_step: Mapping[str, str], containers: int) -> int:
    """How many bytes the termination message of a step has.

    Args:
        of_task: the Task's results in the shared folder after the step: each step reports all that are there by then.
        of_step: the results of the step itself.
        containers: how many the pod has.

    Raises:
        TektonError: it is too large.
    """
    entries = [
        *({"key": name, "value": value, "type": _OF_TASK} for name, value in of_task.items()),
        *({"key": name, "value": value, "type": _OF_STEP} for name, value in of_step.items()),
        {"key": "StartedAt", "value": _STARTED, "type": _INTERNAL},
    ]
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    size = len(text.encode())
    if size > MOST_PER_CONTAINER:
        raise TektonError(f"{TOO_LARGE} ({size} bytes)", reason="Failed")
    share = _MOST_PER_POD // containers
    if size > share:
        raise TektonError(
            f"the results need {size} bytes, and with {containers} containers in the pod each has {share}",
            reason="Failed",
        )
    return size


def typed(spec: ResultSpec, text: str) -> Value:
    """A result's value by its declared type.

    Raises:
        TektonError: it is of another type, or an object without all its keys.
    """
    value: Value = text if spec.type == STRING else value_in(text)
    if type_of(value) != spec.type:
        raise TektonError(
            f"Provided results don't match declared results; may be invalid JSON or missing result declaration:"
            f' "{spec.name}": task result is expected to be "{spec.type}" type but was initialized to a different type'
            f' "{type_of(value)}"',
        )
    if isinstance(value, Mapping):
        lacking = [key for key in spec.properties if key not in value]
        if lacking:
            raise TektonError(f"the result {spec.name} lacks these keys of its properties: {', '.join(lacking)}")
    return value
