"""Compiled validators, one for each kind and version that is needed, and the same one where the schema is the same."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Any

from pipeline.gates.kubernetes_data import read_definitions
from pipeline.gates.schema_complaints import LIST_TYPE
from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Resource
from pipeline.model.validation.custom_kinds import CustomKind, CustomKinds
from pipeline.model.validation.kubernetes_schemas import (
    BYTE,
    CIDR,
    ITEM_DEFAULTS,
    UUID,
    JsonSchema,
    kinds_of,
    self_contained,
)
from pipeline.model.validation.kubernetes_versions import KubernetesVersion
from pipeline.model.validation.name_formats import UUID_TEXT
from pipeline.model.validation.structural_schemas import json_schema

if TYPE_CHECKING:
    import jsonschema_rs

_LONGEST_PROBLEM = 300
_BITS = re.compile(r"/[0-9]{1,3}\Z", re.ASCII)

KindKey = tuple[str, str]
"""API version and kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """One schema, ready for use; ``validator`` is ``None`` where the schema itself cannot be used."""

    schema: JsonSchema
    validator: jsonschema_rs.Draft202012Validator | None
    custom: CustomKind | None = None
    problem: str = ""
    """Why it cannot be used."""


class Validators:
    """Every validator that some objects need, by version and kind; a kind without one is absent."""

    def __init__(
        self, versions: Iterable[KubernetesVersion], custom: CustomKinds, resources: Iterable[Resource]
    ) -> None:
        self._custom = custom
        self._by_version: dict[KubernetesVersion, dict[KindKey, Compiled]] = {}
        self._distinct: dict[KindKey, list[Compiled]] = {}
        needed = dict.fromkeys((item.api_version, item.id.kind) for item in resources)
        for version in versions:
            # Parsed here and dropped after this version: together they would take a hundred MiB.
            definitions = read_definitions(version)
            names = dict(kinds_of(definitions))
            found = ((kind, self._compiled(kind, names, definitions)) for kind in needed)
            self._by_version[version] = {kind: one for kind, one in found if one is not None}

    def of(self, version: KubernetesVersion, resource: Resource) -> Compiled | None:
        """The validator for an object."""
        return self._by_version[version].get((resource.api_version, resource.id.kind))

    def _compiled(self, kind: KindKey, names: Mapping[KindKey, str], definitions: Mapping[str, Any]) -> Compiled | None:
        # A definition of the user's wins: groups such as gateway.networking.k8s.io are nobody's by name.
        custom = self._custom.find(*kind)
        if custom is None and kind not in names:
            return None
        known = self._distinct.setdefault(kind, [])
        if custom is None:
            schema = self_contained(definitions, names[kind])
        elif known:
            # metadata differs in nothing that matters here
            return known[0]
        else:
            schema = json_schema(custom, definitions)
        same = next((one for one in known if one.schema == schema), None)
        if same is None:
            same = _compiled(schema, custom)
            known.append(same)
        return same


def _compiled(schema: JsonSchema, custom: CustomKind | None) -> Compiled:
    import jsonschema_rs

    try:
        validator = jsonschema_rs.Draft202012Validator(
            schema,
            formats={BYTE: _is_base64, CIDR: _is_cidr, UUID: lambda text: UUID_TEXT.fullmatch(text) is not None},
            validate_formats=True,
            keywords={LIST_TYPE: _ListType},
            # As Go's: in linear time.
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        return Compiled(schema, None, custom, printable(str(getattr(error, "message", error)), _LONGEST_PROBLEM))
    return Compiled(schema, validator, custom)


def _is_base64(text: str) -> bool:
    try:
        b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        return False
    return True


def _is_cidr(text: str) -> bool:
    try:
        return _BITS.search(text) is not None and "%" not in text and ip_interface(text) is not None
    except ValueError:
        return False


class _ListType:
    """``x-kubernetes-list-type``: sets hold nothing twice, maps no two items with the same keys."""

    def __init__(self, parent: Mapping[str, Any], value: object, path: object) -> None:
        del path
        keys = parent.get("x-kubernetes-list-map-keys") or () if value == "map" else ()
        self._keys = tuple(key for key in keys if isinstance(key, str))
        self._defaults = parent.get(ITEM_DEFAULTS, _DEFAULTS)
        self._is_set = value == "set"

    def validate(self, instance: object) -> None:
        """Look for what is there twice.

        Raises:
            ValueError: this is.
        """
        if not isinstance(instance, list) or len(instance) < 2 or not (self._keys or self._is_set):  # noqa: PLR2004
            return
        seen = set()
        for mark in self._marks(instance):
            if mark in seen:
                raise ValueError(f"two items with {mark}" if self._keys else "the same item twice")
            seen.add(mark)

    def _marks(self, instance: list[Any]) -> Iterator[str]:
        for item in instance:
            if self._is_set:
                yield repr(item)
            elif isinstance(item, dict):
                marks = [f"{key} {item.get(key, self._defaults.get(key))}" for key in self._keys]
                yield " and ".join(marks)


_DEFAULTS = {"protocol": "TCP"}
"""Of the keys of Kubernetes' own lists, the one that may be left out."""
