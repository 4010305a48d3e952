"""Bills of materials by whomever, read into one shape: CycloneDX and SPDX, both in JSON.

Formats: CycloneDX 1.4 to 1.6 (``CycloneDX/specification``, ``schema/bom-1.6.schema.json``) and SPDX 2.2 and 2.3
(``spdx/spdx-spec``). Whatever is missing or has another type than expected reads as empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from pipeline.model.trust.predicate_types import short_name

_IMAGE_PURLS = ("pkg:oci/", "pkg:docker/")


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomFacts:
    """What a bill of materials lists; ``components`` counts them by type, in lower case as the format names it."""

    format: str
    """Such as ``CycloneDX 1.6`` or ``SPDX-2.3``."""
    name: str = ""
    """Of what it describes."""
    created: str = ""
    components: Mapping[str, int] = field(default_factory=dict, hash=False)
    images: tuple[str, ...] = ()
    """Container images, as they are named there; with digest where one is given."""

    def document(self) -> dict[str, Any]:
        """The facts as JSON."""
        return {
            "format": self.format,
            "name": self.name,
            "created": self.created,
            "components": dict(self.components),
            "images": list(self.images),
        }


def read_sbom(predicate_type: str, predicate: Mapping[str, Any]) -> SbomFacts | None:
    """The facts of a bill of materials; ``None`` where the predicate is something else."""
    name = short_name(predicate_type)
    if name == "cyclonedx":
        return _cyclonedx(predicate)
    return _spdx(predicate) if name == "spdx" else None


def _cyclonedx(document: Mapping[str, Any]) -> SbomFacts:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    subject = metadata.get("component")
    components = list(_nested(document.get("components")))
    images = [_cyclonedx_image(item) for item in components if item.get("type") == "container"]
    return SbomFacts(
        format=f"CycloneDX {_text(document, 'specVersion')}".rstrip(),
        name=_text(subject, "name") if isinstance(subject, dict) else "",
        created=_text(metadata, "timestamp"),
        components=_counts(_text(item, "type") or "unknown" for item in components),
        images=tuple(dict.fromkeys(filter(None, images))),
    )


def _nested(value: object) -> Iterator[Mapping[str, Any]]:
    waiting = _objects(value)
    for item in waiting:  # grows while it is gone through
        yield item
        waiting += _objects(item.get("components"))


def _cyclonedx_image(component: Mapping[str, Any]) -> str:
    name, version = _text(component, "name"), _text(component, "version")
    found = _image_of(_text(component, "purl"))
    if "@sha256:" in name or not version:
        return name if "@sha256:" in name else found or name
    separator = "@" if version.startswith("sha256:") else ":"
    return f"{name}{separator}{version}" if separator == "@" else found or f"{name}{separator}{version}"


def _spdx(document: Mapping[str, Any]) -> SbomFacts:
    creation = document.get("creationInfo")
    packages = _objects(document.get("packages"))
    files = _objects(document.get("files"))
    kinds = [(_text(item, "primaryPackagePurpose") or "package").lower() for item in packages]
    return SbomFacts(
        format=_text(document, "spdxVersion") or "SPDX",
        name=_text(document, "name"),
        created=_text(creation, "created") if isinstance(creation, dict) else "",
        components=_counts([*kinds, *("file" for _ in files)]),
        images=tuple(dict.fromkeys(filter(None, (_spdx_image(item) for item in packages)))),
    )


def _spdx_image(package: Mapping[str, Any]) -> str:
    for reference in _objects(package.get("externalRefs")):
        if image := _image_of(_text(reference, "referenceLocator")):
            return image
    if _text(package, "primaryPackagePurpose") != "CONTAINER":
        return ""
    name, version = _text(package, "name"), _text(package, "versionInfo")
    if not version or "@" in name:
        return name
    return f"{name}@{version}" if version.startswith("sha256:") else f"{name}:{version}"


def _image_of(purl: str) -> str:
    """``registry/name@digest`` of a package URL of type ``oci`` or ``docker``."""
    kind = next((prefix for prefix in _IMAGE_PURLS if purl.startswith(prefix)), None)
    if kind is None:
        return ""
    path, _, query = purl.removeprefix(kind).partition("?")
    name, _, version = path.partition("@")
    version = unquote(version)
    place = parse_qs(query).get("repository_url", [""])[0] or unquote(name)
    separator = "@" if version.startswith("sha256:") else ":"
    return f"{place}{separator}{version}" if version else place


def _counts(kinds: Iterator[str] | list[str]) -> dict[str, int]:
    return dict(sorted(Counter(kinds).items()))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(parent: Mapping[str, Any], key: str) -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else ""
