"""Settings from ``gitless.yaml``."""
