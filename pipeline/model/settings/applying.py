"""What a target's settings ask of an apply."""

from __future__ import annotations

from pipeline.model.applying.options import ApplyOptions
from pipeline.model.settings.values import TargetSettings


def apply_options(target: TargetSettings, *, application: str, namespace: str, writer: str) -> ApplyOptions:
    """The options; the inventory is called like the application where the target names none."""
    return ApplyOptions(
        inventory=target.inventory or application,
        namespace=namespace,
        prune=target.prune,
        force_conflicts=target.force_conflicts,
        recreate=target.recreate,
        take_ownership=target.take_ownership,
        allow_rollback=target.allow_rollback,
        guards=target.guards.guards(),
        timeout=target.timeout,
        writer=writer,
    )
