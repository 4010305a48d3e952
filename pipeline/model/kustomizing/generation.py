"""The kustomization that is built: the artifact's own, or one over all manifests, with the spec's fields merged in.

As Flux does it (fluxcd/pkg ``kustomize/kustomize_generator.go``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import join
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.kustomizing.remotes import is_remote
from pipeline.model.kustomizing.tree import MANIFEST_SUFFIXES, Tree, parent, resolve

FIELDS = frozenset(
    ("apiVersion", "kind", "metadata", "openapi", "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels",
     "commonAnnotations", "patchesStrategicMerge", "patchesJson6902", "patches", "images", "imageTags", "replacements",
     "replicas", "vars", "sortOptions", "resources", "components", "crds", "bases", "configMapGenerator",
     "secretGenerator", "helmGlobals", "helmCharts", "helmChartInflationGenerator", "generatorOptions",
     "configurations", "generators", "transformers", "validators", "buildMetadata")
)  # fmt: skip
"""Every field that a kustomization has (kustomize ``api/types/kustomization.go``)."""

# Words and dates without quotes: kustomize's reader leaves or rewrites them as text, kubectl's makes booleans of them.
_AMBIGUOUS = re.compile(
    rb"(?:^[ \t]*|[:?-][ \t]+|(?<!\$)[\[,{][ \t]*)(?:[&!]\S*[ \t]+)*"
    rb"(?:(?:y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)[ \t]*(?=[,\]}#:\r\n]|$)|[0-9]{4}-[0-9]{1,2}-[0-9])",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder without a kustomization holds: manifests, and folders that are kustomizations of their own."""

    manifests: tuple[str, ...]
    folders: tuple[str, ...]


def scan(tree: Tree, folder: str) -> Found:
    """Every manifest below the folder, none of them in a folder that has a kustomization."""
    own = {parent(path) for path in tree.files if path.rpartition("/")[2] in KUSTOMIZATION_FILES}
    manifests: list[str] = []
    folders: dict[str, None] = {}
    depth = len(folder) + 1 if folder else 0
    for path in tree.below(folder):
        if own and (unit := _first_above(path, depth, own)) is not None:
            folders[unit] = None
        elif path.endswith(MANIFEST_SUFFIXES):
            manifests.append(path)
    return Found(tuple(manifests), tuple(folders))


def needs_kustomize(spec: KustomizationSpec) -> bool:
    """Whether the spec changes objects in a way that only kustomize knows."""
    return bool(
        spec.target_namespace
        or spec.name_prefix
        or spec.name_suffix
        or spec.patches
        or spec.images
        or spec.components
        or spec.build_metadata
    )


def is_ambiguous(content: bytes) -> bool:
    """Whether kustomize might read this YAML otherwise than kubectl; true too often rather than not often enough."""
    return _AMBIGUOUS.search(content) is not None


def generate(tree: Tree, folder: str, spec: KustomizationSpec, found: Found | None) -> tuple[dict[str, Any], list[str]]:
    """The folder's kustomization as it is to be built, and what the user should know about it.

    ``found`` is what the folder holds where it has no kustomization.

    Raises:
        ManifestError: the kustomization cannot be read, or a component of the spec is no path inside the artifact.
    """
    warnings: list[str] = []
    if found is None:
        own = tree.kustomization(folder) or {}
        unknown = sorted(str(key) for key in own if key not in FIELDS)
        warnings += [f"{tree.kustomization_file(folder)}: kustomizations have no field '{key}'" for key in unknown]
        result = {key: value for key, value in own.items() if key in FIELDS}
        if not result.get("resources"):
            # Flux's way of having kustomize accept what it takes for an empty kustomization; it shows in annotations.
            result["buildMetadata"] = ["originAnnotations"]
    else:
        prefix = len(folder) + 1 if folder else 0
        places = sorted((*found.manifests, *found.folders), key=lambda path: path.split("/"))
        result = {"resources": [f"./{path[prefix:]}" for path in places]}
    result.setdefault("apiVersion", "kustomize.config.k8s.io/v1beta1")
    result.setdefault("kind", "Kustomization")
    _merge(result, tree, folder, spec)
    return result, warnings


def _merge(result: dict[str, Any], tree: Tree, folder: str, spec: KustomizationSpec) -> None:
    if spec.target_namespace:
        result["namespace"] = spec.target_namespace
    if spec.name_prefix:
        result["namePrefix"] = spec.name_prefix
    if spec.name_suffix:
        result["nameSuffix"] = spec.name_suffix
    if spec.patches:
        result["patches"] = [*_list(result, "patches"), *(dict(patch) for patch in spec.patches)]
    components = _components(tree, folder, spec)
    if components:
        result["components"] = [*_list(result, "components"), *components]
    if spec.images:
        result["images"] = _images(_list(result, "images"), spec.images)
    if spec.build_metadata:
        result["buildMetadata"] = list(spec.build_metadata)


def _components(tree: Tree, folder: str, spec: KustomizationSpec) -> list[str]:
    present: list[str] = []
    for component in spec.components:
        place = None if is_remote(component) else resolve(folder, component)
        if place is None:
            raise ManifestError(
                f"spec.components: '{component[:200]}' is no path inside the artifact",
                hint="expected a path relative to spec.path",
            )
        if tree.has_folder(place) or place in tree.files or not spec.ignore_missing_components:
            present.append(component)
    return present


def _images(own: Iterable[Any], asked: Iterable[Mapping[str, str]]) -> list[Any]:
    """Merged by name, field by field; a tag and a digest choose a version together, so either clears the other."""
    result = [dict(image) if isinstance(image, Mapping) else image for image in own]
    for image in asked:
        same = next((other for other in result if isinstance(other, dict) and other.get("name") == image["name"]), None)
        if same is None:
            result.append(dict(image))
            continue
        if image.get("newName"):
            same["newName"] = image["newName"]
        if image.get("newTag") or image.get("digest"):
            for key in ("newTag", "digest"):
                same.pop(key, None)
                if image.get(key):
                    same[key] = image[key]
    return result


def _list(kustomization: Mapping[str, Any], key: str) -> list[Any]:
    value = kustomization.get(key)
    if value is not None and not isinstance(value, list):
        raise ManifestError(f"the kustomization's field '{key}' is no list")
    return value or []


def _first_above(path: str, depth: int, own: set[str]) -> str | None:
    """The outermost folder below the first ``depth`` characters that is above the path and among ``own``."""
    end = path.find("/", depth)
    while end >= 0:
        if path[:end] in own:
            return path[:end]
        end = path.find("/", end + 1)
    return None


def kustomization_path(tree: Tree, folder: str) -> str:
    """Where the folder's kustomization is, or where a generated one goes."""
    return tree.kustomization_file(folder) or join(folder, KUSTOMIZATION_FILES[0])
