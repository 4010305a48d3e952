from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.field_paths import steps_of
from pipeline.ports import Cluster
from tests.unit.validation import server_cases
from tests.unit.validation.schema_cases import BODIES, CASES, CLEAN, WIDGET_DEFINITION, Case, Spoil
from tests.unit.validation.server_cases import ServerCase, changed

pytestmark = pytest.mark.cluster

_PATIENCE = 30.0


@pytest.fixture(scope="module")
def server(real_cluster: Cluster) -> Iterator[Cluster]:
    """The API server, which knows the widgets of the cases."""
    definition = real_cluster.apply(WIDGET_DEFINITION)
    _until(lambda: real_cluster.resource_type("schemas.example.com/v1", "Widget") is not None)
    yield real_cluster
    kind = real_cluster.resource_type("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert kind is not None
    real_cluster.delete(kind, Resource.from_body(WIDGET_DEFINITION).id, uid=definition["metadata"]["uid"])


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _stored(server: Cluster, body: dict[str, Any]) -> Body:
    """What the API server would store.

    Raises:
        PipelineError: it refuses the object.
    """
    placed = body | {"metadata": body["metadata"] | {"namespace": "default"}}
    return server.apply(placed, dry_run=True, force=True)


def _at(body: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    for step in steps_of(path):
        body = body.get(step) if isinstance(body, dict) else body[step]
    return body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_api_server_refuses_or_drops_what_the_gate_tells(server: Cluster, case: Case) -> None:
    try:
        stored = _stored(server, case.body)
    except PipelineError:
        return
    assert case.rule == "schema-unknown-field"
    assert _at(case.body, case.path) is not None
    assert _at(stored, case.path) is None


@pytest.mark.parametrize(("kind", "change"), CLEAN)
def test_the_api_server_takes_what_the_gate_passes(server: Cluster, kind: str, change: Spoil) -> None:
    body = deepcopy(BODIES[kind])
    change(body)

    assert _stored(server, body)["kind"] == kind


@pytest.mark.parametrize("case", server_cases.CASES, ids=lambda case: case.name)
def test_the_api_server_refuses_what_the_gate_says_it_would(server: Cluster, case: ServerCase) -> None:
    with pytest.raises(PipelineError):
        _stored(server, case.body)


@pytest.mark.parametrize(("kind", "at", "value"), server_cases.CLEAN, ids=lambda value: str(value)[:40])
def test_the_api_server_takes_what_looks_odd_and_passes(server: Cluster, kind: str, at: str, value: object) -> None:
    assert _stored(server, changed(kind, at, value))["kind"] == kind
