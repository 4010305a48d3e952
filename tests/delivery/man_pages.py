"""The manual pages, from the commands' own help: ``--write`` puts them into ``docs/man``, the test compares.

One page for each command, as git has them: ``man gitless-package``. Format: man(7), with nothing in it that only one
of groff and mandoc knows; no date, so that the same commands give the same pages.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pipeline import __version__
from pipeline.cli import application
from pipeline.cli.application import COMMANDS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "man"
_VERBATIM = "\b"
_BLANK = re.compile(r"\n\s*\n")
_EXIT_CODES = "EXIT STATUS"
_HELP = application.context_settings["help_option_names"]


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {f"{'-'.join(words)}.1": page(command, words) for command, words in _commands()}


def page(command: click.Command, words: tuple[str, ...]) -> str:
    """One command's page; ``words`` are ``gitless`` and the command's names."""
    context = click.Context(command, info_name=" ".join(words), help_option_names=_HELP)
    name = "-".join(words)
    lines = [f'.TH "{name.upper()}" "1" "" "gitless {__version__}" "gitless"', ".SH NAME"]
    lines += [f"{_escaped(name)} \\- {_escaped(_summary(command, words))}", ".SH SYNOPSIS"]
    lines += [f".B {_escaped(' '.join(words))}", _escaped(" ".join(command.collect_usage_pieces(context)))]
    lines += [".SH DESCRIPTION", *_paragraphs(command.help or "")]
    given = [item for item in command.get_params(context) if isinstance(item, click.Option)]
    options = [record for item in given if (record := item.get_help_record(context))]
    lines += _terms("OPTIONS", options)
    if isinstance(command, click.Group):
        listed = [(inner, _summary(found, (*words, inner))) for inner, found in _inner(command)]
        lines += _terms("COMMANDS", listed)
    lines += _ending(words)
    return "\n".join(lines) + "\n"


def _commands() -> Iterator[tuple[click.Command, tuple[str, ...]]]:
    yield application, ("gitless",)
    for name, command in _inner(application):
        yield command, ("gitless", name)
        if isinstance(command, click.Group):
            yield from ((inner, ("gitless", name, word)) for word, inner in _inner(command))


def _inner(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if found is not None:
            yield name, found


def _summary(command: click.Command, words: tuple[str, ...]) -> str:
    if len(words) == 2 and words[1] in COMMANDS:
        return COMMANDS[words[1]].rstrip(".")
    return " ".join(_BLANK.split(command.help or "")[0].split()).rstrip(".")


def _paragraphs(text: str) -> Iterator[str]:
    for count, paragraph in enumerate(_BLANK.split(text.strip())):
        if paragraph.lstrip().startswith(_VERBATIM):
            lines = inspect.cleandoc(paragraph.replace(_VERBATIM, "")).splitlines()
            yield from (".PP", ".nf", *map(_escaped, lines), ".fi")
        else:
            yield from ((".PP",) if count else ())
            yield _escaped(" ".join(paragraph.split()))


def _terms(title: str, terms: list[tuple[str, str]]) -> Iterator[str]:
    if terms:
        yield f".SH {title}"
        for term, text in terms:
            yield from (".TP", f".B {_escaped(term)}", _escaped(" ".join(text.split())) or "\\&")


def _ending(words: tuple[str, ...]) -> Iterator[str]:
    if len(words) > 1:
        yield from (f".SH {_EXIT_CODES}", "As for every command, see", ".BR gitless (1).")
        yield from (
            ".SH ENVIRONMENT",
            f"An option can be given as {_escaped('GITLESS_<NAME>')} too, unless it is about",
        )
        yield "one run alone; of what can be given several times, a value in each line."
        yield from (".SH SEE ALSO", f".BR {_escaped('-'.join(words[:-1]))} (1)")


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for stale in {file.name for file in FOLDER.iterdir()} - wanted.keys():
        (FOLDER / stale).unlink()
    for file, content in wanted.items():
        (FOLDER / file).write_text(content)
