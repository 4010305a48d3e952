"""Names of files that kustomize gives a meaning to."""

from __future__ import annotations

from typing import Final

KUSTOMIZATION_FILES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize looks for in a folder, in this order (``api/konfig``, ``RecognizedKustomizationFileNames``)."""
