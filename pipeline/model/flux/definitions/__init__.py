"""Flux's two kinds as custom resource definitions, written so that Flux's own manifests and status fit unchanged.

Source: the types in fluxcd ``source-controller/api/v1`` and ``kustomize-controller/api/v1``; the words are ours.
"""

from __future__ import annotations

from pipeline.model.flux.definitions.kustomization import KUSTOMIZATION
from pipeline.model.flux.definitions.oci_repository import OCI_REPOSITORY

__all__ = ["DEFINITIONS", "KUSTOMIZATION", "OCI_REPOSITORY"]

DEFINITIONS = (OCI_REPOSITORY, KUSTOMIZATION)
"""Both, in the order in which they are told about."""
