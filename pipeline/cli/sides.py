"""The sides of a comparison: a folder or file that is built, or an artifact that is read."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.cli.options import Terminal
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import is_reference, parse_reference
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import Side
from pipeline.model.settings.connections import RegistryOptions


def read_side(name: str, options: RegistryOptions, terminal: Terminal) -> tuple[Manifests, Side]:
    """Read an artifact (nothing is verified: it is only looked at), or build a folder or file.

    Raises:
        PipelineError: it does not exist or cannot be read, whatever it is.
    """
    from pipeline import wiring

    if is_reference(name):
        from pipeline.stages.fetch import read_artifact

        reference = parse_reference(name)
        registry = wiring.registry(reference.repository, options, os.environ, terminal.reporter)
        manifests, facts = read_artifact(reference, registry)
        return manifests, Side(name=name, artifact=facts.artifact, source=facts.source, revision=facts.revision)
    from pipeline.model.settings.sources import Source
    from pipeline.stages.build import build

    if name != "-" and not Path(name).exists():
        hint = "a side is a folder or file, oci://HOST/REPOSITORY:TAG, oci-layout:FOLDER:TAG, or live"
        raise UsageError(f"'{name}' does not exist", hint=hint)
    return build([Source(Path(name))], wiring.renderers(os.environ, terminal.reporter)).manifests, Side(name=name)
