"""Every rule that gitless itself has; those of users' policies are known only once their gate has read them."""

from __future__ import annotations

from pipeline.model.validation.finding import Rule
from pipeline.model.validation.lint.rules import LINT_RULES
from pipeline.model.validation.schema_rules import SCHEMA_RULES
from pipeline.model.validation.suppressing import SUPPRESSION_RULES


def all_rules() -> tuple[Rule, ...]:
    """The rules by gate, in the order in which the gates run, each gate's own order within."""
    return (*SCHEMA_RULES, *(rule.rule for rule in LINT_RULES), *SUPPRESSION_RULES)
