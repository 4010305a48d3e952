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
    ("build", "policies"): "image-policies",
    ("package", "shape"): "artifact-format",
    ("promote", "source"): "from",
    ("promote", "target"): "to",
}
"""By command (empty: any) and click's own name, where the input's name does not follow from the option's."""
_PLURALS = {
    "policy": "policies", "values": "values", "set": "set", "api-versions": "api-versions", "path": "path",
    "kyverno": "kyverno", "opa": "opa", "approved-by": "approved-by",
    "require-healthy": "require-healthy",
}  # fmt: skip
_ARGUMENTS = {
    ("build", "path"): "Folder or file to render: plain manifests, a kustomization or a Helm chart.",
    ("validate", "path"): "Folder, file or artifact; otherwise the sources of the settings file.",
    ("package", "path"): "Folder or file to pack.",
    ("package", "repository"): "Repository to push to, such as oci://ghcr.io/acme/shop.",
    ("promote", "from"): "What is promoted: an artifact, or deployed:CLUSTER (what that cluster was given last).",
    ("promote", "to"): "The tag that is to point at it: oci://HOST/REPOSITORY:TAG, in any registry.",
    ("rollback", "ref"): "The tag that goes back: oci://HOST/REPOSITORY:TAG.",
    ("apply", "ref"): "Artifact to apply, by its digest; a tag is resolved once. Not together with a plan.",
    ("verify", "ref"): "Artifact whose signatures are verified; otherwise what runs in the cluster is.",
    ("", "ref"): "The artifact, by its digest: oci://HOST/REPOSITORY@sha256:…; a tag is resolved once.",
    ("", "from"): "What there is: a folder, an artifact, live (the cluster), or deployed:CLUSTER (its deploy records).",
    ("", "to"): "What it is to become: a folder or an artifact.",
}
"""What arguments are, which have no help of their own: by command (empty: any) and the input's name."""


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
            description=_description(command, name, help_text or ""),
            default=_default(parameter, is_flag=is_flag),
            is_required=parameter.required,
            is_repeatable=repeatable,
            is_flag=is_flag,
            choices=choices,
        )


def _description(command: str, name: str, help_text: str) -> str:
    if not help_text:
        return _ARGUMENTS.get((command, name)) or _ARGUMENTS.get(("", name), "")
    # Here several values are lines of one input.
    return help_text.replace("; repeatable", "").replace(" Repeatable.", "")


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
        # One that is neither leaves it to the settings file.
        return "" if value is None else str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
