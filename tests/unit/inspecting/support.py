"""Kinds that the tests in this folder need."""

from pipeline.model.cluster import ResourceType

PODS = ResourceType("v1", "Pod", "pods", namespaced=True)
CONFIG_MAPS = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)
