"""CEL by ``cel-expr-python`` in Kubernetes' environment: its own functions are in Python, the rest is the package's.

Source: k8s.io/apiserver ``pkg/cel/environment`` and ``pkg/cel/library``; Kubernetes documentation, "Common Expression
Language in Kubernetes". Not here: ``authorizer``, ``format.uri``, JSON patches.
"""

from pipeline.expressions.kubernetes.programs import KubernetesPrograms

__all__ = ["KubernetesPrograms"]
