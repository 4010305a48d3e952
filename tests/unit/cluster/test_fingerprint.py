from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.fingerprint import fingerprint

OURS = {"manager": "gitless", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}
STATUS = {"manager": "controller", "operation": "Update", "subresource": "status", "time": "2026-01-01T00:00:01Z"}
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
        {"annotations": {"note": "x"}},
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
