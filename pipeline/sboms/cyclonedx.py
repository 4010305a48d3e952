"""CycloneDX 1.6 in JSON (ECMA-424), by the CycloneDX project's own library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.model.attestation.bill import Bill
from pipeline.model.attestation.materials import Material, MaterialKind
from pipeline.model.manifests import Resource
from pipeline.model.trust.predicate_types import CYCLONEDX

_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"

if TYPE_CHECKING:
    from cyclonedx.model import HashType, Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component


class CycloneDxFormat:
    """Images are containers, charts applications, remote bases and objects data."""

    name = "cyclonedx"
    predicate_type = CYCLONEDX

    def write(self, bill: Bill) -> Mapping[str, Any]:
        """One component each for the artifact, what went in, and every object; properties are named ``gitless:…``."""
        from cyclonedx.schema.schema import SchemaVersion1Dot6

        # The library's own output registers every component by a search through all of them: minutes for thousands.
        document: Mapping[str, Any] = json.loads(_bom(bill).as_json(view_=SchemaVersion1Dot6))  # type: ignore[attr-defined] # made by a decorator
        return {"$schema": _SCHEMA, "bomFormat": "CycloneDX", "specVersion": "1.6", **document}


def _bom(bill: Bill) -> Bom:
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.dependency import Dependency
    from cyclonedx.model.tool import ToolRepository

    artifact = _artifact(bill)
    tool = Component(name="gitless", type=ComponentType.APPLICATION, version=__version__, bom_ref="gitless")
    components = [*map(_material, bill.materials), *map(_object, bill.manifests)]
    return Bom(
        serial_number=bill.serial,
        metadata=BomMetaData(
            timestamp=datetime.fromisoformat(bill.created),
            component=artifact,
            tools=ToolRepository(components=[tool]),
        ),
        components=components,
        dependencies=[
            Dependency(artifact.bom_ref, [Dependency(item.bom_ref) for item in components]),
            *(Dependency(item.bom_ref) for item in components),
        ],
    )


def _artifact(bill: Bill) -> Component:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    return Component(
        name=bill.artifact.repository.name,
        type=ComponentType.APPLICATION,
        version=bill.artifact.digest,
        bom_ref=bill.artifact.digest,
        purl=PackageURL.from_string(bill.purl),
        hashes=list(_hashes(bill.artifact.digest)),
        properties=list(_properties({"gitless:source": bill.source, "gitless:revision": bill.revision})),
    )


def _material(material: Material) -> Component:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    types = {
        MaterialKind.IMAGE: ComponentType.CONTAINER,
        MaterialKind.CHART: ComponentType.APPLICATION,
        MaterialKind.BASE: ComponentType.DATA,
        MaterialKind.FILE: ComponentType.FILE,
    }
    return Component(
        name=material.name,
        type=types[material.kind],
        version=material.version or material.digest or None,
        bom_ref=f"{material.kind.value}:{material.name}:{material.version}@{material.digest}:{material.source}",
        purl=PackageURL.from_string(material.purl) if material.purl else None,
        hashes=list(_hashes(material.digest)),
        properties=list(
            _properties(
                {
                    "gitless:material": material.kind.value,
                    "gitless:digest": material.digest,
                    "gitless:source": material.source,
                }
            )
        ),
    )


def _object(resource: Resource) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    origin = resource.origin
    line = "" if origin is None or origin.line is None else str(origin.line)
    return Component(
        name=resource.id.name,
        group=resource.id.namespace or None,
        type=ComponentType.DATA,
        version=resource.api_version,
        bom_ref=f"object:{resource.id.inventory_id}",
        properties=list(
            _properties(
                {
                    "gitless:kubernetes:apiVersion": resource.api_version,
                    "gitless:kubernetes:kind": resource.id.kind,
                    "gitless:kubernetes:namespace": resource.id.namespace,
                    "gitless:kubernetes:name": resource.id.name,
                    "gitless:origin:file": origin.file if origin else "",
                    "gitless:origin:line": line,
                    "gitless:origin:chart": (origin.chart or "") if origin else "",
                }
            )
        ),
    )


def _hashes(digest: str) -> Iterator[HashType]:
    from cyclonedx.model import HashAlgorithm, HashType

    algorithm, _, value = digest.partition(":")
    # A commit is no checksum of anything but itself.
    if algorithm == "sha256":
        yield HashType(alg=HashAlgorithm.SHA_256, content=value)


def _properties(values: Mapping[str, str]) -> Iterator[Property]:
    from cyclonedx.model import Property

    for name, value in values.items():
        if value:
            yield Property(name=name, value=value)
