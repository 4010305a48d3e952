"""What the settings and annotations make of findings: other severities, and suppressions that need a reason.

An annotation ``ignore.gitless.dev/RULE: reason`` on an object, or on the template of its Pods, suppresses that rule's
findings about it; in RULE, what an annotation's name may not contain is written ``_``, so that
``require-labels/check-team`` becomes ``require-labels_check-team``. The entries of ``validation.ignore`` do the same
for many objects and by glob.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.documents.printable import printable
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Manifests, ObjectId, Origin, Resource
from pipeline.model.object_pattern import check_pattern, is_meant
from pipeline.model.pod_templates import template_place
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Rule, Severity, Suppression
from pipeline.model.validation.options import IgnoredRule, ValidationOptions

ANNOTATION_PREFIX: Final = "ignore.gitless.dev/"
SHORTEST_REASON: Final = 10
"""Characters; anything shorter says nothing to whoever finds it a year later."""

SUPPRESSION_REASON: Final = Rule(
    id="suppression-reason",
    gate="lint",
    title="A suppression without a reason",
    reason="Whoever reads a suppression later has to know why it was all right, or it stays for ever.",
    fix=f"say in a sentence of {SHORTEST_REASON} characters or more why the finding is all right here",
    severity=Severity.ERROR,
)
SUPPRESSION_UNUSED: Final = Rule(
    id="suppression-unused",
    gate="lint",
    title="A suppression that matches nothing",
    reason="It hides the next finding of its kind, which nobody has looked at.",
    fix="remove it, or correct the rule or the object that it names",
    severity=Severity.NOTE,
)
SUPPRESSION_RULES: Final = (SUPPRESSION_REASON, SUPPRESSION_UNUSED)

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]")
_SHOWN = 300


def apply_settings(checked: Checked, options: ValidationOptions, manifests: Manifests) -> Checked:
    """What one gate found, with severities and suppressions applied; see :func:`settle` for several gates.

    Raises:
        ConfigurationError: the settings name a rule that there is not.
    """
    return settle((checked,), options, manifests)[0]


def settle(checks: Sequence[Checked], options: ValidationOptions, manifests: Manifests) -> tuple[Checked, ...]:
    """What all gates found, with severities and suppressions applied.

    What is wrong with the suppressions themselves is added to the findings of ``lint``, or of the first gate where
    lint did not run.

    Raises:
        ConfigurationError: the settings name a rule that there is not.
    """
    known = frozenset(rule.id for check in checks for rule in (*check.rules, *SUPPRESSION_RULES))
    _require_known(options, checks, known)
    entries = [*_settings_entries(options), *_annotation_entries(manifests)]
    bearer = next((index for index, check in enumerate(checks) if check.gate == "lint"), 0)
    marked = [replace(check, findings=tuple(_suppressed(check.findings, entries))) for check in checks]
    if marked:
        may_be_elsewhere = not _is_everything(options, {check.gate for check in checks})
        about = tuple(_objections(entries, known, marked[bearer].gate, may_be_elsewhere=may_be_elsewhere))
        there = marked[bearer]
        marked[bearer] = replace(
            there, findings=(*there.findings, *about), rules=(*there.rules, *SUPPRESSION_RULES) if there.rules else ()
        )
    return tuple(_with_severities(check, options) for check in marked)


def annotation_name(rule: str) -> str:
    """How a rule is written in an annotation's key, behind the prefix."""
    return _NOT_IN_A_NAME.sub("_", rule)


@dataclass(slots=True, eq=False)
class _Entry:
    """One suppression, and whether it was of use."""

    wanted: str
    """The rule: a glob over ids in the settings, its name in an annotation."""
    objects: tuple[str, ...]
    suppression: Suppression
    resource: Resource | None = None
    """The object with the annotation; ``None`` for an entry of the settings."""
    holder: str = ""
    """The field of the object that has the annotation."""
    used: bool = field(default=False)

    @property
    def is_valid(self) -> bool:
        return len(self.suppression.reason.strip()) >= SHORTEST_REASON

    def names(self, rule: str) -> bool:
        return fnmatchcase(rule, self.wanted) if self.resource is None else annotation_name(rule) == self.wanted

    def covers(self, object_id: ObjectId | None) -> bool:
        """Of an entry of the settings: whether it is about that object."""
        return not self.objects or (object_id is not None and any(is_meant(object_id, item) for item in self.objects))


def _settings_entries(options: ValidationOptions) -> Iterator[_Entry]:
    for item in options.ignored:
        yield _Entry(item.rule, _patterns(item), Suppression(reason=item.reason, place=item.place or "settings"))


def _patterns(item: IgnoredRule) -> tuple[str, ...]:
    try:
        return tuple(map(check_pattern, item.objects))
    except UsageError as error:
        place = f"{item.place}: " if item.place else ""
        raise ConfigurationError(f"{place}{error.message}", hint=error.hint) from None


def _annotation_entries(manifests: Manifests) -> Iterator[_Entry]:
    for resource in manifests:
        own = mapping_at(resource.body, "metadata", "annotations")
        yield from _entries_of(resource, own, "metadata.annotations")
        if place := template_place(resource.id):
            place = (*place, "metadata", "annotations")
            # What kustomize puts on both is one annotation.
            others = {key: value for key, value in mapping_at(resource.body, *place).items() if own.get(key) != value}
            yield from _entries_of(resource, others, ".".join(place))


