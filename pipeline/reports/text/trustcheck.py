"""The doors and what each of them said, for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.trust_check import DoorOutcome, TrustCheckResult
from pipeline.reports.text.values import Paint, printable

_WORDS = {
    DoorOutcome.REFUSED: ("refused", "green"),
    DoorOutcome.ACCEPTED: ("ACCEPTED", "red"),
    DoorOutcome.UNKNOWN: ("unknown", "yellow"),
}


def render(result: TrustCheckResult, *, color: bool) -> str:
    """A block for each artifact with a line per answer, then what it amounts to; ends with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: TrustCheckResult, paint: Paint) -> Iterator[str]:
    for url, artifact in dict.fromkeys((trial.digest_url, trial.artifact) for trial in result.trials):
        yield printable(f"{artifact}: {url}")
        for (outcome, message), doors in _alike(result, url).items():
            word, style = _WORDS[outcome]
            said = f": {printable(message)}" if message else ""
            yield f"  {paint(style, word)} by {', '.join(doors)}{said}"
    for note in result.notes:
        yield f"note: {printable(note)}"
    for url in result.left:
        yield f"still in the registry: {printable(url)}"
    policy = f" by {printable(result.policy)}" if result.policy else ""
    if result.is_enforced:
        yield paint("green", f"Every door refuses what nobody trusted has signed{policy}.")
    else:
        yield paint("red", f"NOT every door refuses what nobody trusted has signed{policy}.")


def _alike(result: TrustCheckResult, url: str) -> dict[tuple[DoorOutcome, str], list[str]]:
    """The doors that said the same of one artifact, which is not named again."""
    found: dict[tuple[DoorOutcome, str], list[str]] = {}
    for trial in result.trials:
        if trial.digest_url == url:
            found.setdefault((trial.outcome, trial.message.replace(url, "it")), []).append(trial.door)
    return found
