"""Which objects a ``target`` selects, as in kustomize's patches (kustomize ``api/types/selector.go``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pipeline.errors import ConfigurationError
from pipeline.model.kustomizing.patterns import Pattern, PatternError
from pipeline.model.label_selector import LabelSelector
from pipeline.model.manifests import Resource

_FIELDS = ("group", "version", "kind", "name", "namespace")


def selects(target: Mapping[str, str], resource: Resource) -> bool:
    """Whether every condition holds; none at all selects everything.

    ``group``, ``version``, ``kind``, ``name`` and ``namespace`` are regular expressions for the whole of it, the
    selectors for labels and annotations are in the API's syntax.

    Raises:
        ConfigurationError: an expression or a selector cannot be read.
    """
    found = {
        "group": resource.id.group,
        "version": resource.api_version.rpartition("/")[2],
        "kind": resource.id.kind,
        "name": resource.id.name,
        "namespace": resource.id.namespace,
    }
    metadata = resource.body["metadata"]
    return (
        all(_pattern(key, target[key]).matches(found[key]) for key in _FIELDS if target.get(key))
        and _selected(target.get("labelSelector", ""), metadata.get("labels"))
        and _selected(target.get("annotationSelector", ""), metadata.get("annotations"))
    )


@lru_cache(maxsize=256)
def _pattern(key: str, text: str) -> Pattern:
    try:
        return Pattern(text)
    except PatternError as error:
        raise ConfigurationError(
            f"target.{key}: '{text[:100]}' cannot be used as a regular expression: {error}",
            code="configuration.selector",
        ) from None


@lru_cache(maxsize=256)
def _selector(text: str) -> LabelSelector:
    return LabelSelector.parse(text)


def _selected(text: str, values: Mapping[str, str] | None) -> bool:
    return not text or _selector(text).matches(values or {})
