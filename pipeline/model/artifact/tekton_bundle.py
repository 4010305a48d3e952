"""Build the image that Tekton's bundles resolver reads: Tasks, StepActions and Pipelines, one in each layer.

Shape: Tekton's "Bundle Contract v0.1" (docs/tekton-bundle-contracts.md) and what its resolver checks: each layer is a
gzipped tar of one file, since the resolver takes the first entry, and carries three annotations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.artifact.archive import compress, write_file
from pipeline.model.artifact.flux import ANNOTATION_CONTENT_DIGEST, Artifact
from pipeline.model.artifact.ignore import FILE_NAME
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    OCI_IMAGE_CONFIG,
    OCI_IMAGE_LAYER,
    OCI_MANIFEST,
    Blob,
    sha256_digest,
)
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import EPOCH
from pipeline.model.documents.untyped import text_at
from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.documents.yaml_writing import write_document
from pipeline.model.manifests import Origin, Resource

MAX_RESOURCES = 20
"""Layers that the resolver takes; of one with more it takes none."""
KINDS = ("Pipeline", "StepAction", "Task")
"""What somebody can ask the resolver for."""
SUFFIXES = (".yaml", ".yml", ".json")
_GROUP = "tekton.dev/"
_PREFIX = "dev.tekton.image."


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is in a bundle, in the order of its layers, and the files that hold no manifests."""

    resources: tuple[Resource, ...]
    left_out: tuple[str, ...] = ()


def read_bundle(files: Iterable[tuple[str, bytes]]) -> Bundle:
    """The resources of all YAML and JSON files, ordered by kind and name.

    Raises:
        ManifestError: a file cannot be read, something else than Tekton's resources is in one, two have the same kind
            and name, or there are none or too many.
    """
    found: dict[tuple[str, str], Resource] = {}
    left_out: list[str] = []
    for path, content in files:
        if not path.endswith(SUFFIXES):
            # What says itself what is left out needs no mention.
            left_out += [] if path.rpartition("/")[2] == FILE_NAME else [path]
            continue
        for body, line in read_documents(content, path):
            resource = _resource(body, Origin(path, line))
            key = resource.id.kind, resource.id.name
            if key in found:
                raise ManifestError(
                    f"{resource.origin}: {resource.id.kind} {resource.id.name} is there twice, first in"
                    f" {found[key].origin}; a bundle names each by kind and name"
                )
            found[key] = resource
    if not found:
        raise ManifestError("there is nothing to bundle: no Task, StepAction or Pipeline")
    if len(found) > MAX_RESOURCES:
        raise ManifestError(
            f"{len(found)} resources are too many: Tekton takes a bundle of at most {MAX_RESOURCES}",
            hint="make several bundles, such as one of each folder",
        )
    return Bundle(tuple(found[key] for key in sorted(found)), tuple(left_out))


def build_bundle(
    resources: Sequence[Resource],
    *,
    source: str = "",
    revision: str = "",
    created: str = EPOCH,
    annotations: Mapping[str, str] | None = None,
) -> Artifact:
    """Config, layers and manifest; the same resources give the same bytes, however their files are laid out."""
    archives = [write_file(resource.id.name, write_document(resource.body)) for resource in resources]
    digests = [sha256_digest(archive) for archive in archives]
    layers = tuple(
        Blob(OCI_IMAGE_LAYER, compress(archive), _named(resource))
        for resource, archive in zip(resources, archives, strict=True)
    )
    config = Blob(OCI_IMAGE_CONFIG, _json(_config(digests, created)))
    content_digest = sha256_digest("".join(digests).encode())
    given = {ANNOTATION_CREATED: created, ANNOTATION_SOURCE: source, ANNOTATION_REVISION: revision}
    given |= {**(annotations or {}), ANNOTATION_CONTENT_DIGEST: content_digest}
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _described(config),
        "layers": [_described(layer) | {"annotations": dict(layer.annotations)} for layer in layers],
        "annotations": {key: given[key] for key in sorted(given) if given[key]},
    }
    return Artifact(
        manifest=Blob(OCI_MANIFEST, _json(body)),
        config=config,
        layers=layers,
        content_digest=content_digest,
        files=len(resources),
        created=given[ANNOTATION_CREATED],
        source=given[ANNOTATION_SOURCE],
        revision=given[ANNOTATION_REVISION],
    )


def _resource(body: Any, origin: Origin) -> Resource:  # noqa: ANN401 - any document
    kind, api_version = text_at(body, "kind"), text_at(body, "apiVersion")
    if kind not in KINDS or not api_version.startswith(_GROUP):
        said = printable(f"{kind} ({api_version})", 200) if kind else "this document"
        raise ManifestError(
            f"{origin}: {said} cannot be in a Tekton bundle; expected {', '.join(KINDS[:-1])} or {KINDS[-1]}"
            f" of {_GROUP}VERSION",
            hint="leave the file out with --ignore-path, or in .sourceignore",
        )
    if not text_at(body, "metadata", "name"):
        raise ManifestError(f"{origin}: this {kind} has no metadata.name, by which a bundle names it")
    return Resource.from_body(body, origin)


def _named(resource: Resource) -> Mapping[str, str]:
    return {
        f"{_PREFIX}apiVersion": resource.api_version,
        f"{_PREFIX}kind": resource.id.kind.lower(),
        f"{_PREFIX}name": resource.id.name,
    }


def _config(digests: Sequence[str], created: str) -> Mapping[str, object]:
    return {
        "architecture": "",
        "created": created,
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": digests},
        "config": {},
    }


def _described(blob: Blob) -> dict[str, object]:
    descriptor = blob.descriptor
    return {"mediaType": descriptor.media_type, "size": descriptor.size, "digest": descriptor.digest}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
