from __future__ import annotations

import pytest

from tests.unit.apply.worlds import Body, Make, MakeConfigMap, MakeDeployment, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def config_map() -> MakeConfigMap:
    def make(
        name: str,
        data: dict[str, str] | None = None,
        namespace: str = "shop",
        **metadata: dict[str, str] | list[str],
    ) -> Body:
        place = {"namespace": namespace} if namespace else {}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, **place, **metadata},
            "data": data or {"key": "value"},
        }

    return make


@pytest.fixture
def deployment() -> MakeDeployment:
    def make(name: str, image: str = "web:1", app: str = "web") -> Body:
        labels = {"app": app}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "web", "image": image}]},
                },
            },
        }

    return make


@pytest.fixture
def namespace() -> Make:
    return lambda name: {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@pytest.fixture
def definition() -> Body:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    }


@pytest.fixture
def widget() -> Make:
    return lambda name: {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"size": 1},
    }
