from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.applying.fingerprint import fingerprint

OURS = {"manager": "gitless", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}
STATUS = {"manager": "controller", "operation": "Update", "subresource": "status", "time": "2026-01-01T00:00:01Z"}
ANNOTATED = {
    "manager": "kubectl-annotate",
    "operation": "Update",
    "time": "2026-01-01T00:00:01Z",
    "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:note": {}}}},
}
METADATA: dict[str, Any] = {
    "uid": "1",
    "generation": 1,
    "resourceVersion": "7",
    "labels": {"app": "web"},
    "managedFields": [OURS],
}


def test_a_status_write_does_not_change_it() -> None:
    written = {**METADATA, "resourceVersion": "8", "managedFields": [OURS, STATUS]}
    assert fingerprint(written) == fingerprint(METADATA)


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "2"},
        {"generation": 2},
        {"labels": {"app": "other"}},
        {"annotations": {"note": "x"}, "managedFields": [OURS, ANNOTATED]},
        {"finalizers": ["hold"]},
        {"ownerReferences": [{"uid": "9"}]},
        {"deletionTimestamp": "2026-01-01T00:00:02Z"},
        {"managedFields": [OURS, {**STATUS, "subresource": "scale"}]},
        {"managedFields": [{**OURS, "time": "2026-01-01T00:00:05Z"}]},
    ],
)
def test_every_other_write_changes_it(change: dict[str, Any]) -> None:
    assert fingerprint({**METADATA, **change}) != fingerprint(METADATA)


def test_any_write_changes_it_where_the_kind_has_no_generation() -> None:
    before = {key: value for key, value in METADATA.items() if key != "generation"}
    assert fingerprint({**before, "resourceVersion": "8"}) != fingerprint(before)


def test_annotations_that_come_with_a_status_write_do_not_change_it() -> None:
    revision = {"deployment.kubernetes.io/revision": "1"}
    fields: dict[str, Any] = {"f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}}}
    written = {**METADATA, "annotations": revision, "managedFields": [OURS, {**STATUS, "fieldsV1": fields}]}

    assert fingerprint(written) == fingerprint(METADATA)


def test_every_annotation_counts_where_nobody_says_who_owns_it() -> None:
    bare = {key: value for key, value in METADATA.items() if key != "managedFields"}

    assert fingerprint({**bare, "annotations": {"note": "x"}}) != fingerprint({**bare, "annotations": {"note": "y"}})


def test_status_writes_count_as_little_where_the_kind_has_no_generation() -> None:
    before = {key: value for key, value in METADATA.items() if key != "generation"}
    reported = {**before, "managedFields": [OURS, STATUS]}

    assert fingerprint({**reported, "resourceVersion": "9"}) == fingerprint(reported)
