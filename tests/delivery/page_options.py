"""Options that a page of the documentation names, and those that there are."""

from __future__ import annotations

import re

import click

from pipeline.cli.application import COMMANDS, application

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def options_named(text: str) -> set[str]:
    """Every long option in a text."""
    return set(_OPTION.findall(text))


def options_of_commands() -> set[str]:
    """Every option of every command that stands in no group."""
    context = click.Context(application)
    commands = (application.get_command(context, name) for name in COMMANDS)
    return {
        name
        for command in commands
        if command is not None
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
