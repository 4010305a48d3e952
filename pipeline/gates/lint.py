"""The lint: our own rules, over all manifests at once."""

from __future__ import annotations

from pipeline.model.manifests import Manifests
from pipeline.model.validation.finding import Checked
from pipeline.model.validation.lint.rule import GATE
from pipeline.model.validation.lint.rules import LINT_RULES
from pipeline.model.validation.lint.subject import subject_of


class LintGate:
    """Holds manifests against :data:`pipeline.model.validation.lint.rules.LINT_RULES`."""

    name = GATE

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:
        """Everything that the rules object to, rule by rule in the order of the list, and then by object."""
        subject = subject_of(manifests, previous)
        return Checked(
            gate=self.name,
            objects=len(manifests),
            findings=tuple(finding for rule in LINT_RULES for finding in rule.findings(subject)),
            rules=tuple(rule.rule for rule in LINT_RULES),
            subject="gitless's own rules" if previous is None else "gitless's own rules, and what was there before",
        )
