"""Manifests as text: read as Go reads them, written in one canonical form."""
