"""The status of a Kustomization: conditions, inventory and history."""

from __future__ import annotations

from pipeline.model.flux.definitions.schema import (
    Schema,
    conditions,
    each,
    fields,
    number,
    reconcile_request,
    table,
    text,
    time,
)


def kustomization_status() -> Schema:
    """The schema of ``status``."""
    return fields(
        "What became of it.",
        {
            "observedGeneration": number("The generation of the spec that was handled last."),
            "conditions": conditions(),
            "lastAppliedRevision": text("Revision of the source that was applied last."),
            "lastAppliedOriginRevision": text("What that revision was made from, such as a commit."),
            "lastAttemptedRevision": text("Revision of the source that was tried last."),
            "lastHandledReconcileAt": reconcile_request(),
            "inventory": _inventory(),
            "history": each("The last attempts, the newest first.", _snapshot()),
        },
    )


def _inventory() -> Schema:
    entry = fields(
        "One object.",
        {
            "id": text("NAMESPACE_NAME_GROUP_KIND, with empty parts left empty."),
            "v": text("Version of its API, without the group."),
        },
        ["id", "v"],
    )
    return fields("The objects that were applied.", {"entries": each("The objects.", entry)}, ["entries"])


def _snapshot() -> Schema:
    return fields(
        "One or several attempts to apply the same objects with the same outcome.",
        {
            "digest": text("Checksum of the objects, ALGORITHM:HEX."),
            "firstReconciled": time("When it was first tried."),
            "lastReconciled": time("When it was last tried."),
            "lastReconciledDuration": text("How long the last try took."),
            "lastReconciledStatus": text("How the last try ended."),
            "totalReconciliations": number("How often it was tried."),
            "metadata": table("More about it, such as the revision."),
        },
        [
            "digest", "firstReconciled", "lastReconciled", "lastReconciledDuration", "lastReconciledStatus",
            "totalReconciliations",
        ],
    )  # fmt: skip
