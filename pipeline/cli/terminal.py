"""How a command talks: its result on stdout, in files and to a CI, and its talk on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from pipeline.cli import presence
from pipeline.cli.options import Decorated, option, with_options
from pipeline.model.outcome import Result
from pipeline.model.reporting import BARE, BY_SUFFIX, ReportContext
from pipeline.ports import Reporter


@dataclass(frozen=True, slots=True)
class Terminal:
    """How one command talks: the reporter for stderr, and the result on stdout and in ``--results-dir``."""

    reporter: Reporter
    output: str
    color: bool
    results_dir: str | None = None
    reports: tuple[Path, ...] = ()
    """Files to write reports into; the suffix says in which format."""
    ci: str = "none"
    """Which CI is told about the results: ``auto``, ``none``, ``github``, ``gitlab`` or ``tekton``."""
    comment: bool = False
    """Whether it is also said in a comment on the pull or merge request."""
    label: str = ""
    """Which application or environment this is about."""

    def print_result(self, result: Result, context: Callable[[], ReportContext] = lambda: BARE) -> None:
        """Write the result to stdout, into the results folder and into every report.

        ``context`` is asked once, and only where a format has use for it.
        """
        from pipeline.reports import render_result

        self._write_result(result)
        known = self._known(context, self.output, *(BY_SUFFIX[file.suffix] for file in self.reports))
        self.write_reports(result, known)
        text = render_result(result, self.output, color=self.color, context=known)
        try:
            click.echo(presence.shielded(text, self.output), nl=False, color=self.color)
        finally:
            presence.tell(result, self)

    def write_reports(self, result: Result, context: ReportContext | None = None) -> None:
        """Write it into every report.

        Raises:
            ConfigurationError: one of them cannot be written.
        """
        from pipeline.reports import render_result
        from pipeline.whole_files import write_whole

        for file in self.reports:
            report = render_result(result, BY_SUFFIX[file.suffix], context=context or self._known(lambda: BARE))
            write_whole(file, report.encode("utf-8", "backslashreplace"))
            self.reporter.info(f"report written to {file}")

    def _known(self, context: Callable[[], ReportContext], *formats: str) -> ReportContext:
        known = context() if "html" in formats else BARE
        if {"sarif", "junit"} & {*formats}:
            known = replace(known, folder=_folder_in_checkout(Path.cwd()))
        return known if known.label or not self.label else replace(known, label=self.label)

    def keep_result(self, result: Result) -> None:
        """Write the result as ``<stage>.json`` into the results folder, if there is one, and tell the CI."""
        self._write_result(result)
        presence.tell(result, self)

    def _write_result(self, result: Result) -> None:
        if self.results_dir is not None:
            from pipeline.reports.results import write_result

            write_result(result, self.results_dir)


def _folder_in_checkout(folder: Path) -> str:
    """The folder within Git's work tree, with slashes; empty at its root and outside of any."""
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
    return "" if root == folder else folder.relative_to(root).as_posix()


class ReportFile(click.Path):
    """A file whose suffix says which of the formats it is to have."""

    def __init__(self, formats: Sequence[str]) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self._suffixes = [suffix for suffix, name in BY_SUFFIX.items() if name in formats]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Look at the suffix before anything else is done."""
        file = Path(str(super().convert(value, param, ctx)))
        if file.suffix not in self._suffixes:
            self.fail(
                f"'{file}' says by its suffix no format; expected one of: {', '.join(self._suffixes)}", param, ctx
            )
        return file


def talking(*formats: str, reports: bool = False, ci: bool = False) -> Callable[[Decorated], Callable[..., Any]]:
    """Add ``-o/--output``, ``--log-format``, ``--results-dir``, ``-v``; the command receives ``terminal: Terminal``.

    ``--results-dir`` is there where the result has a JSON document. With ``ci`` there is ``--ci``; with ``reports``
    there are also ``--report``, in the same formats, ``--comment`` and ``--label``.
    """
    choices: Sequence[str] = formats or ("text", "json")

    def decorate(command: Decorated) -> Callable[..., Any]:
        def wrapped(
            *,
            output: str,
            log_format: str,
            verbose: bool,
            results_dir: str | None = None,
            **arguments: Any,  # noqa: ANN401 - the command's other options
        ) -> Any:  # noqa: ANN401 - whatever the command returns
            terminal = replace(_terminal(output, log_format, verbose=verbose), results_dir=results_dir)
            # Only where this has added them: other commands have a --label of their own.
            if reports:
                told = {"reports": arguments.pop("report"), "comment": arguments.pop("comment")}
                terminal = replace(terminal, label=arguments.pop("label"), **told)
            if reports or ci:
                terminal = replace(terminal, ci=arguments.pop("ci"))
            presence.begin(terminal)
            return command(terminal=terminal, **arguments)

        kept = (_RESULTS_DIR,) if "json" in choices else ()
        told = (*((_CI,) if reports or ci else ()), *(_reporting(choices) if reports else ()))
        return with_options((_output(choices), _LOG_FORMAT, *kept, *told, _VERBOSE), wrapped, command)

    return decorate


def _output(formats: Sequence[str]) -> Callable[[Any], Any]:
    return option("-o", "--output", type=click.Choice(formats), default=formats[0], show_default=True,
                  help="Format of the result on stdout.")  # fmt: skip


_LOG_FORMAT = option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
                     help="Format of the messages on stderr.")  # fmt: skip
_RESULTS_DIR = option("--results-dir", type=click.Path(file_okay=False), metavar="DIR",
                      help="Also write the JSON result into this folder, as STAGE.json.")  # fmt: skip
_CI = option("--ci", type=click.Choice(presence.CHOICES), default="auto", show_default=True,
             help="Which CI is told: summary, annotations, outputs, comment.")  # fmt: skip
_VERBOSE = option("-v", "--verbose", is_flag=True, help="Say more on stderr.")


def _reporting(formats: Sequence[str]) -> Sequence[Callable[[Any], Any]]:
    suffixes = ", ".join(suffix for suffix, name in BY_SUFFIX.items() if name in formats)
    return (
        option("--report", type=ReportFile(formats), multiple=True, metavar="FILE",
               help=f"Also write a report; its suffix says the format: {suffixes}. Repeatable."),
        option("--comment/--no-comment", default=False, show_default=True,
               help="Also comment on the pull or merge request, and keep that comment up to date."),
        option("--label", default="", metavar="TEXT",
               help="What it is about, such as an environment: in reports and comments."),
    )  # fmt: skip


def _terminal(output: str, log_format: str, *, verbose: bool) -> Terminal:
    import os

    from pipeline.reports.console import Console, JsonLog, has_colors

    color = has_colors(os.environ, is_terminal=sys.stdout.isatty())
    stream = presence.Talk(sys.stderr)
    if log_format == "json":
        return Terminal(JsonLog(stream, verbose=verbose), output, color=color)
    return Terminal(Console(stream, verbose=verbose, environment=os.environ), output, color=color)
