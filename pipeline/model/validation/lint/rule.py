"""A rule of the lint: what it is called and why it is there, and the one function that looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Finding, Rule, Severity
from pipeline.model.validation.lint.subject import Subject

GATE = "lint"
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where a rule is broken; ``message`` is one sentence, safe to print, without secrets."""

    resource: Resource
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule, and the function that finds where it is broken."""

    rule: Rule
    problems: Callable[[Subject], Iterable[Problem]]

    def findings(self, subject: Subject) -> Iterable[Finding]:
        """Everything that it objects to."""
        for problem in self.problems(subject):
            yield Finding(
                gate=GATE,
                rule=self.rule.id,
                severity=self.rule.severity,
                message=problem.message,
                object_id=problem.resource.id,
                api_version=problem.resource.api_version,
                path=problem.path,
                origin=problem.resource.origin,
                hint=self.rule.fix,
            )


def lint_rule(
    name: str, severity: Severity, *, title: str, reason: str, fix: str
) -> Callable[[Callable[[Subject], Iterable[Problem]]], LintRule]:
    """Make a rule of the function that finds where it is broken."""
    rule = Rule(id=name, gate=GATE, title=title, reason=reason, fix=fix, severity=severity)
    return lambda problems: LintRule(rule, problems)


def shown(value: object) -> str:
    """A value of a manifest as a message may have it."""
    return printable(str(value), _SHOWN)
