"""The inputs of the GitHub actions: the options of a stage, and what every action has besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import click

from pipeline.cli import application
from tests.delivery.action_texts import OWN_DEFAULTS, ROOT_DESCRIPTIONS
from tests.delivery.stage_inputs import STAGES, Input, inputs

ACTIONS = tuple(name for name in STAGES if name in application.list_commands(click.Context(application)))
"""Every stage that the program has."""
ROOT_COMMANDS = ("run", *ACTIONS)
_SCHEMES = ("oci://", "oci-layout:")


@dataclass(frozen=True, slots=True)
class ActionInput:
    """One input: its name, and the variable of the step that it becomes, by which expression."""

    name: str
    description: str
    default: str = ""
    is_required: bool = False
    variable: str = ""
    expression: str = ""


_VERSION = ActionInput(
    "version",
    "The version that is expected: this action installs the one that it was released with, and refuses any other.",
)
_FOLDER = ActionInput("working-directory", "Folder that the stage runs in, which paths are relative to.", ".")
_RESULTS = ActionInput(
    "results-dir", "Folder to also write the JSON result into.", variable="GITLESS_RESULTS_DIR"
)  # fmt: skip
_TOKEN = ActionInput(
    "github-token",
    "Token that comments are written with, and that `provider` github logs in with.",
    "${{ github.token }}",
    variable="GITLESS_GITHUB_TOKEN",
)


def action_inputs(command: str) -> tuple[ActionInput, ...]:
    """Every input of a stage's action: the stage's own, and those that all have."""
    own = (_of_stage(command, item) for item in inputs(command))
    return (*own, *_common(has_token=_has_token(command), has_results=_has_results(command)))


def root_inputs() -> tuple[ActionInput, ...]:
    """Every input of the action at the root: those of the chain, and then what only single stages have."""
    command = ActionInput("command", f"What to run: the chain (run) or one stage: {', '.join(ACTIONS)}.", "run")
    found: dict[str, ActionInput] = {}
    for option in inputs("run"):
        # The settings file has its say wherever nothing is given.
        given = _of_stage("run", option)
        found[option.variable] = replace(
            given, default="", description=ROOT_DESCRIPTIONS.get(given.name, given.description)
        )
    for item in _of_single_stages(set(found)):
        found[item.variable] = item
    build = "inputs.to || (inputs.command == 'build' && 'rendered') || ''"
    found["GITLESS_TO"] = replace(found["GITLESS_TO"], expression=build)
    reference = f"inputs.ref || ({_with_scheme('inputs.repository')})"
    found["GITLESS_REFERENCE"] = replace(found["GITLESS_REFERENCE"], expression=reference)
    return (command, *found.values(), *_common(has_token=True, has_results=True))


def _of_single_stages(known: set[str]) -> Iterator[ActionInput]:
    found: dict[str, list[tuple[str, ActionInput]]] = {}
    for stage in ACTIONS:
        for option in inputs(stage):
            if option.variable not in known:
                found.setdefault(option.variable, []).append((stage, _of_stage(stage, option)))
    taken = {item.name for item in inputs("run")}
    for variable, given in found.items():
        name = "ref" if variable == "GITLESS_REFERENCE" else given[0][1].name
        # Two stages may mean different things by one name.
        name = variable.removeprefix("GITLESS_").replace("_", "-").lower() if name in taken else name
        taken.add(name)
        described = ROOT_DESCRIPTIONS.get(name) or _in_each_stage(given)
        yield replace(
            given[0][1], name=name, default="", is_required=False, description=described, expression=f"inputs.{name}"
        )


def _in_each_stage(given: list[tuple[str, ActionInput]]) -> str:
    stages: dict[str, list[str]] = {}
    for stage, item in given:
        stages.setdefault(item.description, []).append(stage)
    return " ".join(f"For {', '.join(names)}: {described}" for described, names in stages.items())


def _of_stage(command: str, item: Input) -> ActionInput:
    expression = _with_scheme(f"inputs.{item.name}") if item.name == "repository" else f"inputs.{item.name}"
    return ActionInput(
        name=item.name,
        description=_described(item),
        default=OWN_DEFAULTS.get((command, item.name), item.default),
        is_required=item.is_required,
        variable=item.variable,
        expression=expression,
    )


def _with_scheme(value: str) -> str:
    """``oci://`` before it, unless there is nothing to put it before or it says already what it is."""
    others = " && ".join(f"!startsWith({value}, '{scheme}')" for scheme in _SCHEMES)
    return f"{value} && {others} && format('oci://{{0}}', {value}) || {value}"


def _described(item: Input) -> str:
    more = ""
    if item.choices:
        more = f" One of: {', '.join(item.choices)}."
    if item.is_flag:
        more = " true or false." if item.default else " true or false; otherwise the settings file says."
    if item.is_repeatable:
        more += " One in each line."
    return item.description.strip() + more


def _common(*, has_token: bool, has_results: bool) -> tuple[ActionInput, ...]:
    token = (replace(_TOKEN, expression="inputs.github-token"),) if has_token else ()
    results = (replace(_RESULTS, expression="inputs.results-dir"),) if has_results else ()
    return (*results, *token, _FOLDER, _VERSION)


def _has_token(command: str) -> bool:
    return any(item.name in {"comment", "provider"} for item in inputs(command))


def _has_results(command: str) -> bool:
    found = application.get_command(click.Context(application), command)
    return found is not None and any(parameter.name == "results_dir" for parameter in found.params)
