"""Artifacts: references, manifests, archives, what is packed and what may be unpacked."""
