"""Render: from an artifact's files and a Kustomization's spec to the objects that it stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import ManifestError, PipelineError
from pipeline.model.documents.yaml_reading import read_documents, read_manifests
from pipeline.model.documents.yaml_writing import write_document, write_stream
from pipeline.model.flux.kustomization import ALWAYS, KustomizationSpec, ObjectReference
from pipeline.model.kustomizing.common_metadata import with_common_metadata
from pipeline.model.kustomizing.generation import generate, is_ambiguous, kustomization_path, needs_kustomize, scan
from pipeline.model.kustomizing.object_substitution import substitute_object
from pipeline.model.kustomizing.tree import MANIFEST_SUFFIXES, Tree, resolve
from pipeline.model.manifests import Manifests, Resource
from pipeline.ports import Decryptor, TreeBuilder
from pipeline.stages.decrypting import decrypt_object, decrypt_sources

_LOCAL_CONFIG = "config.kubernetes.io/local-config"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """One Kustomization over one artifact.

    Attributes:
        spec: what is asked for.
        name: the Kustomization's name, for messages.
        namespace: its namespace.
        files: the artifact's content by path.
        variables: what post-build substitution knows; ``None``: there is none.
        strict: whether a variable that is not set and has no default is an error.
    """

    spec: KustomizationSpec
    name: str
    namespace: str
    files: Mapping[str, bytes] = field(repr=False)
    variables: Mapping[str, str] | None = field(default=None, repr=False)
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedKustomization:
    """What came out; ``digest`` (``sha256:…``) is that of the objects' canonical YAML."""

    manifests: Manifests
    digest: str
    warnings: tuple[str, ...] = ()


def render_kustomization(
    request: RenderRequest,
    *,
    trees: TreeBuilder,
    decryptor: Decryptor | None,
) -> RenderedKustomization:
    """Build, decrypt, substitute and label, in this order; nothing at all is a valid result.

    Raises:
        ManifestError: the path is not in the artifact (``code`` ``artifact.path``), or something cannot be read; the
            file or object is named.
        RefusedError: a kustomization wants what is not inside the artifact.
        ToolError: kustomize or sops is missing or failed.
    """
    folder = _folder(request)
    if request.spec.decryption is None:
        decryptor = None
    built, warnings = _build(request, folder, trees, decryptor)
    plain = (decrypt_object(resource, decryptor) for resource in built)
    resources = [
        with_common_metadata(
            _substituted(resource, request), request.spec.common_labels, request.spec.common_annotations
        )
        for resource in plain
    ]
    manifests = Manifests.of(resources)
    digest = hashlib.sha256(write_stream(manifests)).hexdigest()
    return RenderedKustomization(manifests=manifests, digest=f"sha256:{digest}", warnings=tuple(warnings))


def render_folder(files: Mapping[str, bytes], path: str, trees: TreeBuilder) -> Manifests:
    """What a Kustomization with this ``spec.path``, and nothing else in its spec, stands for.

    Raises:
        PipelineError: as for :func:`render_kustomization`.
    """
    nobody = ObjectReference("OCIRepository", "", "")
    spec = KustomizationSpec(source=nobody, interval=0.0, prune=False, path=path)
    request = RenderRequest(spec=spec, name="", namespace="", files=files)
    built, _ = _build(request, _folder(request), trees, None)
    return Manifests.of(built)


def _folder(request: RenderRequest) -> str:
    path = request.spec.path
    folder = resolve("", path.lstrip("/"))
    if folder is None:
        raise ManifestError(
            f"spec.path '{path[:200]}' leads out of the artifact",
            hint="expected a folder inside of it",
            code="artifact.path",
        )
    return folder


def _build(
    request: RenderRequest, folder: str, trees: TreeBuilder, decryptor: Decryptor | None
) -> tuple[Iterable[Resource], list[str]]:
    tree = Tree(request.files)
    if not tree.has_folder(folder):
        what = "is a file" if folder in tree.files else "is not in the artifact"
        raise ManifestError(
            f"spec.path '{request.spec.path[:200]}' {what}", hint="expected a folder", code="artifact.path"
        )
    found = None if tree.kustomization_file(folder) else scan(tree, folder)
    if found is not None and not found.folders:
        if not found.manifests and not request.spec.components:
            return [], []
        if not needs_kustomize(request.spec) and not any(is_ambiguous(tree.files[path]) for path in found.manifests):
            return _read_directly(tree, found.manifests), []
    content, warnings = generate(tree, folder, request.spec, found)
    files: Mapping[str, bytes] = {**tree.files, kustomization_path(tree, folder): write_document(content)}
    if decryptor is not None:
        files = decrypt_sources(files, folder, decryptor)
    return _run_kustomize(files, folder, trees), warnings


def _read_directly(tree: Tree, paths: Iterable[str]) -> Iterator[Resource]:
    for path in paths:
        for resource in read_manifests(tree.files[path], path):
            annotations = resource.body["metadata"].get("annotations") or {}
            if annotations.get(_LOCAL_CONFIG, "false") == "false":
                yield resource


def _run_kustomize(files: Mapping[str, bytes], folder: str, trees: TreeBuilder) -> list[Resource]:
    try:
        output = trees.build(files, folder)
    except PipelineError as error:
        if error.code.startswith("tool.failed"):
            _find_unreadable(files, folder)
        raise
    # kustomize's output has no lines that anybody wrote.
    return [replace(resource, origin=None) for resource in read_manifests(output, f"{folder or '.'} (built)")]


def _find_unreadable(files: Mapping[str, bytes], folder: str) -> None:
    """Say it in our own words, with the line and column, where a file is no YAML."""
    prefix = f"{folder}/" if folder else ""
    for path in sorted(files):
        if path.startswith(prefix) and path.endswith(MANIFEST_SUFFIXES):
            for _ in read_documents(files[path], path):
                pass


def _substituted(resource: Resource, request: RenderRequest) -> Resource:
    post_build = request.spec.post_build
    if request.variables is None or post_build is None:
        return resource
    if not request.variables and post_build.strategy != ALWAYS:
        return resource
    return substitute_object(resource, request.variables, strict=request.strict)
