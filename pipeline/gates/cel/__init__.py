"""The CEL gate: rules in CustomResourceDefinitions, and ValidatingAdmissionPolicies, without an API server."""

from pipeline.gates.cel.gate import CelGate

__all__ = ["CelGate"]
