"""What the files of an artifact mean: which of them are manifests, and what must not be in there."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import ManifestError
from pipeline.model.artifact.manifest import FLUX_CONTENT, Descriptor, ParsedManifest
from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.manifests import Manifests

_MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
_CHARTS = frozenset({"Chart.yaml"})


def content_layer(manifest: ParsedManifest, name: str) -> Descriptor:
    """The one layer that holds the manifests: Flux's content, or else the only layer if it is a gzipped tar.

    Raises:
        ManifestError: the artifact is something else, such as a container image or an index.
    """
    if manifest.children:
        raise ManifestError(
            f"{name} is an index of {len(manifest.children)} manifests, not an artifact with Kubernetes manifests",
            hint="name the artifact itself by its digest",
            code="manifest.not-an-artifact",
        )
    content = [layer for layer in manifest.layers if layer.media_type == FLUX_CONTENT]
    if len(content) == 1:
        return content[0]
    if len(manifest.layers) == 1 and manifest.layers[0].media_type.endswith((".tar+gzip", ".tar.gzip")):
        return manifest.layers[0]
    found = ", ".join(sorted({layer.media_type for layer in manifest.layers})) or "none"
    raise ManifestError(
        f"{name} has no single layer with Kubernetes manifests; expected one of type {FLUX_CONTENT}, found: {found}",
        code="manifest.not-an-artifact",
    )


def manifests_in(files: Mapping[str, bytes], name: str) -> Manifests:
    """Read every ``*.yaml``, ``*.yml`` and ``*.json``; ``name`` is the artifact's, for messages.

    A kustomization or chart is refused: its files as they are are not what it stands for, and Flux would build it, so
    the same artifact would mean two things.

    Raises:
        ManifestError: a file cannot be read, an object is there twice, or something is still to be built.
    """
    for path in files:
        file = path.rpartition("/")[2]
        if file in KUSTOMIZATION_FILES or file in _CHARTS:
            what = "a Helm chart" if file in _CHARTS else "a kustomization"
            raise ManifestError(
                f"{name} holds {what} ({path}) that is still to be built",
                hint="build before packaging: `gitless build PATH --to DIR`, then `gitless package DIR …`",
                code="manifest.unbuilt",
            )
    manifests = [path for path in files if path.endswith(_MANIFEST_SUFFIXES) and not _is_hidden(path)]
    return Manifests.of(resource for path in sorted(manifests) for resource in read_manifests(files[path], path))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))
