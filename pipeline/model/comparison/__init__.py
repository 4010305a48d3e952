"""Comparison: what differs between two objects, field by field, without noise and secrets."""
