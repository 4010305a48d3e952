"""One thing that a gate objects to, or could not look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.plan import object_document


class Severity(StrEnum):
    """How grave a finding is; only errors close the gate."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Who said that a finding is all right, and why."""

    reason: str
    place: str
    """Where it is written, such as ``gitless.yaml:12`` or ``annotation gitless.dev/ignore-image-latest``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a gate looks for. ``id`` is stable and lower-case with dashes, such as ``image-latest``."""

    id: str
    gate: str
    title: str
    reason: str
    fix: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    Attributes:
        gate: who found it: ``schema``, ``cel``, ``lint``, ``kyverno``, ``opa``.
        rule: the rule's id; for policies of users their policy and rule, such as ``require-labels/check-team``.
        severity: what it is here, after the settings had their say.
        message: one sentence, safe to print, without secrets.
        object_id: the object; ``None`` where it is about no single one.
        api_version: of the object.
        path: the field, such as ``spec.containers[0].image``; empty: the object as a whole.
        origin: file and line, or chart and template; the line is the field's where it is known, else the object's.
        hint: what to do about it.
        suppression: set where somebody said that it is all right; such a finding is told and does not count.
    """

    gate: str
    rule: str
    severity: Severity
    message: str
    object_id: ObjectId | None = None
    api_version: str = ""
    path: str = ""
    origin: Origin | None = None
    hint: str = ""
    suppression: Suppression | None = None

    @property
    def is_error(self) -> bool:
        """Whether it closes the gate."""
        return self.severity is Severity.ERROR and self.suppression is None

    def document(self) -> dict[str, Any]:
        """The finding as JSON; keys without a value are left out."""
        document: dict[str, Any] = {"gate": self.gate, "rule": self.rule, "severity": self.severity.value}
        document["message"] = self.message
        if self.object_id is not None:
            document["object"] = object_document(self.object_id, self.api_version)
        document |= {key: text for key, text in (("path", self.path), ("hint", self.hint)) if text}
        if self.origin is not None:
            document["origin"] = origin_document(self.origin)
        if self.suppression is not None:
            document["suppressed"] = {"reason": self.suppression.reason, "place": self.suppression.place}
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEvaluated:
    """Something that a gate was asked to judge and could not: never a pass, and always told."""

    gate: str
    rule: str
    reason: str
    object_id: ObjectId | None = None
    origin: Origin | None = None

    def document(self) -> dict[str, Any]:
        """As JSON; keys without a value are left out."""
        document: dict[str, Any] = {"gate": self.gate, "rule": self.rule, "reason": self.reason}
        if self.object_id is not None:
            document["object"] = str(self.object_id)
        if self.origin is not None:
            document["origin"] = origin_document(self.origin)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one gate made of all manifests; ``objects`` is how many it looked at."""

    gate: str
    objects: int
    findings: tuple[Finding, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    rules: tuple[Rule, ...] = ()
    """The rules it knows, as far as it has a list of its own."""
    subject: str = ""
    """What it was asked to hold against, such as ``Kubernetes 1.33 to 1.35``."""


def origin_document(origin: Origin) -> dict[str, Any]:
    """File, line and chart; keys without a value are left out."""
    document: dict[str, Any] = {"file": origin.file}
    if origin.line is not None:
        document["line"] = origin.line
    if origin.chart is not None:
        document["chart"] = origin.chart
    return document
