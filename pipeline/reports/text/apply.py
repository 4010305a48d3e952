"""An apply for people: a line per object that changed, counts last."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.plan import Action, Change
from pipeline.reports.text.signatures import in_words
from pipeline.reports.text.values import Paint, printable

_WORDS = {
    Action.CREATE: ("created", "green"),
    Action.CONFIGURE: ("configured", "yellow"),
    Action.RECREATE: ("recreated", "red"),
    Action.PRUNE: ("pruned", "red"),
    Action.SKIP: ("skipped", "dim"),
}


def render(result: ApplyResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: ApplyResult, paint: Paint) -> Iterator[str]:
    for change in result.changes:
        yield _change(change, paint)
    if result.differences and not result.changes:
        many = "s" if len(result.differences) > 1 else ""
        yield paint("red", f"Refused: {len(result.differences)} difference{many} from the plan {result.plan_digest}.")
    elif result.plan.is_empty and result.is_complete:
        skipped = result.plan.count(Action.SKIP)
        rest = f", {skipped} skipped" if skipped else ""
        yield f"Nothing to do: all {result.plan.unchanged} objects are as desired{rest}."
    else:
        yield _counts(result)
    for line in result.overridden:
        yield paint("yellow", printable(f"A guard was overridden: {line}"))
    if result.is_rollback:
        yield paint("yellow", "This is a rollback: the artifact is older than the one before.")
    for signature in result.signatures:
        yield paint("dim", f"signed by {in_words(signature)}")
    if result.plan_digest and not result.differences:
        approved = ", ".join(in_words(signature) for signature in result.approvals)
        by = f", approved by {approved}" if approved else ""
        how = "exactly as planned" if result.is_complete else "by the plan, not to its end"
        yield paint("dim", f"{how} ({result.plan_digest}){by}")
    what = result.digest_url or result.source
    name = f"{result.namespace}/{result.inventory}"
    yield paint("dim", printable(f"inventory {name} in {result.cluster}" + (f", {what}" if what else "")))


def _change(change: Change, paint: Paint) -> str:
    word, style = _WORDS[change.action]
    # The plan's reason for every prune is the same, and the word says it.
    reason = f"  ({printable(change.reason)})" if change.reason and change.action is not Action.PRUNE else ""
    return f"{paint(style, f'{word:<10}')} {printable(str(change.object_id))}{paint('dim', reason) if reason else ''}"


def _counts(result: ApplyResult) -> str:
    plan = result.plan
    renamed = {Action.CREATE: plan.renames, Action.PRUNE: plan.replaced}
    counts = {word: plan.count(action) - renamed.get(action, 0) for action, (word, _) in _WORDS.items()}
    parts = [f"{number} {word}" for word, number in {**counts, "renamed": plan.renames}.items() if number]
    counted = ", ".join([*parts, f"{result.plan.unchanged} unchanged"])
    if result.dry_run:
        return f"Dry run, nothing was written: {counted}."
    return f"{counted}." if result.is_complete else f"Stopped by an error, until then: {counted}."
