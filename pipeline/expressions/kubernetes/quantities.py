"""``quantity()``, ``semver()`` and what can be asked of them; the comparisons are for both.

Source: k8s.io/apiserver ``pkg/cel/library/quantity.go`` and ``semverlib.go``; Semantic Versioning 2.0.0.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from pipeline.expressions.kubernetes.declaring import Function, field
from pipeline.model.comparison.quantities import amount

QUANTITY, SEMVER = "quantity", "semver"
_LARGEST = 2**63
_WITHOUT_NUMBER = re.compile(r"(?=.)[+-]?\.?(?:[eE][+-]?[0-9]{1,3}|[KMGTPE]i|[numkMGTPE])?")
_LEADING_ZEROS = re.compile(r"^0+(?=[0-9])")
_NUMBER = r"(0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


def _quantity(text: str) -> dict[str, str]:
    found = _read(text)
    if found is None:
        raise ValueError("quantities must match the regular expression of Kubernetes' quantities")
    return _made(found)


def _read(text: str) -> Decimal | None:
    """As Go reads it, which takes a suffix without a number for zero."""
    return Decimal(0) if _WITHOUT_NUMBER.fullmatch(text) else amount(text)


def _made(found: Decimal) -> dict[str, str]:
    """In one form, so that equal amounts are equal."""
    return {QUANTITY: format(found.normalize(), "f")}


def _amount(value: object) -> Decimal:
    return Decimal(field(value, QUANTITY))


def _is_integer(value: object) -> bool:
    found = _amount(value)
    return found == found.to_integral_value() and -_LARGEST <= found < _LARGEST


def _as_integer(value: object) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(_amount(value))


def _sign(value: object) -> int:
    found = _amount(value)
    return (found > 0) - (found < 0)


def _added(one: object, other: object) -> dict[str, str]:
    return _made(_amount(one) + (other if isinstance(other, int) else _amount(other)))


def _subtracted(one: object, other: object) -> dict[str, str]:
    return _made(_amount(one) - (other if isinstance(other, int) else _amount(other)))


def _semver(text: str, normalise: bool = False) -> dict[str, str]:  # noqa: FBT001, FBT002 - CEL passes it by position
    found = _SEMVER.fullmatch(_normalised(text) if normalise else text)
    if found is None:
        raise ValueError("no semantic version")
    release = ".".join(found.group(1, 2, 3))
    return {SEMVER: release + (f"-{found[4]}" if found[4] else "")}


def _normalised(text: str) -> str:
    """Without ``v`` and leading zeros, with all three numbers, as the API server's ``normalizeAndParse``.

    A version that is short of numbers must not have marks.
    """
    parts = [_LEADING_ZEROS.sub("", part) for part in text.removeprefix("v").split(".", 2)]
    if len(parts) < 3 and ("+" in parts[-1] or "-" in parts[-1]):  # noqa: PLR2004 - major, minor, patch
        return ""
    return ".".join([*parts, "0", "0"][:3])


def _is_semver(text: str, normalise: bool = False) -> bool:  # noqa: FBT001, FBT002 - the same
    return _SEMVER.fullmatch(_normalised(text) if normalise else text) is not None


def _part(index: int) -> Any:  # noqa: ANN401 - an implementation
    return lambda value: int(field(value, SEMVER).partition("-")[0].split(".")[index])


def _precedence(version: str) -> tuple[Any, ...]:
    release, _, marks = version.partition("-")
    identifiers = tuple((not mark.isdigit(), int(mark) if mark.isdigit() else mark) for mark in marks.split("."))
    return tuple(map(int, release.split("."))), not marks, identifiers if marks else ()


def _compared(one: object, other: object) -> int:
    if isinstance(one, dict) and SEMVER in one:
        first, second = _precedence(one[SEMVER]), _precedence(field(other, SEMVER))
        return (first > second) - (first < second)
    mine, yours = _amount(one), _amount(other)
    return (mine > yours) - (mine < yours)


FUNCTIONS = (
    Function(QUANTITY, ("STRING",), "MAP", _quantity, is_member=False),
    Function("isQuantity", ("STRING",), "BOOL", lambda text: _read(text) is not None, is_member=False),
    Function("isInteger", ("MAP",), "BOOL", _is_integer),
    Function("asInteger", ("MAP",), "INT", _as_integer),
    Function("asApproximateFloat", ("MAP",), "DOUBLE", lambda value: float(_amount(value))),
    Function("sign", ("MAP",), "INT", _sign, is_member=False),
    *(Function("add", ("MAP", other), "MAP", _added) for other in ("MAP", "INT")),
    *(Function("sub", ("MAP", other), "MAP", _subtracted) for other in ("MAP", "INT")),
    Function("isGreaterThan", ("MAP", "MAP"), "BOOL", lambda one, other: _compared(one, other) > 0),
    Function("isLessThan", ("MAP", "MAP"), "BOOL", lambda one, other: _compared(one, other) < 0),
    Function("compareTo", ("MAP", "MAP"), "INT", _compared),
    *(Function(SEMVER, takes, "MAP", _semver, is_member=False) for takes in (("STRING",), ("STRING", "BOOL"))),
    *(Function("isSemver", takes, "BOOL", _is_semver, is_member=False) for takes in (("STRING",), ("STRING", "BOOL"))),
    Function("major", ("MAP",), "INT", _part(0)),
    Function("minor", ("MAP",), "INT", _part(1)),
    Function("patch", ("MAP",), "INT", _part(2)),
)
