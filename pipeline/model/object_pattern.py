"""Naming objects in options and settings: ``Kind`` or ``Kind.group``, alone or with ``NAMESPACE/NAME`` or ``NAME``."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pipeline.errors import UsageError
from pipeline.model.manifests import ObjectId


def check_pattern(pattern: str) -> str:
    """The pattern if it can name objects.

    Raises:
        UsageError: it cannot.
    """
    kind, _, name = pattern.strip().partition(" ")
    if not kind or "/" in kind or " " in name.strip() or name.count("/") > 1:
        raise UsageError(
            f"'{pattern}' names no objects; expected Kind, Kind.group, 'Kind NAME' or 'Kind NAMESPACE/NAME'",
            hint="* stands for any letters, as in 'PersistentVolumeClaim shop/*'",
        )
    return pattern.strip()


def is_meant(object_id: ObjectId, pattern: str) -> bool:
    """Whether the pattern names the object; without a group it means any, without a namespace likewise."""
    kind, _, name = pattern.strip().partition(" ")
    own = f"{object_id.kind}.{object_id.group}" if "." in kind else object_id.kind
    if not fnmatchcase(own, kind):
        return False
    name = name.strip()
    if not name:
        return True
    namespace, slash, rest = name.rpartition("/")
    return fnmatchcase(object_id.name, rest) and (not slash or fnmatchcase(object_id.namespace, namespace))
