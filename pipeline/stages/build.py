"""Build: render every source, merge, and bring into canonical order."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import ManifestError, UsageError
from pipeline.model.attestation.materials import Material, merged
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.build import BuildResult
from pipeline.model.settings.sources import Source
from pipeline.ports import Renderer


def build(sources: Sequence[Source], renderers: Sequence[Renderer]) -> BuildResult:
    """Render the sources, each with the renderer it names or else the first that recognises it, and merge them.

    Objects keep what they say: no namespace, label or default is added.

    Raises:
        ManifestError: something cannot be read, is defined twice (within a source or across), or nothing comes out.
        ToolError: an external renderer is missing or failed.
        UsageError: a source does not exist, or names a renderer that there is not.
    """
    manifests = Manifests.of(resource for source in sources for resource in _renderer(source, renderers).render(source))
    if not manifests.resources:
        places = ", ".join(str(source.path) for source in sources) or "no source"
        raise ManifestError(
            f"{places}: no objects come out of this build",
            hint="an empty build would, once applied, delete everything that was applied before",
            code="manifest.empty",
        )
    return BuildResult(manifests, from_sources=materials_of(sources, renderers))


def materials_of(sources: Sequence[Source], renderers: Sequence[Renderer]) -> tuple[Material, ...]:
    """Charts, remote bases and what pins them, of all the sources; nothing is rendered.

    Raises:
        UsageError: a source names a renderer that there is not.
    """
    return merged(*(_renderer(source, renderers).materials(source) for source in sources))


def _renderer(source: Source, renderers: Sequence[Renderer]) -> Renderer:
    if not source.renderer:
        try:
            found = next((renderer for renderer in renderers if renderer.recognises(source.path)), None)
        except PermissionError as error:
            raise UsageError(
                f"{error.filename or source.path} cannot be read: {error.strerror}",
                hint="let it be read by whoever runs this; in gitless's own image that is the user 65532",
            ) from None
        if found is not None:
            return found
    for renderer in renderers:
        if renderer.name == source.renderer:
            return renderer
    known = ", ".join(renderer.name for renderer in renderers)
    what = f"there is no renderer '{source.renderer}'" if source.renderer else "no renderer recognises this"
    raise UsageError(f"{source.path}: {what}", hint=f"known renderers: {known}")
