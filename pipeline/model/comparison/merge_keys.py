"""By which fields the items of a list are recognised on both sides of a comparison.

The keys are those of the Kubernetes API's own list types (``x-kubernetes-list-map-keys`` of the OpenAPI document), and
natural keys where the API replaces a list as a whole but people think of its items by name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

# Suffixes that kustomize (`configMapGenerator`) and Kubernetes derive from a hash: neither vowels nor 0, 1, 3.
_HASHED = re.compile(r"(.+)-[bcdfghjkmlnpqrstvwxz2456789]{10}")


def base_name(name: str) -> str:
    """The name without the hash that a generator appended, or as it is."""
    match = _HASHED.fullmatch(name)
    return match[1] if match else name


@dataclass(frozen=True, slots=True)
class ListRule:
    """How one list of objects is matched.

    ``keys`` are alternatives; the first of which an item has all fields identifies it (nested fields with dots).
    ``order_matters`` is about meaning: a changed order is then a change; with ``ordered_by`` only where an item's value
    has that text in it (variables that use one another). ``generated`` says that the last field of the
    key names an object whose name may end in a hash, which does not count.
    """

    keys: tuple[tuple[str, ...], ...]
    order_matters: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict, hash=False)
    generated: bool = False
    ordered_by: str = ""


_BY_NAME = ListRule((("name",),))
_BY_NAME_IN_ORDER = ListRule((("name",),), order_matters=True)
_BY_GENERATED_NAME = ListRule((("name",),), generated=True)

RULES: Mapping[str, ListRule] = {
    # Pods
    "containers": _BY_NAME,
    "initContainers": _BY_NAME_IN_ORDER,
    "ephemeralContainers": _BY_NAME,
    "volumes": _BY_NAME,
    "env": ListRule((("name",),), ordered_by="$("),
    "envFrom": ListRule(
        (("prefix", "configMapRef.name"), ("prefix", "secretRef.name")),
        order_matters=True,
        defaults={"prefix": ""},
        generated=True,
    ),
    "sources": ListRule(
        (("configMap.name",), ("secret.name",), ("serviceAccountToken.path",), ("clusterTrustBundle.path",)),
        order_matters=True,
        generated=True,
    ),
    "volumeMounts": ListRule((("mountPath",),)),
    "volumeDevices": ListRule((("devicePath",),)),
    "ports": ListRule((("containerPort", "protocol"), ("port", "protocol")), defaults={"protocol": "TCP"}),
    "imagePullSecrets": _BY_GENERATED_NAME,
    "hostAliases": ListRule((("ip",),)),
    "topologySpreadConstraints": ListRule((("topologyKey", "whenUnsatisfiable"),)),
    "tolerations": ListRule(
        (("key", "operator", "value", "effect"),),
        defaults={"key": "", "operator": "Equal", "value": "", "effect": ""},
    ),
    "readinessGates": ListRule((("conditionType",),)),
    "resourceClaims": _BY_NAME,
    "sysctls": _BY_NAME,
    "httpHeaders": _BY_NAME_IN_ORDER,
    "items": ListRule((("key", "path"), ("path",))),
    "matchExpressions": ListRule((("key", "operator"),)),
    # Anything
    "conditions": ListRule((("type",),)),
    "ownerReferences": ListRule((("uid",), ("kind", "name"))),
    "volumeClaimTemplates": ListRule((("metadata.name",),)),
    # Custom resource definitions
    "versions": _BY_NAME,
    "additionalPrinterColumns": _BY_NAME_IN_ORDER,
    # Access
    "subjects": ListRule((("kind", "namespace", "name"),), defaults={"namespace": ""}),
    "secrets": _BY_GENERATED_NAME,
    # Traffic and scaling
    "rules": ListRule((("host",),)),
    "paths": ListRule((("path", "pathType"), ("path",))),
    "tls": ListRule((("secretName",),)),
    "metrics": ListRule(
        (
            ("type", "resource.name"),
            ("type", "containerResource.container", "containerResource.name"),
            ("type", "pods.metric.name"),
            ("type", "object.metric.name"),
            ("type", "external.metric.name"),
        )
    ),
    "webhooks": _BY_NAME_IN_ORDER,
    "taints": ListRule((("key", "effect"),)),
}
"""Lists of objects, by the field's name."""

SETS = frozenset(
    {
        "accessModes", "add", "apiGroups", "categories", "drop", "externalIPs", "finalizers", "hosts",
        "loadBalancerSourceRanges", "mountOptions", "nonResourceURLs", "operations", "policyTypes", "resourceNames",
        "resources", "shortNames", "supplementalGroups", "values", "verbs",
    }
)  # fmt: skip
"""Lists of scalars of Kubernetes's own kinds whose order says nothing."""

_UNORDERED = frozenset({"egress", "from", "ingress", "nodeSelectorTerms", "ports", "rules", "to"})
"""Lists of objects of Kubernetes's own kinds that may have no key, and whose order says nothing."""

