"""Who refers to whom, what wakes whom, and how long to wait."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.flux import api
from pipeline.model.flux.governing import PolicyReference
from pipeline.puller import triggers
from pipeline.puller.backoff import LONGEST, Backoff, jittered
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.references import References, references_of
from tests.flux_objects import FULL_KUSTOMIZATION, FULL_SOURCE, SOURCE_STATUS, kustomization

A, B, C = (Key(KUSTOMIZATION, "shop", name) for name in "abc")


def test_references_follow_what_the_objects_say_last() -> None:
    references = References()
    references.put(A, [C])
    references.put(B, [C])
    assert references.to(C) == (A, B)
    references.put(A, [B])
    assert references.to(C) == (B,)
    assert references.to(B) == (A,)
    references.put(B, ())
    assert references.to(C) == ()


def test_a_kustomization_refers_to_everything_that_its_result_depends_on() -> None:
    body: dict[str, Any] = {**FULL_KUSTOMIZATION, "metadata": {"name": "full", "namespace": "shop"}}

    assert references_of(Key(KUSTOMIZATION, "shop", "full"), body) == {
        Key(OCI_REPOSITORY, "flux-system", "shop"),
        Key(KUSTOMIZATION, "infra", "cert-manager"),
        Key("ConfigMap", "shop", "variables"),
        Key("Secret", "shop", "age"),
        Key("Secret", "shop", "remote"),
    }


def test_a_source_refers_to_its_secrets() -> None:
    body: dict[str, Any] = {**FULL_SOURCE, "metadata": {"name": "full", "namespace": "shop"}}
    found = references_of(Key(OCI_REPOSITORY, "shop", "full"), body)

    assert found == {Key("Secret", "shop", name) for name in ("login", "certificates", "proxy", "keys", "root")}


def test_a_source_refers_to_the_policies_that_govern_it() -> None:
    key, floor = Key(OCI_REPOSITORY, "shop", "full"), PolicyReference("flux-system", "floor")
    spec = {"url": "oci://registry.test/a", "interval": "1m"}
    body: dict[str, Any] = {"metadata": {"name": "full", "namespace": "shop"}, "spec": spec}
    governed = {**body, "metadata": {**body["metadata"], "annotations": {api.TRUST_POLICY_ANNOTATION: "trust"}}}
    senseless = {**body, "metadata": {**body["metadata"], "annotations": {api.TRUST_POLICY_ANNOTATION: "/"}}}
    own, everybody_s = Key("ConfigMap", "shop", "trust"), Key("ConfigMap", "flux-system", "floor")

    assert references_of(key, body) == frozenset()
    assert references_of(key, body, floor=floor) == references_of(key, senseless, floor=floor) == {everybody_s}
    assert references_of(key, governed) == {own}
    assert references_of(key, governed, floor=floor) == {own, everybody_s}
    assert triggers.refers_anew(body, governed)
    assert not triggers.refers_anew(governed, {**governed, "status": {}})


def test_who_cannot_be_read_refers_to_nothing() -> None:
    assert references_of(A, {"metadata": {"name": "a"}, "spec": {"interval": 5}}) == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "2"},
        {"generation": 2},
        {"annotations": {api.REQUESTED_AT: "now"}},
        {"annotations": {api.DRIFT_ANNOTATION: "report"}},
        {"annotations": {api.TRUST_POLICY_ANNOTATION: "trust"}},
        {"annotations": {api.ROLLBACK_ANNOTATION: "true"}},
        {"deletionTimestamp": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_somebody_asks_for_concerns_the_object(change: dict[str, Any]) -> None:
    before = {"metadata": {"name": "a", "uid": "1", "generation": 1}}

    assert triggers.concerns_itself(before, {"metadata": {**before["metadata"], **change}})
    assert triggers.concerns_itself(None, before)


def test_its_status_and_other_marks_do_not() -> None:
    before = kustomization("shop")
    after = {**before, "metadata": {**before["metadata"], "labels": {"a": "b"}}, "status": {"conditions": []}}

    assert not triggers.concerns_itself(before, after)
    assert triggers.has_new_status(before, after)


def test_an_artifact_is_new_by_revision_or_content() -> None:
    before = {"metadata": {}, "status": SOURCE_STATUS}
    artifact = SOURCE_STATUS["artifact"]
    same = {"metadata": {}, "status": {"artifact": {**artifact, "lastUpdateTime": "2027-01-01T00:00:00Z"}}}
    moved = {"metadata": {}, "status": {"artifact": {**artifact, "revision": "v2@sha256:ab"}}}

    assert not triggers.has_new_artifact(before, same)
    assert triggers.has_new_artifact(before, moved)
    assert triggers.has_new_artifact(None, before)
    assert not triggers.has_new_artifact(before, {"metadata": {}})


def test_pauses_grow_for_each_object_by_itself() -> None:
    backoff = Backoff()
    pauses = [backoff.failed(A) for _ in range(30)]

    assert 0.6 < pauses[0] < 0.9
    assert all(0.9 * LONGEST <= pause <= 1.1 * LONGEST for pause in pauses[15:])
    assert backoff.failed(B) < 0.9
    backoff.succeeded(A)
    assert backoff.failed(A) < 0.9


def test_intervals_are_spread() -> None:
    assert all(95 <= jittered(100, 0.05) <= 105 for _ in range(100))
    assert jittered(100, 0.0) == 100
