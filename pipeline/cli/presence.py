"""What the CI is told that a command runs in: each result once, and how it ended.

Not being able to tell is a warning, never a failure; where there is no CI, nothing here does anything.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, TextIO

import click

from pipeline.model.outcome import Result

if TYPE_CHECKING:
    from pipeline.cli.terminal import Terminal
    from pipeline.model.reporting import ReportContext
    from pipeline.model.telling import Told
    from pipeline.ports import Presence

CHOICES = ("auto", "none", "github", "gitlab", "tekton")
_COMMENT_LIMIT = 59_500
"""Characters; with the mark before it a comment stays below the 60,000 that it may have."""
_FAILURE_LIMIT = 2_500
_SUMMARY_LIMIT = 950_000
_IMAGES = {f"images{name}": f"images {name}" for name in ("lock", "check", "update")}
_IMAGES |= {f"image{name}": f"image {name}" for name in ("build", "push")}
_LINKED = "https://", "http://"


@dataclass(slots=True)
class _Session:
    """One command: whom it tells, what it is called with its group, and what it has said and written so far."""

    presence: Presence | None = None
    terminal: Terminal | None = None
    command: str = ""
    path: str = ""
    comment: str = ""
    so_far: Callable[[], Result] | None = None
    written: Mapping[str, str] = field(default_factory=dict)
    """Outputs that name the reports of a command that fails."""


_session = _Session()


def reset() -> None:
    """Forget the command before."""
    global _session  # noqa: PLW0603 - the error boundary outlives every command's own context
    _session = _Session()


def begin(terminal: Terminal) -> None:
    """A command that has something to tell has begun."""
    from pipeline.environment import ci_system

    if terminal.ci == "none" or (terminal.ci == "auto" and ci_system(os.environ) == "none"):
        return
    from pipeline import wiring

    _session.presence = wiring.presence(terminal.ci, os.environ, terminal.reporter)
    _session.terminal = terminal
    context = click.get_current_context()
    _session.command = context.info_name or ""
    _session.path = context.command_path.partition(" ")[2]


def remember(terminal: Terminal, so_far: Callable[[], Result]) -> None:
    """Where the comment is one about several results, ``so_far`` makes it of those that there are when it fails."""
    if _session.presence is not None:
        _session.terminal, _session.so_far = terminal, so_far


def reported(terminal: Terminal) -> None:
    """Reports were written about a command that is about to end with an error."""
    _session.written = _reports(terminal)


def fold(stage: str) -> None:
    """Fold what is logged from here on."""
    if _session.presence is not None:
        _flush()
        _session.presence.begin(stage)


def unfold() -> None:
    """Fold nothing more."""
    if _session.presence is not None:
        _flush()
        _session.presence.end()


def tell(result: Result, terminal: Terminal) -> None:
    """Tell one result."""
    if _session.presence is None:
        return
    try:
        told = _told(result, terminal)
    except Exception as error:  # noqa: BLE001 - a report that cannot be written must not take the result with it
        terminal.reporter.warn(f"the CI is not told about this: {type(error).__name__} in its report")
        return
    _session.comment = told.comment or _session.comment
    _tell(told)


def tell_failure(message: str, hint: str | None, arguments: list[str], *, is_summed: bool = True) -> None:
    """Tell that the command ends with an error: one annotation, and unless it is told otherwise a summary."""
    presence = _session.presence or _early(arguments)
    if presence is None:
        return
    from pipeline.model.telling import Annotation, Told
    from pipeline.model.validation.finding import Severity
    from pipeline.reports.markdown.failure import render_failure

    _session.presence = presence
    command = _session.command or next((word for word in arguments if not word.startswith("-")), "")
    name = f"gitless {_session.path or command}".rstrip()
    error = Annotation(severity=Severity.ERROR, title=name, message=f"{message} ({hint})" if hint else message)
    failure = render_failure(name, message, hint or "", _FAILURE_LIMIT) if is_summed else ""
    _tell(
        Told(
            stage=command,
            label=_session.terminal.label if _session.terminal else "",
            summary=failure,
            comment=_failed_comment(failure),
            annotations=(error,),
            outputs=_session.written,
            is_failure=True,
        )
    )


def shielded(text: str, output: str = "text") -> str:
    """The text as it may be logged: where GitHub's runner reads along, it takes nothing in it for a command.

    JSON stays the same JSON; what goes into a file, and YAML and HTML, stay what they are.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true" or output in {"yaml", "html"}:
        return text
    if output == "json":
        # Its lines never begin with a colon; the runner's older form of commands can stand anywhere in one.
        return text.replace("##[", "##\\u005b")
    from pipeline.ci.workflow_commands import shielded as shield

    return shield(text)