_ORDERED_WITHIN = frozenset({"podFailurePolicy", "successPolicy"})
"""Whose ``rules`` are tried in turn."""

_BUILTIN_GROUPS = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "networking", "node", "rbac.authorization",
        "resource", "scheduling", "storage",
    )
)  # fmt: skip
"""Not every group that ends in ``.k8s.io``: those of the Gateway API and others are custom resources too."""

_NATURAL_KEYS = ("name", "key", "id")
_BARE = re.compile(r"[A-Za-z0-9._/:@-]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """The same item on both sides; ``None`` where a side lacks it. ``label`` is what stands in the path's brackets."""

    label: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Matching:
    """All items of two lists, in the order of the later list, those that are gone last.

    ``order`` is the keys of the items that both sides have, before and after, where they moved and that matters;
    ``defaults`` is what the API server fills into each item's key.
    """

    pairs: tuple[Pair, ...]
    order: tuple[list[str], list[str]] | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)


def is_builtin(api_version: str) -> bool:
    """Whether the API group is one of Kubernetes's own, so that its lists are known to mean what the table says."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group in _BUILTIN_GROUPS


def match_items(
    name: str,
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    *,
    builtin: bool,
    holder: str = "",
) -> Matching:
    """Pair the objects of two lists found under a field of that name, inside a field named ``holder``."""
    rule = RULES.get(name)
    keyed = _match_by_rule(rule, before, after, builtin=builtin) if rule else None
    if keyed is not None:
        return keyed
    for key in _NATURAL_KEYS:
        keyed = _match_by_rule(ListRule(((key,),), order_matters=True), before, after, builtin=builtin)
        if keyed is not None:
            return keyed
    if builtin and name in _UNORDERED and holder not in _ORDERED_WITHIN:
        return _match_as_set(before, after)
    return _match_by_position(before, after)


def _match_by_rule(
    rule: ListRule, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], *, builtin: bool
) -> Matching | None:
    old = _index(rule, before)
    new = _index(rule, after)
    if old is None or new is None:
        return None
    pairs = [Pair(label, old.get(label), item) for label, item in new.items()]
    pairs += [Pair(label, item, None) for label, item in old.items() if label not in new]
    if builtin and not rule.order_matters and not _uses_order(rule, after):
        return Matching(tuple(pairs), defaults=rule.defaults)
    order_before = [label for label in old if label in new]
    order_after = [label for label in new if label in old]
    moved = None if order_before == order_after else (order_before, order_after)
    return Matching(tuple(pairs), moved, rule.defaults)


def _uses_order(rule: ListRule, items: Sequence[Mapping[str, Any]]) -> bool:
    return bool(rule.ordered_by) and any(rule.ordered_by in str(item.get("value", "")) for item in items)


def _index(rule: ListRule, items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]] | None:
    indexed: dict[str, Mapping[str, Any]] = {}
    for item in items:
        label = _label(rule, item)
        if label is None or label in indexed:
            return None
        indexed[label] = item
    return indexed


def _label(rule: ListRule, item: Mapping[str, Any]) -> str | None:
    for key in rule.keys:
        values = [_lookup(item, path, rule.defaults.get(path)) for path in key]
        if all(isinstance(value, str | int) for value in values):
            if rule.generated and isinstance(values[-1], str):
                values[-1] = base_name(values[-1])
            said = [(path, value) for path, value in zip(key, values, strict=True) if rule.defaults.get(path) != value]
            return ",".join(f"{path}={quoted(value)}" for path, value in said) or "default"
    return None


def _lookup(item: Mapping[str, Any], path: str, default: str | None) -> object:
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return default if value is None else value


def quoted(value: object) -> str:
    """The value as it stands in a path: bare where nothing in it could be mistaken, else as a JSON string."""
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _tokens(items: Iterable[object]) -> list[str]:
    return [json.dumps(item, sort_keys=True, default=str) for item in items]


def _match_as_set(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Matching:
    remaining = Counter(_tokens(before))
    new = []
    for index, token in enumerate(_tokens(after)):
        if remaining[token]:
            remaining[token] -= 1
        else:
            new.append(index)
    old = []
    for index, token in enumerate(_tokens(before)):
        if remaining[token]:
            remaining[token] -= 1
            old.append(index)
    return Matching(tuple(_paired(before, after, old, new)))


def _match_by_position(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Matching:
    matcher = SequenceMatcher(None, _tokens(before), _tokens(after), autojunk=False)
    pairs: list[Pair] = []
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            pairs += _paired(before, after, range(old_start, old_end), range(new_start, new_end))
    return Matching(tuple(pairs))


def _paired(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], old: Sequence[int], new: Sequence[int]
) -> Iterator[Pair]:
    """The items at these positions, first with first; labelled by position, in the later list if there."""
    for old_index, new_index in zip_longest(old, new):
        if new_index is None:
            yield Pair(str(old_index), before[old_index], None)
        else:
            yield Pair(str(new_index), None if old_index is None else before[old_index], after[new_index])
