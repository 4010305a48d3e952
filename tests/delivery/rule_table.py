"""The table of rules in docs/lint.md is derived from the rules; ``--write`` puts it there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pipeline.model.validation.catalogue import all_rules
from pipeline.model.validation.finding import Rule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lint.md"
_TABLE = re.compile(r"(<!-- rules -->\n).*?(<!-- /rules -->\n)", re.DOTALL)


def _row(rule: Rule) -> str:
    title, reason, fix = map(_escaped, (rule.title, rule.reason, rule.fix))
    return f"| `{rule.id}` | {rule.gate} | {rule.severity.value} | **{title}.** {reason} *What to do:* {fix}. |"


def _escaped(text: str) -> str:
    return re.sub(r"([|*<])", r"\\\1", text)


def with_current_rules(text: str) -> str:
    """The page with the rules that there are now."""
    head = "| rule | gate | severity | what, why, and what to do |\n|---|---|---|---|\n"
    body = "\n".join(map(_row, all_rules()))
    return _TABLE.sub(lambda match: f"{match[1]}{head}{body}\n{match[2]}", text)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    PAGE.write_text(with_current_rules(PAGE.read_text()))
