"""What a stage takes and gives in a CI: its options by the names that CI users know, and its outputs.

GitHub actions, Tekton tasks and the GitLab component are all made from this. Each input becomes a ``GITLESS_…``
variable of the step, so that no value is ever part of a script, and one that is empty counts as not given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from pipeline.cli import application

STAGES = (
    "build", "validate", "package", "sign", "attest", "diff", "plan", "apply", "verify", "wait", "promote", "rollback",
)  # fmt: skip
"""Every stage that has an action and a task of its own."""

_LEFT_OUT = {"output", "log_format", "verbose", "ci", "results_dir", "username", "password_stdin", "help"}
"""The step decides these by itself; a login is a step of its own, and a password no input."""
_NAMES: dict[tuple[str, str], str] = {
    ("package", "reference"): "repository",
    ("", "reference"): "ref",
    ("", "what"): "ref",
    ("", "sources"): "path",
    ("", "before"): "from",
    ("", "after"): "to",
    ("", "trust_policy"): "verify-policy",
    ("promote", "source"): "from",
    ("promote", "target"): "to",
}
"""By command (empty: any) and click's own name, where the input's name does not follow from the option's."""
_PLURALS = {
    "policy": "policies",
    "values": "values",
    "api-versions": "api-versions",
    "path": "path",
    "require-healthy": "require-healthy",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a stage.

    Attributes:
        option: the long option, or the argument's metavar, that it stands for.
        variable: what the step sets.
        default: what the program takes where it is empty, as text; empty where there is nothing to say.
        is_repeatable: whether it holds several values, one in each line.
        choices: what is allowed, where that is a short list.
    """

    name: str
    option: str
    variable: str
    description: str
    default: str = ""
    is_required: bool = False
    is_repeatable: bool = False
    is_flag: bool = False
    choices: tuple[str, ...] = ()


def inputs(command: str) -> tuple[Input, ...]:
    """Every input of ``gitless COMMAND``, in the order of its help; options without a variable are none."""
    found = application.get_command(click.Context(application), command)
    if found is None:
        raise LookupError(f"there is no command {command}")
    return tuple(_inputs(command, found))


def _inputs(command: str, found: click.Command) -> Iterator[Input]:
    for parameter in found.params:
        variable = parameter.envvar
        if parameter.name in _LEFT_OUT or not isinstance(variable, str):
            continue
        repeatable = bool(parameter.multiple) or parameter.nargs == -1
        name = _name(command, parameter, is_repeatable=repeatable)
        choices = tuple(map(str, parameter.type.choices)) if isinstance(parameter.type, click.Choice) else ()
        is_flag = isinstance(parameter, click.Option) and parameter.is_flag
        help_text = parameter.help if isinstance(parameter, click.Option) else None
        yield Input(
            name=name,
            option=_option(parameter),
            variable=variable,
            description=(help_text or "").replace("; repeatable", "").replace(" Repeatable.", ""),
            default=_default(parameter, is_flag=is_flag),
            is_required=parameter.required,
            is_repeatable=repeatable,
            is_flag=is_flag,
            choices=choices,
        )


def _name(command: str, parameter: click.Parameter, *, is_repeatable: bool) -> str:
    own = str(parameter.name)
    known = _NAMES.get((command, own), _NAMES.get(("", own)))
    if known is not None:
        return known
    long = _option(parameter).removeprefix("--") if isinstance(parameter, click.Option) else own
    return _PLURALS.get(long, f"{long}s") if is_repeatable else long


def _option(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        return next(name for name in parameter.opts if name.startswith("--"))
    return parameter.make_metavar(click.Context(application))


def _default(parameter: click.Parameter, *, is_flag: bool) -> str:
    value = parameter.get_default(click.Context(application))
    if is_flag:
        return "true" if value is True else "false"
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
