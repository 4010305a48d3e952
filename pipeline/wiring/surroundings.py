"""The time, the writer, the CI, and CEL."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.environment import ci_system, declared_results, tekton_results
from pipeline.errors import ToolError
from pipeline.ports import (
    Checkout,
    Clock,
    Environment,
    Expressions,
    Presence,
    Reporter,
)


def expressions() -> Expressions:
    """CEL."""
    from pipeline.expressions.cel import CelExpressions

    return CelExpressions()


def clock() -> Clock:
    """The machine's time."""
    from pipeline.clock import SystemClock

    return SystemClock()


def programs_found(environment: Environment) -> dict[str, str]:
    """Where each program that gitless calls is; empty for one that is not there."""
    from pipeline.command import PROGRAMS, find_tool

    def found(name: str) -> str:
        try:
            return str(find_tool(name, environment))
        except ToolError:
            return ""

    return {name: found(name) for name in PROGRAMS}


def checkout(folder: Path, environment: Environment) -> Checkout:
    """The Git checkout around a folder."""
    from pipeline.checkouts.looking import GitCheckout

    return GitCheckout(folder, environment)


def writer(environment: Environment) -> str:
    """Who runs this, for the inventory: the CI job's address, or ``user@host``."""
    from pipeline.environment import running_as

    return running_as(environment)


def presence(choice: str, environment: Environment, reporter: Reporter) -> Presence:
    """The CI that is told about results: ``none``, ``github``, ``gitlab``, ``tekton``, or ``auto`` for where we are."""
    name = ci_system(environment) if choice == "auto" else choice
    if name == "github":
        from pipeline.ci.github import GitHub

        return GitHub(environment, reporter, clock(), sys.stderr)
    if name == "gitlab":
        from pipeline.ci.gitlab import GitLab

        return GitLab(environment, reporter, clock(), sys.stderr)
    if name == "tekton":
        from pipeline.ci.tekton import Tekton

        return Tekton(tekton_results(environment), declared_results(environment), reporter)
    from pipeline.ci.none import NoPresence

    return NoPresence()
