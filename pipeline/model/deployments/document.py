"""A deploy record as JSON: the predicate of an in-toto statement about the artifact (``docs/formats.md``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.documents.strict_json import object_in, text_in
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import API_VERSION

KIND = "DeployRecord"
_WHAT = "the deploy record"


def record_document(record: DeployRecord) -> dict[str, Any]:
    """The record as JSON; objects in the order of their identities, each as a list to keep thousands small."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "cluster": record.cluster,
        "artifact": {"repository": record.repository, "digest": record.digest},
        "inventory": record.inventory,
        "path": record.path,
        "time": format_time(record.time),
        "result": record.result.value,
        "message": record.message,
        "source": record.source,
        "revision": record.revision,
        "verifiedBy": list(record.verified_by),
        "overrides": list(record.overrides),
        "objects": [
            [key.group, key.kind, key.namespace, key.name, value] for key, value in sorted(record.objects.items())
        ],
    }


def read_record(document: Mapping[str, Any]) -> DeployRecord:
    """Read a record; keys that a later version adds are passed over.

    Raises:
        TrustError: it is none, or of a version that is not known.
    """
    if (document.get("apiVersion"), document.get("kind")) != (API_VERSION, KIND):
        raise TrustError(f"{_WHAT} is not of {API_VERSION}, kind {KIND}", hint="is there a newer gitless?")
    artifact = object_in(document, "artifact", _WHAT)
    return DeployRecord(
        cluster=text_in(document, "cluster", _WHAT),
        repository=text_in(artifact, "repository", _WHAT),
        digest=text_in(artifact, "digest", _WHAT),
        inventory=text_in(document, "inventory", _WHAT),
        path=text_in({"path": "", **document}, "path", _WHAT),  # earlier records have none
        time=_time(text_in(document, "time", _WHAT)),
        result=_result(text_in(document, "result", _WHAT)),
        message=text_in(document, "message", _WHAT),
        source=text_in(document, "source", _WHAT),
        revision=text_in(document, "revision", _WHAT),
        verified_by=_texts(document, "verifiedBy"),
        overrides=_texts(document, "overrides"),
        objects=_objects(document.get("objects")),
    )


def _time(text: str) -> float:
    try:
        return parse_time(text)
    except ConfigurationError as error:
        raise TrustError(f"{_WHAT}: {error.message}") from None


def _result(text: str) -> Deployed:
    try:
        return Deployed(text)
    except ValueError:
        raise TrustError(f"{_WHAT} has a result that is not known: {ascii(text)[:60]}") from None


def _texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = document.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TrustError(f"{_WHAT} lacks '{key}'")
    return tuple(values)


def _objects(rows: object) -> dict[ObjectId, str]:
    if not isinstance(rows, list):
        raise TrustError(f"{_WHAT} lacks 'objects'")
    found = {}
    for row in rows:
        match row:
            case [str(group), str(kind), str(namespace), str(name), str(value)]:
                found[ObjectId(group, kind, namespace, name)] = value
            case _:
                raise TrustError(f"{_WHAT} has an object that is not [group, kind, namespace, name, hash]")
    return found
