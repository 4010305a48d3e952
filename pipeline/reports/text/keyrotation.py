"""A rotation of keys, for people."""

from __future__ import annotations

from pipeline.model.outcome.key_rotation import KeyRotationResult


def render(result: KeyRotationResult, *, color: bool) -> str:
    """Both keys, what was changed, and what comes next."""
    del color
    would = "would be " if result.is_dry_run else ""
    lines = [f"old key  {result.old.public}  {result.old.fingerprint}".rstrip()]
    lines.append(f"new key  {result.new.public}  {result.new.fingerprint}".rstrip())
    for item in result.edited:
        lines += [f"{item.file} {would}changed:", *(f"  {change}" for change in item.changes)]
    accepted = "both keys are" if result.step == "overlap" else "only the new key is"
    lines += [f"{item} is signed with the new key" for item in result.checked]
    lines += [f"{accepted} accepted{' then' if result.is_dry_run else ' now'}; next:"]
    lines += [f"  {number}. {step}" for number, step in enumerate(result.next_steps, start=1)]
    return "\n".join(lines) + "\n"
