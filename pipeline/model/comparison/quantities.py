"""Kubernetes quantities: ``1`` and ``1000m``, ``1Gi`` and ``1024Mi`` are the same amount.

Grammar: the API conventions' "Quantity" (``k8s.io/apimachinery/pkg/api/resource``).
"""

from __future__ import annotations

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([eE][+-]?[0-9]{1,3})|([KMGTPE]i|[numkMGTPE]))?")
_FACTORS = {
    **{suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Decimal(1000) ** -power for power, suffix in enumerate(("m", "u", "n"), 1)},
}
_HOLDERS = frozenset({"limits", "requests", "hard", "capacity", "allocatable", "podFixed"})
_LIMIT_RANGE_HOLDERS = frozenset({"default", "defaultRequest", "max", "maxLimitRequestRatio", "min"})
_FIELDS = frozenset({"averageValue", "divisor", "sizeLimit"})


def is_quantity_field(kind: str, holder: str, name: str) -> bool:
    """Whether a field of that name, inside a field named ``holder``, is a quantity in Kubernetes's own kinds."""
    return holder in _HOLDERS or name in _FIELDS or (kind == "LimitRange" and holder in _LIMIT_RANGE_HOLDERS)


def same_quantity(one: object, other: object) -> bool:
    """Whether both are quantities of the same amount."""
    first, second = amount(one), amount(other)
    return first is not None and first == second


def amount(value: object) -> Decimal | None:
    """The amount of a quantity in units; ``None`` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    return Decimal(number + (exponent or "")) * _FACTORS.get(suffix, Decimal(1))
