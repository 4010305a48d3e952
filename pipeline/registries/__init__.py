"""Artifact stores: one file or folder per kind."""
