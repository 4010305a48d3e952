"""What differs between two versions of one object, field by field, as a person would tell it.

Noise is gone, lists are matched by their merge keys, equal quantities are equal, and Secret values are hidden.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeline.model.comparison.masking import is_secret, mask, merge_string_data
from pipeline.model.comparison.merge_keys import SETS, is_builtin, match_items
from pipeline.model.comparison.noise import drop_noise
from pipeline.model.comparison.quantities import is_quantity_field, same_quantity
from pipeline.model.manifests import Body
from pipeline.model.plan import ABSENT, FieldChange

__all__ = ["compare", "contents", "drop_noise", "same"]

_ENTRY_BY_ENTRY = frozenset({"data", "metadata.annotations", "metadata.labels"})
"""Told entry by entry even where one side lacks the whole field."""

_BARE_FIELD = re.compile(r"[A-Za-z0-9_$-]+")


def same(before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether two values are identical, told apart as JSON does (``true`` is not ``1``) and at C speed.

    ``False`` says nothing yet: the same keys in another order look different here.
    """
    return before is after or (bool(before == after) and repr(before) == repr(after))


def compare(before: Body, after: Body) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the later version; empty exactly when nothing meaningful does.

    Paths are fields joined by dots, unusual names as ``["a.b"]``, list items as ``[name=web]`` by merge key or ``[2]``
    by position (in the earlier list for what was removed). Lists of plain values are one field, compared as a whole.
    """
    if same(before, after):
        return ()
    secret = is_secret(before) or is_secret(after)
    old, new = (merge_string_data(body) if secret else body for body in (before, after))
    comparison = _Comparison(builtin=is_builtin(after.get("apiVersion", "")), kind=after.get("kind", ""))
    comparison.maps("", "", drop_noise(old), drop_noise(new))
    changes = tuple(comparison.changes)
    return mask(changes, old, new) if secret and changes else changes


def contents(body: Body) -> tuple[FieldChange, ...]:
    """A new object's own content as added fields, identity left out; Secret values are hidden."""
    named = {"apiVersion": body.get("apiVersion"), "kind": body.get("kind")}
    metadata = body.get("metadata", {})
    identity = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return compare(named | {"metadata": identity}, body)


class _Comparison:
    """Walks both versions at once and collects what differs."""

    def __init__(self, *, builtin: bool, kind: str) -> None:
        self.changes: list[FieldChange] = []
        self._builtin = builtin
        self._kind = kind

    def maps(self, path: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        for key, new in after.items():
            old = before.get(key, ABSENT)
            if old is ABSENT or not same(old, new):
                self._values(_joined(path, key), key, name, old, new)
        for key, old in before.items():
            if key not in after:
                self._values(_joined(path, key), key, name, old, ABSENT)

    def _values(self, path: str, name: str, holder: str, before: Any, after: Any) -> None:  # noqa: ANN401 - any JSON
        if path in _ENTRY_BY_ENTRY:
            before, after = ({} if side is ABSENT else side for side in (before, after))
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            self.maps(path, name, before, after)
        elif isinstance(before, list) and isinstance(after, list):
            self._lists(path, name, holder, before, after)
        elif not self._means_the_same(name, holder, before, after):
            self.changes.append(FieldChange(path, before, after))

    def _means_the_same(self, name: str, holder: str, before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON
        if isinstance(before, bool) == isinstance(after, bool) and before == after:
            return True
        return self._builtin and is_quantity_field(self._kind, holder, name) and same_quantity(before, after)

    def _lists(self, path: str, name: str, holder: str, before: list[Any], after: list[Any]) -> None:
        if not all(isinstance(item, Mapping) for side in (before, after) for item in side):
            if not self._same_plain_list(name, before, after):
                self.changes.append(FieldChange(path, before, after))
            return
        matching = match_items(name, before, after, builtin=self._builtin, holder=holder)
        for pair in matching.pairs:
            item_path = f"{path}[{pair.label}]"
            if pair.before is None or pair.after is None:
                old, new = (ABSENT if side is None else side for side in (pair.before, pair.after))
                self.changes.append(FieldChange(item_path, old, new))
            elif not same(pair.before, pair.after):
                self.maps(item_path, name, matching.defaults | pair.before, matching.defaults | pair.after)
        if matching.order is not None:
            self.changes.append(FieldChange(path, *matching.order, is_order=True))

    def _same_plain_list(self, name: str, before: list[Any], after: list[Any]) -> bool:
        if same(before, after):
            return True
        as_set = name == "finalizers" or (self._builtin and name in SETS)
        return as_set and sorted(map(repr, before)) == sorted(map(repr, after))


def _joined(path: str, key: str) -> str:
    if _BARE_FIELD.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
