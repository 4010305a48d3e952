"""Selectors of labels, and whether a workload's selects its own Pods.

Source: k8s.io/apimachinery ``pkg/apis/meta/v1/validation``; k8s.io/kubernetes ``pkg/apis/apps/validation``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import items_at, mapping_at, text_at, texts_at, texts_of
from pipeline.model.label_selector import LabelSelector, Operator, Requirement
from pipeline.model.validation.field_paths import Steps
from pipeline.model.validation.server_rules.metadata import label_refusals
from pipeline.model.validation.server_rules.refusal import Refusal, missing

_WITH_VALUES: Final = (Operator.IN, Operator.NOT_IN)


def selector_refusals(selector: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    """What is wrong with a ``LabelSelector``."""
    yield from label_refusals(mapping_at(selector, "matchLabels"), (*place, "matchLabels"))
    for index, expression in items_at(selector, "matchExpressions"):
        here = (*place, "matchExpressions", index)
        operator = text_at(expression, "operator")
        if operator not in set(Operator):
            yield Refusal((*here, "operator"), value=operator, expected=f"one of: {', '.join(Operator)}")
        elif operator in _WITH_VALUES and not expression.get("values"):
            yield missing(*here, "values", hint=f"{operator} needs at least one value")
        elif operator not in _WITH_VALUES and expression.get("values"):
            yield Refusal((*here, "values"), f"may not be there with the operator {operator}")


def own_selector_refusals(spec: Mapping[str, Any]) -> Iterator[Refusal]:
    """A workload's selector, which has to select the Pods of its own template."""
    selector = mapping_at(spec, "selector")
    found = list(selector_refusals(selector, ("spec", "selector")))
    yield from found
    if "selector" not in spec or found:
        return
    wanted = _selector(selector)
    labels = texts_of(mapping_at(spec, "template", "metadata", "labels"))
    if not wanted.requirements:
        yield Refusal(
            ("spec", "selector"), "is empty; expected the labels of the Pods in spec.template.metadata.labels"
        )
    elif not wanted.matches(labels):
        shown = ", ".join(f"{key}={value}" for key, value in labels.items()) or "no labels"
        yield Refusal(
            ("spec", "template", "metadata", "labels"),
            f"has {shown}, which spec.selector does not select",
            value=(selector, labels),
            hint="write the labels of spec.selector into the template",
        )


def _selector(selector: Mapping[str, Any]) -> LabelSelector:
    found = [
        Requirement(key, Operator.IN, frozenset({value}))
        for key, value in texts_of(mapping_at(selector, "matchLabels")).items()
    ]
    for _, expression in items_at(selector, "matchExpressions"):
        operator = Operator(text_at(expression, "operator"))
        found.append(Requirement(text_at(expression, "key"), operator, frozenset(texts_at(expression, "values"))))
    return LabelSelector(tuple(found))
