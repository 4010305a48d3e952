"""Reconciling Kustomizations: from a source's artifact to what runs, and what is told about it."""
