"""What the lint says that the API server refuses, and what it only warns of, judged by a real one."""

from __future__ import annotations

import pytest

from pipeline.errors import PipelineError
from pipeline.ports import Cluster
from tests.integration.lint.test_immutable_fields_judged import placed
from tests.unit.validation.lint_example import bodies
from tests.unit.validation.spoiling import (
    HTTP,
    Spoil,
    found_in,
    mount,
    ports,
    probing,
    sidecar,
    spec,
    volume,
    without,
)

pytestmark = pytest.mark.cluster

REFUSED: list[tuple[str, Spoil]] = [
    ("container-port-name-duplicate", ports(HTTP, {"name": "http", "containerPort": 9090})),
    ("image-invalid", without("image")),
    ("missing-volume", mount("gone")),
    ("selector-mismatch", spec("DaemonSet/agent", selector={"matchLabels": {"app": "x"}})),
    ("service-port-duplicate", lambda of: of["Service/web"]["spec"]["ports"][1].update(port=80)),
    ("service-port-duplicate", lambda of: of["Service/web"]["spec"]["ports"][1].update(name="http")),
]
ACCEPTED: list[tuple[str, Spoil]] = [
    ("container-port-name-shared", sidecar({"name": "http", "containerPort": 9090})),
    ("container-port-duplicate", sidecar({"containerPort": 8080})),
    ("image-latest", volume(image={"reference": "shop.example/model"})),
    ("probe-port", probing("livenessProbe", "gone")),
]


def test_the_api_server_refuses_what_the_rules_say_it_does_and_nothing_else(
    real_cluster: Cluster, namespace: str
) -> None:
    assert [rule for rule, spoil in [*REFUSED, *ACCEPTED] if refused(real_cluster, spoil, namespace)] == [
        rule for rule, _ in REFUSED
    ]
    assert [rule for rule, spoil in [*REFUSED, *ACCEPTED] if [item.rule for item in found_in(spoil)] != [rule]] == []


def refused(cluster: Cluster, spoil: Spoil, namespace: str) -> bool:
    before, changed = placed(bodies(), namespace), bodies()
    spoil(changed)
    try:
        for name, body in placed(changed, namespace).items():
            if body != before[name]:
                cluster.apply(body, dry_run=True)
    except PipelineError:
        return True
    return False
