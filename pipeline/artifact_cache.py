"""Artifacts on local disk, by content; losing any of it costs one pull."""