class Talk:
    """A stream for people, shielded line by line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it."""
        return self._stream.write(shielded(text))

    def flush(self) -> None:
        """Flush it."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()


def _early(arguments: list[str]) -> Presence | None:
    """For a command that failed before it said whom to tell."""
    from pipeline.environment import ci_system

    given = [value for name, value in pairwise(arguments) if name == "--ci"]
    given += [word.removeprefix("--ci=") for word in arguments if word.startswith("--ci=")]
    choice = (given or [os.environ.get("GITLESS_CI", "")])[-1]
    choice = choice if choice in CHOICES else "auto"
    if choice == "none" or (choice == "auto" and ci_system(os.environ) == "none"):
        return None
    from pipeline import wiring
    from pipeline.reports.console import Console

    return wiring.presence(choice, os.environ, Console(sys.stderr, verbose=False, environment=os.environ))


def _tell(told: Told) -> None:
    if _session.presence is None:
        return
    try:
        _flush()
        _session.presence.tell(told)
    except Exception as error:  # noqa: BLE001 - telling must never be what fails
        if _session.terminal is not None:
            _session.terminal.reporter.warn(f"the CI could not be told: {type(error).__name__}")


def _flush() -> None:
    """The runner reads both streams: what was printed before is to be read before."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()


def _told(result: Result, terminal: Terminal) -> Told:
    from pipeline.model.presence.annotations import annotations_of
    from pipeline.model.presence.outputs import outputs_of
    from pipeline.model.reporting import BY_SUFFIX, ReportContext
    from pipeline.model.telling import Told
    from pipeline.reports import render_result

    stage = _stage(result)
    outputs = outputs_of(result) | _reports(terminal)
    context = ReportContext(label=terminal.label, limit=_COMMENT_LIMIT, link=_page())
    return Told(
        stage=stage,
        label=terminal.label,
        summary=_summary(result, stage, outputs, ReportContext(label=terminal.label, limit=_SUMMARY_LIMIT)),
        comment=render_result(result, "markdown", context=context) if terminal.comment else "",
        annotations=annotations_of(result),
        outputs=outputs,
        files={BY_SUFFIX[file.suffix]: str(file) for file in terminal.reports},
    )


def _reports(terminal: Terminal) -> dict[str, str]:
    return {"report-file": "\n".join(map(str, terminal.reports))} if terminal.reports else {}


def _stage(result: Result) -> str:
    name = result.kind.removesuffix("Result").lower()
    return {"verifyartifact": "verify", "attestations": "attest", **_IMAGES}.get(name, name)


def _summary(result: Result, stage: str, outputs: dict[str, str], context: ReportContext) -> str:
    from pipeline.model.outcome.run import RunResult
    from pipeline.reports import render_result

    if isinstance(result, RunResult):
        from pipeline.reports.markdown.run import overview

        # The stages have told what they did.
        return overview(result, context)
    if find_spec(f"pipeline.reports.markdown.{result.kind.removesuffix('Result').lower()}"):
        return render_result(result, "markdown", context=context)
    if _session.command == "run" or not outputs:
        return ""
    from pipeline.reports.markdown.escaping import code

    rows = [f"| {name} | {code(value)} |" for name, value in outputs.items()]
    return "\n".join([f"### {stage.capitalize()}", "", "| | |", "|---|---|", *rows]) + "\n"


def _failed_comment(failure: str) -> str:
    """The comment with the failure on top, so that it never shows what an earlier run found as if it were today's."""
    terminal, so_far = _session.terminal, _session.so_far
    if not failure or terminal is None or not terminal.comment:
        return ""
    from pipeline.model.reporting import ReportContext
    from pipeline.reports import render_result

    text = _session.comment
    if not text and so_far is not None:
        context = ReportContext(label=terminal.label, limit=_COMMENT_LIMIT - _FAILURE_LIMIT, link=_page())
        text = render_result(so_far(), "markdown", context=context)
    return f"{failure}\n{text}" if len(failure) + len(text) < _COMMENT_LIMIT else failure


def _page() -> str:
    """The page of this job; empty where it has none."""
    from pipeline.environment import running_as

    page = running_as(os.environ)
    return page if page.startswith(_LINKED) else ""
