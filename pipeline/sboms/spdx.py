"""SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3/)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import __version__
from pipeline.model.attestation.bill import Bill
from pipeline.model.attestation.materials import Material, MaterialKind
from pipeline.model.manifests import Resource
from pipeline.model.trust.predicate_types import SPDX

_UNKNOWN = "NOASSERTION"
_ARTIFACT = "SPDXRef-Artifact"
_PURPOSES = {
    MaterialKind.IMAGE: "CONTAINER",
    MaterialKind.CHART: "APPLICATION",
    MaterialKind.BASE: "SOURCE",
    MaterialKind.FILE: "FILE",
}


class SpdxFormat:
    """Everything is a package: objects and images have no files to be listed."""

    name = "spdx"
    predicate_type = SPDX

    def write(self, bill: Bill) -> Mapping[str, Any]:
        """One package each for the artifact, what went in, and every object."""
        materials = {f"SPDXRef-Material-{number}": item for number, item in enumerate(bill.materials, 1)}
        objects = {f"SPDXRef-Object-{number}": item for number, item in enumerate(bill.manifests, 1)}
        return {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": bill.artifact.repository.name,
            "documentNamespace": f"https://gitless.dev/spdx/{bill.serial}",
            "creationInfo": {"created": bill.created, "creators": [f"Tool: gitless-{__version__}"]},
            "packages": [
                _artifact(bill),
                *(_material(ref, item) for ref, item in materials.items()),
                *(_object(ref, item) for ref, item in objects.items()),
            ],
            "relationships": [
                _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _ARTIFACT),
                *(_relationship(_ARTIFACT, _role(item), ref) for ref, item in materials.items()),
                *(_relationship(_ARTIFACT, "CONTAINS", ref) for ref in objects),
            ],
        }


def _role(material: Material) -> str:
    return "DEPENDS_ON" if material.kind is MaterialKind.IMAGE else "GENERATED_FROM"


def _artifact(bill: Bill) -> dict[str, Any]:
    package = {
        **_package(_ARTIFACT, bill.artifact.repository.name, "APPLICATION"),
        "versionInfo": bill.artifact.digest,
        "checksums": list(_checksums(bill.artifact.digest)),
        "externalRefs": [_purl(bill.purl)],
    }
    if bill.source or bill.revision:
        package["sourceInfo"] = f"{bill.source} {bill.revision}".strip()
    return package


def _material(reference: str, material: Material) -> dict[str, Any]:
    package = _package(reference, material.name, _PURPOSES[material.kind])
    if material.version or material.digest:
        package["versionInfo"] = material.version or material.digest
    if material.digest:
        package["checksums"] = list(_checksums(material.digest))
    if material.source:
        package["sourceInfo"] = material.source
    if material.purl:
        package["externalRefs"] = [_purl(material.purl)]
    return package


def _object(reference: str, resource: Resource) -> dict[str, Any]:
    package = _package(reference, str(resource.id), "OTHER")
    package["versionInfo"] = resource.api_version
    if resource.origin is not None:
        package["sourceInfo"] = str(resource.origin)
    return package


def _package(reference: str, name: str, purpose: str) -> dict[str, Any]:
    return {
        "SPDXID": reference,
        "name": name,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "primaryPackagePurpose": purpose,
    }


def _checksums(digest: str) -> Iterator[dict[str, str]]:
    algorithm, _, value = digest.partition(":")
    # A commit is no checksum of anything but itself.
    if algorithm == "sha256":
        yield {"algorithm": "SHA256", "checksumValue": value}


def _purl(purl: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}


def _relationship(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}
