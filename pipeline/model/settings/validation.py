"""``validation`` of ``gitless.yaml``, as its schema allows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.model.artifact.reference import is_reference
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.options import IgnoredRule, ValidationOptions


def read_validation(
    item: Mapping[str, Any], file: Callable[[str], str], place: Callable[[int], str]
) -> ValidationOptions:
    """What the block says; ``file`` makes a path of a name, ``place`` tells where the nth suppression is written."""

    def files(key: str) -> tuple[str, ...]:
        return tuple(file(name) for name in item.get(key, ()))

    previous: str = item.get("previous", "")
    return ValidationOptions(
        gates=tuple(item.get("gates", ())),
        kubernetes=item.get("kubernetes", ""),
        crds=tuple(name if name == "cluster" else file(name) for name in item.get("crds", ())),
        policies=files("policies"),
        kyverno=files("kyverno"),
        opa=files("opa"),
        previous=previous if is_reference(previous) else file(previous),
        # Without quotes, off is a boolean in YAML.
        severities={
            name: None if value in {"off", False} else Severity(value) for name, value in item.get("rules", {}).items()
        },
        ignored=tuple(
            IgnoredRule(
                rule=entry["rule"], reason=entry["reason"], objects=tuple(entry.get("objects", ())), place=place(index)
            )
            for index, entry in enumerate(item.get("ignore", ()))
        ),
    )
