"""What the real API server says of an object by its kind's rules is what the gate says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.expressions.kubernetes import KubernetesPrograms
from pipeline.gates.cel import CelGate
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.validation.finding import Checked
from tests.integration.validate.custom_kinds import CHANGED, CREATED, DEFINITION
from tests.integration.validate.policies import PolicyServer
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

_FAILED = re.compile(r"evaluating rule: |resulted in error|no such|quantities must")


@pytest.fixture(scope="module")
def server(control_plane: Cluster) -> Iterator[PolicyServer]:
    started = PolicyServer(control_plane.kubeconfig, "default")
    started.create(DEFINITION)
    started.wait_until_served(CREATED["fine"])
    yield started
    started.delete(DEFINITION)


@pytest.mark.parametrize("name", CREATED)
def test_a_new_object_is_refused_for_the_same_reasons(name: str, server: PolicyServer) -> None:
    _, refusal = server.create_answer(CREATED[name])
    _compare(_checked(CREATED[name]), refusal)


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_object_is_refused_for_the_same_reasons(name: str, server: PolicyServer) -> None:
    before, after = CHANGED[name]
    server.create(before)
    try:
        _, refusal = server.update_answer(after)
    finally:
        server.delete(before)
    _compare(_checked(after, before), refusal)


def _checked(body: dict[str, Any], before: dict[str, Any] | None = None) -> Checked:
    previous = Manifests.of([Resource.from_body(before)]) if before else None
    return CelGate([DEFINITION], [], KubernetesPrograms()).check(Manifests.of([Resource.from_body(body)]), previous)


def _compare(checked: Checked, refusal: str) -> None:
    assert not checked.not_evaluated
    theirs = _complaints(refusal)
    assert len(theirs) == len(checked.findings), (refusal, checked.findings)
    for finding in checked.findings:
        place = finding.path or "<nil>"
        about = [text for path, text in theirs if path == place]
        assert about, (place, refusal)
        if not _FAILED.search(" ".join(about)):
            assert any(text.endswith(finding.message) for text in about), (finding.message, about)


def _complaints(refusal: str) -> list[tuple[str, str]]:
    """Pairs of a path and what is said of it."""
    if not refusal:
        return []
    listed = re.findall(r"^\* (\S+): (.*)$", refusal, re.MULTILINE)
    if listed:
        return listed
    alone = re.search(r"is invalid: (\S+): (.*)$", refusal, re.MULTILINE)
    assert alone, refusal
    return [(alone[1], alone[2])]
