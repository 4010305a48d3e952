"""Names, namespaces, labels and annotations, of objects and of what objects are made from.

Source: k8s.io/apimachinery ``pkg/api/validation/objectmeta.go``; k8s.io/kubernetes ``pkg/apis/*/validation`` for each
kind's names. Where versions of Kubernetes differ, the most generous one counts, but for names of Services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.validation.field_paths import Steps
from pipeline.model.validation.name_formats import (
    DNS_1035_LABEL,
    DNS_LABEL,
    DNS_SUBDOMAIN,
    LABEL_VALUE,
    PATH_SEGMENT,
    QUALIFIED_NAME_IN_WORDS,
    NameFormat,
    is_qualified_name,
)
from pipeline.model.validation.server_rules.refusal import Refusal

RELAXED_SERVICES: Final = 34
"""The minor version since which a Service's name may begin with a digit, at first where a feature gate says so."""
_LONGEST_CRON_JOB: Final = 52
_MOST_ANNOTATIONS: Final = 256 * 1024
_SUBDOMAINS: Final = frozenset(
    {
        ("", "ConfigMap"), ("", "Endpoints"), ("", "LimitRange"), ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"), ("", "Pod"), ("", "PodTemplate"), ("", "ReplicationController"),
        ("", "ResourceQuota"), ("", "Secret"), ("", "ServiceAccount"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apps", "DaemonSet"), ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("batch", "CronJob"), ("batch", "Job"),
        ("coordination.k8s.io", "Lease"), ("discovery.k8s.io", "EndpointSlice"),
        ("networking.k8s.io", "Ingress"), ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "NetworkPolicy"), ("node.k8s.io", "RuntimeClass"),
        ("scheduling.k8s.io", "PriorityClass"), ("storage.k8s.io", "StorageClass"),
    }
)  # fmt: skip
"""Kinds of Kubernetes whose names are DNS subdomains."""


def name_refusals(kind: tuple[str, str], name: str, *, is_custom: bool, oldest: int) -> Iterator[Refusal]:
    """What is wrong with an object's name; ``oldest`` is the minor version of the oldest Kubernetes in question."""
    expected = _format_of(kind, is_custom=is_custom, oldest=oldest)
    if not expected.accepts(name):
        yield Refusal(("metadata", "name"), value=name, expected=expected.words)
    elif kind == ("batch", "CronJob") and len(name) > _LONGEST_CRON_JOB:
        problem = (
            f"is {len(name)} characters long; expected at most {_LONGEST_CRON_JOB}, for its Jobs' names are longer"
        )
        yield Refusal(("metadata", "name"), problem, value=name)


def _format_of(kind: tuple[str, str], *, is_custom: bool, oldest: int) -> NameFormat:
    if kind == ("", "Namespace"):
        return DNS_LABEL
    if kind == ("", "Service"):
        return DNS_LABEL if oldest >= RELAXED_SERVICES else DNS_1035_LABEL
    return DNS_SUBDOMAIN if is_custom or kind in _SUBDOMAINS else PATH_SEGMENT


def namespace_refusals(namespace: str) -> Iterator[Refusal]:
    """No Namespace can have another name."""
    if namespace and not DNS_LABEL.accepts(namespace):
        hint = "no namespace can have this name"
        yield Refusal(("metadata", "namespace"), value=namespace, expected=DNS_LABEL.words, hint=hint)


def marks_refusals(metadata: Mapping[str, Any], *place: str | int) -> Iterator[Refusal]:
    """Labels and annotations, of the metadata at that place."""
    yield from label_refusals(mapping_at(metadata, "labels"), (*place, "labels"))
    annotations = mapping_at(metadata, "annotations")
    for key in annotations:
        if not is_qualified_name(str(key).lower()):
            yield _bad_key((*place, "annotations", key))
    size = sum(len(str(text).encode(errors="replace")) for pair in annotations.items() for text in pair)
    if size > _MOST_ANNOTATIONS:
        problem = f"is {size} bytes long; expected at most {_MOST_ANNOTATIONS} for all annotations together"
        yield Refusal((*place, "annotations"), problem)


def label_refusals(labels: Mapping[str, Any], place: Steps) -> Iterator[Refusal]:
    """Keys and values of labels, or of what selects by them."""
    for key, value in labels.items():
        if not is_qualified_name(str(key)):
            yield _bad_key((*place, key))
        if isinstance(value, str) and not LABEL_VALUE.accepts(value):
            yield Refusal((*place, key), value=value, expected=LABEL_VALUE.words)


def _bad_key(steps: Steps) -> Refusal:
    return Refusal(steps, f"is no key; expected {QUALIFIED_NAME_IN_WORDS}")