def _entries_of(resource: Resource, annotations: Mapping[str, Any], holder: str) -> Iterator[_Entry]:
    for key, value in annotations.items():
        if key.startswith(ANNOTATION_PREFIX):
            name = key.removeprefix(ANNOTATION_PREFIX)
            reason = printable(value if isinstance(value, str) else "", _SHOWN)
            suppression = Suppression(reason=reason, place=f"annotation {printable(key, _SHOWN)}")
            yield _Entry(name, (), suppression, resource, holder)


def _suppressed(findings: Iterable[Finding], entries: Sequence[_Entry]) -> Iterator[Finding]:
    """The findings, each with the first suppression that covers it."""
    of_objects: dict[ObjectId | None, list[_Entry]] = {}
    for entry in entries:
        if entry.resource is not None:
            of_objects.setdefault(entry.resource.id, []).append(entry)
    of_rules: dict[str, list[_Entry]] = {}
    for finding in findings:
        if finding.rule not in of_rules:
            named = (item for item in entries if item.resource is None and item.names(finding.rule))
            of_rules[finding.rule] = list(named)
        near = (item for item in of_objects.get(finding.object_id, ()) if item.names(finding.rule))
        fitting = [*near, *(item for item in of_rules[finding.rule] if item.covers(finding.object_id))]
        for entry in fitting:
            entry.used = True
        valid = next((entry for entry in fitting if entry.is_valid), None)
        yield finding if valid is None else replace(finding, suppression=valid.suppression)


def _objections(
    entries: Iterable[_Entry], known: frozenset[str], gate: str, *, may_be_elsewhere: bool
) -> Iterator[Finding]:
    """What is wrong with the suppressions themselves."""
    for alike in _alike(entries):
        wanted = printable(alike[0].wanted, _SHOWN)
        if not alike[0].is_valid:
            says = f"the suppression of {wanted} gives no reason that says anything"
            yield from (_about(entry, SUPPRESSION_REASON, gate, says) for entry in alike)
            continue
        unused = [entry for entry in alike if not entry.used]
        names_one = any(alike[0].names(rule) for rule in known)
        near = get_close_matches(wanted, [annotation_name(rule) for rule in known], n=1, cutoff=0.75)
        if unused and (names_one or near or not may_be_elsewhere):
            where = f" at {len(unused)} of the {len(alike)} objects that have it" if len(alike) > 1 else ""
            meant = "" if names_one or not near else f"; did you mean {near[0]}?"
            says = f"the suppression of {wanted} matches no finding{where}{meant}"
            yield _about(unused[0], SUPPRESSION_UNUSED, gate, says)


def _alike(entries: Iterable[_Entry]) -> Iterable[list[_Entry]]:
    """The entries, with annotations together that say the same: kustomize puts one on everything that it builds."""
    found: dict[Hashable, list[_Entry]] = {}
    for entry in entries:
        is_annotation = entry.resource is not None
        key = (entry.wanted, entry.suppression.reason) if is_annotation else id(entry)
        found.setdefault(key, []).append(entry)
    return found.values()


def _about(entry: _Entry, rule: Rule, gate: str, message: str) -> Finding:
    resource = entry.resource
    return Finding(
        gate=gate,
        rule=rule.id,
        severity=rule.severity,
        message=message,
        object_id=resource.id if resource else None,
        api_version=resource.api_version if resource else "",
        path=f"{entry.holder}[{ANNOTATION_PREFIX}{printable(entry.wanted, _SHOWN)}]" if resource else "",
        origin=resource.origin if resource else _origin(entry.suppression.place),
        hint=rule.fix,
    )


def _origin(place: str) -> Origin | None:
    """``FILE:LINE`` of the settings."""
    file, colon, line = place.rpartition(":")
    return Origin(file, int(line)) if colon and line.isascii() and line.isdigit() else None


def _require_known(options: ValidationOptions, checks: Sequence[Checked], known: frozenset[str]) -> None:
    """Refuse settings for a rule that there is not, as far as that can be told: users name policies of their own."""
    found = {item.rule for check in checks for item in check.findings}
    found |= {item.rule for check in checks for item in check.not_evaluated}
    listed = {check.gate for check in checks if check.rules}
    are_all_known = not options.policies and _is_everything(options, listed)
    for name in options.severities:
        near = get_close_matches(name, sorted(known), n=1)
        is_slip = bool(get_close_matches(name, near, n=1, cutoff=0.85))
        if name in (known | found) or "/" in name or not (is_slip or are_all_known):
            continue
        raise ConfigurationError(
            f"validation.rules: there is no rule '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""),
            hint="gitless validate --list-rules lists them; those of your own policies are named POLICY/RULE",
        )


def _is_everything(options: ValidationOptions, gates: set[str]) -> bool:
    """Whether these are all gates that the settings would have run by themselves."""
    return set(replace(options, gates=()).chosen_gates) <= gates


def _with_severities(checked: Checked, options: ValidationOptions) -> Checked:
    chosen = options.severities
    if not chosen:
        return checked
    kept = [item for item in checked.findings if chosen.get(item.rule, item.severity) is not None]
    return replace(
        checked,
        findings=tuple(replace(item, severity=chosen.get(item.rule) or item.severity) for item in kept),
        not_evaluated=tuple(item for item in checked.not_evaluated if _is_on(item, options)),
        rules=tuple(
            replace(rule, severity=chosen.get(rule.id) or rule.severity)
            for rule in checked.rules
            if chosen.get(rule.id, rule.severity) is not None
        ),
    )


def _is_on(item: NotEvaluated, options: ValidationOptions) -> bool:
    return options.severities.get(item.rule, Severity.NOTE) is not None
