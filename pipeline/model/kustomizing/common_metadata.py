"""``spec.commonMetadata``: labels and annotations that every object gets, pod templates excepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.model.manifests import Resource


def with_common_metadata(resource: Resource, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Resource:
    """The object with these labels and annotations, whatever it says itself."""
    if not labels and not annotations:
        return resource
    metadata = dict(resource.body["metadata"])
    for key, values in (("labels", labels), ("annotations", annotations)):
        if values:
            metadata[key] = {**(metadata.get(key) or {}), **values}
    return replace(resource, body={**resource.body, "metadata": metadata})
