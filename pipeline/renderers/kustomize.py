"""Kustomizations, by the real ``kustomize build``, or ``kubectl kustomize`` where only kubectl is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from pipeline.errors import ToolError, UsageError
from pipeline.model.attestation.materials import Material
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.manifests import Resource
from pipeline.model.settings.sources import Source
from pipeline.ports import Environment, Reporter


class KustomizeRenderer:
    """Runs kustomize and, while it runs, finds out where each object was written."""

    name = "kustomize"

    def __init__(self, environment: Environment, reporter: Reporter) -> None:
        self._environment = environment
        self._reporter = reporter

    def recognises(self, folder: PurePath) -> bool:
        """Whether it holds a kustomization, or is one."""
        path = Path(folder)
        return (
            path.name in KUSTOMIZATION_FILES and path.is_file()
            if not path.is_dir()
            else _kustomization(path) is not None
        )

    def render(self, source: Source) -> Sequence[Resource]:
        """Build the kustomization.

        Each object's origin is the file and line of the resource or generator that it comes from; where that cannot
        be told (remote bases, names that fit several), it is the kustomization itself.

        Raises:
            ToolError: kustomize is missing or refuses the kustomization.
            UsageError: there is no kustomization.
        """
        from pipeline.command import start

        path = Path(source.path)
        folder = path if path.is_dir() else path.parent
        kustomization = _kustomization(folder)
        if kustomization is None:
            raise UsageError(
                f"{folder} has no kustomization", hint=f"expected one of {', '.join(KUSTOMIZATION_FILES)} in it"
            )
        try:
            with start([*self._program(), "--", str(folder)], environment=self._environment) as running:
                from pipeline.model.documents.yaml_reading import read_manifests
                from pipeline.renderers.kustomize_origins import find_origins

                origins = find_origins(kustomization)
                output = running.finish()
        except ToolError as error:
            raise ToolError(f"{folder}: {error.message}", hint=error.hint or _hint(error), code=error.code) from None
        for line in output.stderr.splitlines():
            self._reporter.warn(f"{folder}: kustomize: {line.removeprefix('# Warning: ')}")
        built = read_manifests(output.stdout, f"{folder} (built)")
        return [replace(resource, origin=origins.of(resource.id)) for resource in built]

    def materials(self, source: Source) -> Sequence[Material]:
        """Remote bases with the ref that was asked for, and charts, of the kustomization and its local bases."""
        from pipeline.renderers.kustomize_materials import kustomization_materials

        path = Path(source.path)
        kustomization = _kustomization(path if path.is_dir() else path.parent)
        return () if kustomization is None else tuple(kustomization_materials(kustomization))

    def _program(self) -> tuple[str, ...]:
        from pipeline.command import find_tool

        try:
            return str(find_tool("kustomize", self._environment)), "build"
        except ToolError as missing:
            if self._environment.get("GITLESS_KUSTOMIZE"):
                raise
            try:
                return str(find_tool("kubectl", self._environment)), "kustomize"
            except ToolError:
                raise missing from None


def _kustomization(folder: Path) -> Path | None:
    return next((folder / name for name in KUSTOMIZATION_FILES if (folder / name).is_file()), None)


def _hint(error: ToolError) -> str | None:
    if "--enable-helm" in error.message:
        return "a chart can be a source of its own, rendered by helm and merged with the kustomization's objects"
    if "security; file" in error.message or "is not in or below" in error.message:
        return "kustomize reads only files below the kustomization's folder"
    return None
