"""The newest tag by a policy: pure rules over the tags of a repository.

Source: image-reflector-controller, ``docs/spec/v1/imagepolicies.md`` ("Policy", "Filter Tags"); versions and ranges as
``artifact/versions.py`` has them for OCIRepository; numbers as Go's ``strconv.ParseFloat`` reads them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.versions import Version, parse_version
from pipeline.model.documents.printable import printable
from pipeline.model.images.policy import ImagePolicy, Order, TagRule

Extracting = Callable[[str, str, Sequence[str]], Sequence[tuple[str, str]]]
"""Of the texts in which an RE2 pattern is found, what Go's template makes of each, with the text itself."""


def admitted(policy: ImagePolicy, tags: Sequence[str], extracting: Extracting) -> dict[str, str]:
    """What is compared, by it the tag that it stands for: excluded tags gone, the filter applied.

    Of two tags that come out alike, the later one counts.

    Raises:
        ExpressionError: a pattern is no regular expression.
    """
    excluded = {tag for pattern in policy.exclusions for _, tag in extracting(pattern, "", tags)}
    left = sorted(tag for tag in tags if tag not in excluded)
    return dict(extracting(policy.pattern, policy.extract, left)) if policy.pattern else {tag: tag for tag in left}


def passing(policy: ImagePolicy, values: Mapping[str, str]) -> frozenset[str]:
    """The tags among those admitted that the rule allows at all."""
    if policy.rule.order is Order.SEMVER:
        return frozenset(tag for value, tag in values.items() if _version(policy.rule, value) is not None)
    if policy.rule.order is Order.NUMERICAL:
        return frozenset(tag for value, tag in values.items() if _number(value) is not None)
    return frozenset(values.values())


def newest(policy: ImagePolicy, values: Mapping[str, str]) -> str:
    """The tag that the policy chooses among those admitted.

    Raises:
        ConfigurationError: none passes, or one is no number though numbers are to be compared.
    """
    found = _newest(policy, values)
    if found is None:
        filtered = f" that match {printable(policy.pattern, 100)}" if policy.pattern else ""
        raise ConfigurationError(
            f"{policy}: none of the {len(values)} tags of {policy.image}{filtered} is allowed by {policy.rule}",
            hint=f"correct the policy ({policy.place}), or push such an image",
            code="configuration.image-policy",
        )
    return values[found]


def _newest(policy: ImagePolicy, values: Mapping[str, str]) -> str | None:
    match policy.rule.order:
        case Order.SEMVER:
            return _highest(policy.rule, values)
        case Order.NUMERICAL:
            return _last_number(policy, values)
        case _:
            pick = min if policy.rule.is_descending else max
            return pick(values, key=lambda value: value.encode("utf-8", "surrogateescape"), default=None)


def _version(rule: TagRule, value: str) -> Version | None:
    version = parse_version(value)
    is_in = version is not None and rule.versions is not None and rule.versions.includes(version)
    return version if is_in else None


def _highest(rule: TagRule, values: Iterable[str]) -> str | None:
    best: tuple[Version, str] | None = None
    for value in values:
        version = _version(rule, value)
        if version is not None and (best is None or version > best[0]):
            best = version, value
    return best[1] if best else None


def _last_number(policy: ImagePolicy, values: Iterable[str]) -> str | None:
    """One that is no number fails the whole policy, as in Flux: which tag is the newest is then anybody's guess."""
    latest, highest = None, 0.0
    for value in values:
        number = _number(value)
        if number is None:
            raise ConfigurationError(
                f"{policy}: '{printable(value, 100)}' of {policy.image} is no number",
                hint=f"leave such tags out with filterTags ({policy.place})",
                code="configuration.image-policy",
            )
        is_behind = number > highest if policy.rule.is_descending else number < highest
        if latest is None or not is_behind:
            latest, highest = value, number
    return latest


def _number(text: str) -> float | None:
    if not text.isascii() or text != text.strip():
        return None
    try:
        number = float.fromhex(text) if "0x" in text.lower() and "p" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return None
    # Go refuses what is too large for a float, and takes the word.
    return None if math.isinf(number) and "inf" not in text.lower() else number
