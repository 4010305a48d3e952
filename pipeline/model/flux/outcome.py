"""What reconciling one object came to: its new status, what to tell, and when to look again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How a Kubernetes Event is typed: ``info`` becomes Normal, ``error`` Warning."""

    INFO = "info"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One thing to tell about an object.

    ``metadata`` are Flux's event metadata without their prefix (``revision``, ``originRevision``, ``digest`` …); they
    become annotations ``<group of the object's kind>/<key>``.
    """

    severity: Severity
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one reconciliation.

    Attributes:
        status: the whole new ``status``.
        events: what to tell, in order.
        requeue_after: seconds until the next look; ``None``: not before something changes.
        succeeded: whether the object became ready.
    """

    status: Mapping[str, Any] = field(hash=False)
    events: tuple[ObjectEvent, ...] = ()
    requeue_after: float | None = None
    succeeded: bool = True
