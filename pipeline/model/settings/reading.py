"""From the document of ``gitless.yaml``, which its schema allows, to settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.durations import parse_duration
from pipeline.model.images.fields import ImageField
from pipeline.model.images.lock import LOCK_FILE
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

LineOf = Callable[[Sequence[str | int]], int]
"""The line in the file of a key or item, by the path to it."""


def read_settings(body: Mapping[str, Any], path: Path, line_of: LineOf) -> Settings:
    """The settings that the file's document has; paths in it become relative to the file's folder.

    Raises:
        ConfigurationError: values contradict each other, or one cannot be read; the message does not name the file.
    """
    folder = path.parent
    return Settings(
        file=str(path),
        name=body["name"],
        sources=_sources(body.get("sources", ()), folder),
        artifact=_artifact(body.get("artifact", {}), folder),
        signing=_signing(body["signing"], folder) if "signing" in body else None,
        attestations=_attestations(body["attestations"]) if "attestations" in body else None,
        validation=_validation(body.get("validation"), path, line_of),
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


def _validation(item: Mapping[str, Any] | None, path: Path, line_of: LineOf) -> ValidationOptions | None:
    if item is None:
        return None
    return read_validation(
        item,
        lambda name: _file(path.parent, name),
        lambda index: f"{path}:{line_of(('validation', 'ignore', index))}",
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
