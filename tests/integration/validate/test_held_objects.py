"""Policies are asked about objects as the API server holds them, so ours have to be held alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.model.validation.held import held
from tests.integration.validate.policies import PolicyServer
from tests.integration.validate.samples import ASSIGNED, SAMPLES
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['kind']}-{sample['metadata']['name']}")
def test_defaults_are_those_of_the_api_server(sample: dict[str, Any], control_plane: Cluster) -> None:
    theirs = PolicyServer(control_plane.kubeconfig, "default").held(sample)
    assert list(_differences(held(sample), theirs, "")) == []


def _differences(ours: object, theirs: object, path: str) -> Iterator[str]:
    if path in ASSIGNED:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            below = f"{path}.{key}" if path else key
            yield from _differences(ours.get(key), theirs.get(key), below)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours} here, {theirs} there"
