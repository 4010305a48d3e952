"""What may be deleted: the options of everybody who prunes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.cli.options import Decorated, option, with_options
from pipeline.model.applying.guards import DEFAULT_LIMIT, DEFAULT_PROTECTED
from pipeline.model.flux.options import PullerOptions
from pipeline.model.settings.guards import GuardSettings


def check_guards(options: PullerOptions) -> None:
    """Refuse guards of the puller that cannot be read.

    Raises:
        UsageError: the limit is none, or what is to be protected names no objects.
    """
    GuardSettings(max_prune=options.max_prune, protect=options.protect).guards()


_PROTECTED = ", ".join(DEFAULT_PROTECTED)
_OPTIONS = (
    option(
        "--max-prune",
        metavar="N|N%",
        help=f"Refuse to delete more objects, or more of the inventory; otherwise {DEFAULT_LIMIT}.",
    ),
    option(
        "--protect",
        multiple=True,
        metavar="OBJECTS",
        envvar=None,
        help=f"Never prune these: KIND or 'KIND NAMESPACE/NAME'; otherwise {_PROTECTED}. Repeatable; none: nothing.",
    ),
    option(
        "--override",
        multiple=True,
        metavar="GUARD",
        envvar=None,
        help="Override a guard, once: max-prune, empty, or 'protected:KIND NAMESPACE/NAME'. Repeatable.",
    ),
)


def guard_options(command: Decorated) -> Callable[..., Any]:
    """``--max-prune``, ``--protect`` and ``--override``; the command receives ``guards: GuardSettings``, checked."""

    def wrapped(
        *,
        max_prune: str | None,
        protect: tuple[str, ...],
        override: tuple[str, ...],
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        given = GuardSettings(max_prune=max_prune, protect=protect or None, overrides=override)
        given.guards()
        return command(guards=given, **arguments)

    return with_options(_OPTIONS, wrapped, command)
