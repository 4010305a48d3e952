"""What is in the cluster already, and whether an installation may touch it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import RefusedError
from pipeline.model.flux.definitions import DEFINITIONS
from pipeline.model.installation.labels import COMPONENT, FLUX, GITLESS, PART_OF
from pipeline.model.manifests import Body

FLUX_SELECTOR: Final = f"{PART_OF}={FLUX},{COMPONENT} in (kustomize-controller,source-controller)"
"""Selects the Deployments of the controllers that serve the same kinds."""


def part_of(body: Body) -> str:
    """Which product the object says it belongs to."""
    return str(((body.get("metadata") or {}).get("labels") or {}).get(PART_OF) or "")


def is_ours(body: Body) -> bool:
    """Whether an installation of ours made it."""
    return part_of(body) == GITLESS


def is_running(deployment: Body) -> bool:
    """Whether any pod of it works."""
    return bool((deployment.get("status") or {}).get("availableReplicas"))


def keep_definition(live: Body) -> str:
    """Why a definition of somebody else is left alone.

    Raises:
        RefusedError: it does not serve the version that we need.
    """
    name = live["metadata"]["name"]
    if served_version(live) is None:
        versions = ", ".join(str(version.get("name")) for version in (live.get("spec") or {}).get("versions") or ())
        raise RefusedError(
            f"the cluster has {name} in {versions or 'no version'}, and not in v1",
            hint="upgrade Flux (2.0 or later serves v1), or remove it with its definitions (flux uninstall)",
            code="refused.old-definition",
        )
    missing = missing_fields(live)
    told = f"; it lacks {', '.join(missing)}, which cannot be used" if missing else ""
    return f"{part_of(live) or 'somebody'} brought it, and it serves v1{told}"


def served_version(definition: Body) -> Mapping[str, Any] | None:
    """Its version ``v1``, where it is served."""
    versions = (definition.get("spec") or {}).get("versions") or ()
    return next((version for version in versions if version.get("name") == "v1" and version.get("served")), None)


def missing_fields(live: Body) -> tuple[str, ...]:
    """Paths of the fields that our definition of the same name has and the live one lacks."""
    ours = next((item for item in DEFINITIONS if item["metadata"]["name"] == live["metadata"]["name"]), None)
    found = served_version(live)
    if ours is None or found is None:
        return ()
    return tuple(_missing(_schema(ours["spec"]["versions"][0]), _schema(found), ""))


def _schema(version: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return schema


def _missing(ours: Mapping[str, Any], live: Mapping[str, Any], path: str) -> Iterator[str]:
    if live.get("x-kubernetes-preserve-unknown-fields"):
        return
    known = live.get("properties") or {}
    for name, schema in (ours.get("properties") or {}).items():
        place = f"{path}.{name}" if path else name
        if name in known:
            yield from _missing(schema, known[name], place)
        elif path:
            yield place
    if "items" in ours and "items" in live:
        yield from _missing(ours["items"], live["items"], path + "[]")


@dataclass(frozen=True, slots=True)
class Rival:
    """A controller of Flux that serves the same objects."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def refuse_rivals(rivals: tuple[Rival, ...]) -> None:
    """Do not let two processes reconcile the same objects.

    Raises:
        RefusedError: there is any rival.
    """
    if rivals:
        names = ", ".join(map(str, rivals))
        raise RefusedError(
            f"Flux's controllers run in this cluster ({names}) and would reconcile the same objects",
            hint="scale them to 0 or `flux uninstall` first; or give the puller a share of its own with"
            " --watch-label-selector; --force installs it all the same",
            code="refused.rival",
        )
