"""Renderers: one file per kind of source."""
