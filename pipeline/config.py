"""Read ``gitless.yaml``: checked against its JSON Schema, every complaint with file, line and what was meant."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, ManifestError
from pipeline.model.documents.durations import parse_duration
from pipeline.model.images.fields import ImageField
from pipeline.model.images.lock import LOCK_FILE, ImagesLock, parse_lock
from pipeline.model.images.policy_reading import settings_policies
from pipeline.model.settings.guards import read_guards
from pipeline.model.settings.image_builds import read_image
from pipeline.model.settings.images import ImagesSettings
from pipeline.model.settings.recording import RecordingOptions, read_recording
from pipeline.model.settings.retention import read_retention
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.sources import HelmOptions, Source
from pipeline.model.settings.validation import read_validation
from pipeline.model.settings.values import (
    ArtifactSettings,
    AttestationSettings,
    RegistrySettings,
    Settings,
    TargetSettings,
)
from pipeline.model.validation.options import ValidationOptions

if TYPE_CHECKING:
    import jsonschema_rs
    import yaml

FILE_NAME = "gitless.yaml"


def schema_text() -> str:
    """The JSON Schema of ``gitless.yaml``, for editors."""
    return resources.files("pipeline.schemas").joinpath("gitless.v1.json").read_text(encoding="utf-8")


def load_settings(path: Path) -> Settings:
    """Read, check and resolve a settings file; paths in it become relative to the file's folder.

    ``trust`` is only checked against the schema; :mod:`pipeline.trust_documents` makes a policy of it.

    Raises:
        ConfigurationError: the file is missing, unreadable, or says something that the schema does not allow.
    """
    body, content = read_mapping(path, "expected one YAML document with keys such as name, sources and artifact")
    check_settings(body, content, str(path))
    try:
        return _settings(body, content, path)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.message}", hint=error.hint) from None


def read_mapping(path: Path, expected: str) -> tuple[Mapping[str, Any], bytes]:
    """The one YAML document of a file, and the file's bytes; ``expected`` is told where it is none.

    Raises:
        ConfigurationError: the file is missing, unreadable, or no single mapping.
    """
    from pipeline.model.documents.yaml_reading import read_documents

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror or error}",
            hint="`gitless init` writes a commented one from what it finds in the folder",
        ) from None
    try:
        documents = list(read_documents(content, str(path)))
    except ManifestError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    if len(documents) != 1 or not isinstance(documents[0][0], Mapping):
        raise ConfigurationError(f"{path}:1: {expected}")
    return documents[0][0], content


def load_images_lock(path: Path) -> ImagesLock:
    """Read a lock file; one that does not exist is empty.

    Raises:
        ConfigurationError: it cannot be read.
    """
    if not path.exists():
        return ImagesLock()
    return parse_lock(read_mapping(path, "expected one YAML document of kind ImagesLock")[0], str(path))


def line_of(place: Sequence[str | int], content: bytes) -> int:
    """The line of a key or item in a YAML document, or of the nearest thing around it."""
    positions = dict(_positions(content))
    return next(
        (positions[found] for end in range(len(place), -1, -1) if (found := tuple(place[:end])) in positions), 1
    )


def check_settings(body: Mapping[str, Any], content: bytes, file: str) -> None:
    """Hold a settings file against its schema.

    Raises:
        ConfigurationError: something is not allowed; the message has file and line.
    """
    import jsonschema_rs

    schema = json.loads(schema_text())
    errors = list(jsonschema_rs.validator_for(schema).iter_errors(body))
    if not errors:
        return
    positions = dict(_positions(content))
    messages = sorted(
        (line, f"{file}:{line}: {text}") for error in errors for line, text in _complaints(error, schema, positions)
    )
    hint = None
    if len(messages) > 1:
        hint = "also: " + "\n  also: ".join(text for _, text in messages[1:])
    raise ConfigurationError(messages[0][1], hint=hint)


def _complaints(
    error: jsonschema_rs.ValidationError, schema: Mapping[str, Any], positions: Mapping[tuple[str | int, ...], int]
) -> Iterator[tuple[int, str]]:
    place = tuple(error.instance_path)
    line = positions.get(place, 1)
    where = _dotted(place)
    if error.kind.name == "additionalProperties":
        known = list(_schema_at(schema, error.schema_path[:-1]).get("properties", {}))
        for key in error.kind.as_dict()["unexpected"]:
            near = get_close_matches(key, known, n=1)
            meant = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
            yield positions.get((*place, key), line), f"unknown key '{_dotted((*place, key))}'; {meant}"
    elif error.kind.name == "required":
        name = error.kind.as_dict()["property"]
        says = _schema_at(schema, error.schema_path[:-1]).get("properties", {}).get(name, {}).get("description", "")
        yield line, f"'{_dotted((*place, name))}' is missing{': ' + says if says else ''}"
    elif error.kind.name.startswith("oneOf"):
        choices = [
            key for one in _schema_at(schema, error.schema_path[:-1])["oneOf"] for key in one.get("required", ())
        ]
        yield line, f"'{where}' needs exactly one of: {', '.join(choices)}"
    else:
        says = _schema_at(schema, error.schema_path[:-1]).get("description", "")
        yield line, f"'{where}': {error.message}{' (' + says + ')' if says else ''}"


def _schema_at(schema: Mapping[str, Any], path: Sequence[str | int]) -> Mapping[str, Any]:
    here: Any = schema
    for part in path:
        here = here[part]
        while isinstance(here, Mapping) and "$ref" in here:
            here = schema["$defs"][here["$ref"].rpartition("/")[2]]
    return here if isinstance(here, Mapping) else {}


def _dotted(path: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the document"


def _positions(content: bytes) -> Iterator[tuple[tuple[str | int, ...], int]]:
    import yaml

    node = yaml.compose(content, Loader=yaml.CSafeLoader)
    if node is not None:
        yield from _node_positions(node, ())


def _node_positions(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    import yaml

    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _node_positions(value, (*path, key.value))
            # A key's own line says more than the line its value begins on.
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _node_positions(item, (*path, index))


def _settings(body: Mapping[str, Any], content: bytes, path: Path) -> Settings:
    folder = path.parent
    return Settings(
        file=str(path),
        name=body["name"],
        sources=_sources(body.get("sources", ()), folder),
        artifact=_artifact(body.get("artifact", {}), folder),
        signing=_signing(body["signing"], folder) if "signing" in body else None,
        attestations=_attestations(body["attestations"]) if "attestations" in body else None,
        validation=_validation(body.get("validation"), content, path),
        registry=_registry(body.get("registry", {}), folder),
        images=_images(body.get("images", {}), path),
        targets={name: _target(name, body, value, folder) for name, value in body.get("targets", {}).items()},
        image_builds=tuple(read_image(item, folder) for item in body.get("images", {}).get("build", ())),
        records_repository=body.get("records", {}).get("repository", ""),
        retention=read_retention(body.get("retention", {})),
    )


def _signing(item: Mapping[str, Any], folder: Path) -> SigningOptions:
    key, tuf = item.get("key"), item.get("tuf", {})
    if item.get("keyless") and item.get("format") == "simple":
        raise ConfigurationError("'signing.keyless' makes bundles, not 'format: simple'")
    return SigningOptions(
        # A URI names a key that a service keeps.
        key=key if key is None or "://" in key else _file(folder, key),
        keyless=item.get("keyless", False),
        identity_token_file=_file(folder, item.get("identityTokenFile", "")) or None,
        trusted_root=_file(folder, item.get("trustedRoot", "")) or None,
        signing_config=_file(folder, item.get("signingConfig", "")) or None,
        tuf_url=tuf.get("url"),
        tuf_root=_file(folder, tuf.get("root", "")) or None,
        format=item.get("format", "bundle"),
        password_file=_file(folder, item.get("passwordFile", "")) or None,
    )


def _attestations(item: Mapping[str, Any]) -> AttestationSettings:
    return AttestationSettings(
        provenance=item.get("provenance", True), sboms=tuple(dict.fromkeys(item.get("sbom", ("cyclonedx",))))
    )


def _validation(item: Mapping[str, Any] | None, content: bytes, path: Path) -> ValidationOptions | None:
    if item is None:
        return None
    return read_validation(
        item,
        lambda name: _file(path.parent, name),
        lambda index: f"{path}:{line_of(('validation', 'ignore', index), content)}",
    )


def _file(folder: Path, name: str) -> str:
    # A key may also be a URI, which is nowhere in the folder.
    return str(folder / name) if name and "://" not in name else name


def _sources(items: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Source, ...]:
    return tuple(
        Source(folder / item["path"], item.get("renderer", ""), _helm(item.get("helm", {}), folder)) for item in items
    )


def _helm(item: Mapping[str, Any], folder: Path) -> HelmOptions:
    return HelmOptions(
        release=item.get("release", ""),
        namespace=item.get("namespace", ""),
        values_files=tuple(_file(folder, name) for name in item.get("values", ())),
        set_values=tuple(f"{key}={_scalar(value)}" for key, value in item.get("set", {}).items()),
        include_crds=item.get("includeCRDs", True),
        kube_version=item.get("kubeVersion", ""),
        api_versions=tuple(item.get("apiVersions", ())),
    )


def _scalar(value: str | float | bool) -> str:  # noqa: FBT001 - the schema allows exactly these types
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _artifact(item: Mapping[str, Any], folder: Path) -> ArtifactSettings:
    repository: str = item.get("repository", "")
    scheme, colon, layout = repository.partition("oci-layout:")
    if colon and not scheme:
        repository = f"oci-layout:{folder / layout}"
    return ArtifactSettings(
        repository=repository,
        tags=tuple(item.get("tags", ())),
        annotations=dict(item.get("annotations", {})),
        source=item.get("source", ""),
        revision=item.get("revision", ""),
    )


def _registry(item: Mapping[str, Any], folder: Path) -> RegistrySettings:
    return RegistrySettings(
        plain_http=item.get("plainHTTP", False),
        ca_file=_file(folder, item.get("caFile", "")),
        cert_file=_file(folder, item.get("certFile", "")),
        key_file=_file(folder, item.get("keyFile", "")),
        timeout=_more_than_none(parse_duration(item.get("timeout", "30s"))),
    )


def _images(item: Mapping[str, Any], path: Path) -> ImagesSettings:
    return ImagesSettings(
        lock=str(path.parent / item.get("lock", LOCK_FILE)),
        is_named="lock" in item,
        require=item.get("require", False),
        policies=settings_policies(item.get("policies", ()), path.name),
        fields=tuple(
            ImageField(field.get("group", ""), field["kind"], field["path"]) for field in item.get("fields", ())
        ),
    )


def _more_than_none(seconds: float) -> float:
    if not seconds:
        raise ConfigurationError("'registry.timeout' is 0; expected the time that a request may take")
    return seconds


def _target(name: str, body: Mapping[str, Any], item: Mapping[str, Any], folder: Path) -> TargetSettings:
    return TargetSettings(
        name=name,
        sources=_sources(item.get("sources", ()), folder),
        artifact=_artifact(item["artifact"], folder) if "artifact" in item else None,
        kubeconfig=_file(folder, item.get("kubeconfig", "")),
        context=item.get("context", ""),
        namespace=item.get("namespace", ""),
        inventory=item.get("inventory", body["name"]),
        prune=item.get("prune", True),
        wait=item.get("wait", True),
        timeout=parse_duration(item.get("timeout", "5m")),
        force_conflicts=item.get("forceConflicts", False),
        recreate=item.get("recreate", False),
        take_ownership=item.get("takeOwnership", False),
        allow_rollback=item.get("allowRollback", False),
        guards=read_guards(item.get("guards", {})).over(read_guards(body.get("guards", {}))),
        deploy_record=_recording(item.get("deployRecord"), folder),
    )


def _recording(item: Mapping[str, Any] | None, folder: Path) -> RecordingOptions:
    if item is None:
        return RecordingOptions()
    return read_recording(item, lambda name: _file(folder, name), lambda signing: _signing(signing, folder))
