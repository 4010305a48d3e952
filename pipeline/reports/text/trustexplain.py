"""A decision about trust as a tree: what was asked for, what was found, and what would satisfy it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.trust_explain import TrustExplainResult
from pipeline.model.trust.decision import Decision
from pipeline.reports.text.values import Paint, printable


def render(result: TrustExplainResult, *, color: bool) -> str:
    """The verdict, then the tree, then what lay there and was not accepted."""
    paint = Paint(color)
    decision = result.verdict.decision
    by = f" by {result.policy}" if result.policy else ""
    verdict = "is trusted" if decision.passed else "is NOT trusted"
    lines = [f"{_mark(decision, paint)} {result.verdict.artifact} {verdict}{by}"]
    lines += _children((decision,), "", paint)
    rejected = result.verdict.judgement.rejected
    if rejected:
        lines.append("not accepted:")
        lines += [f"  {item.format} signature in {item.found_in}: {printable(item.reason)}" for item in rejected]
    return "\n".join(lines) + "\n"


def _children(parts: tuple[Decision, ...], indent: str, paint: Paint) -> Iterator[str]:
    for part in parts:
        is_last = part is parts[-1]
        yield f"{indent}{'└── ' if is_last else '├── '}{_mark(part, paint)} {printable(part.requirement)}"
        below = indent + ("    " if is_last else "│   ")
        if part.parts:
            # What was found is told by the leaves.
            yield from _children(part.parts, below, paint)
            continue
        yield f"{below}  found: {printable(part.found)}"
        if not part.passed and part.needed and part.needed != part.requirement:
            yield f"{below}  needed: {printable(part.needed)}"


def _mark(decision: Decision, paint: Paint) -> str:
    return paint("green", "✓") if decision.passed else paint("red", "✗")
