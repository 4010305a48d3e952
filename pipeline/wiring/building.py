"""Renderers, and what is known about a build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.environment import Provenance
from pipeline.errors import ToolError
from pipeline.model.attestation.materials import Material
from pipeline.model.attestation.provenance import BuildPlatform
from pipeline.model.kustomizing.sops_keys import SopsKeys
from pipeline.model.settings.sources import Source
from pipeline.ports import (
    Decryptor,
    Environment,
    Renderer,
    Reporter,
    SbomFormat,
    TreeBuilder,
)


def renderers(environment: Environment, reporter: Reporter) -> tuple[Renderer, ...]:
    """Every renderer, the most specific first: the first that recognises a folder renders it."""
    from pipeline.renderers.helm import HelmRenderer
    from pipeline.renderers.kustomize import KustomizeRenderer
    from pipeline.renderers.plain import PlainRenderer

    return (
        HelmRenderer(environment, reporter),
        KustomizeRenderer(environment, reporter),
        PlainRenderer(),
    )


def sops_decryptor(keys: SopsKeys, environment: Environment) -> Decryptor:
    """The real sops with these keys."""
    from pipeline.decryptors.sops import SopsDecryptor

    return SopsDecryptor(keys, environment)


def tree_builder(environment: Environment, *, allow_remote_bases: bool) -> TreeBuilder:
    """The real kustomize over files in memory."""
    from pipeline.renderers.kustomize_tree import KustomizeTreeBuilder

    return KustomizeTreeBuilder(environment, allow_remote_bases=allow_remote_bases)


def provenance(path: Path, environment: Environment, reporter: Reporter) -> Provenance:
    """Source and revision of what is at the path, from Git and the CI's variables."""
    from pipeline.environment import detect_provenance, is_in_checkout

    def git(arguments: Sequence[str]) -> str:
        # Starting a program takes longer than everything else that packaging does on its own.
        if not is_in_checkout(path, environment):
            raise ToolError(f"{path} is in no checkout")
        from pipeline.checkouts.git import Git

        return Git.find(environment).look(*arguments).decode(errors="replace")

    return detect_provenance(path, environment, git, reporter)


def sbom(name: str) -> SbomFormat:
    """The format of bills of materials of that name: ``cyclonedx`` or ``spdx``."""
    if name == "spdx":
        from pipeline.sboms.spdx import SpdxFormat

        return SpdxFormat()
    from pipeline.sboms.cyclonedx import CycloneDxFormat

    return CycloneDxFormat()


def build_platform(environment: Environment) -> BuildPlatform:
    """Where this process runs, in the words of SLSA provenance."""
    from pipeline.build_environment import detect_platform

    return detect_platform(environment)


def materials(sources: Sequence[Source], environment: Environment, reporter: Reporter) -> tuple[Material, ...]:
    """What the sources are made of beside themselves; nothing is rendered."""
    from pipeline.stages.build import materials_of

    return materials_of(sources, renderers(environment, reporter))
