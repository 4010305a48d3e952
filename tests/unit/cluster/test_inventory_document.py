from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.errors import ClusterError
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.applying.inventory_document import decode, encode
from pipeline.model.manifests import ObjectId

WEB = ObjectId("apps", "Deployment", "shop", "web")
PAGE = ObjectId("", "ConfigMap", "shop", "page")
INVENTORY = Inventory(
    "shop",
    "web",
    applied={WEB: InventoryEntry(WEB, "apps/v1", "a" * 64, "b" * 64)},
    pending={PAGE: InventoryEntry(PAGE, "v1")},
    repository="registry.example/shop",
    digest="sha256:" + "c" * 64,
    source="git",
    revision="main",
    verified_by=("release.pub",),
    issued_at=1_764_000_000.0,
    applied_at=1_764_003_600.0,
    resource_version="5",
    writer="ci",
    written_at="2026-01-01T00:00:00Z",
)


def changed(**changes: object) -> bytes:
    return json.dumps(json.loads(encode(INVENTORY)) | changes).encode()


def test_reading_gives_back_what_was_written() -> None:
    assert decode(encode(INVENTORY), namespace="shop", name="web", resource_version="5") == INVENTORY


def test_a_time_that_nobody_tells_is_left_out_as_before_it_was_known() -> None:
    content = encode(replace(INVENTORY, issued_at=None, applied_at=None))

    assert b"issuedAt" not in content
    assert b"appliedAt" not in content
    assert decode(content, namespace="shop", name="web").issued_at is None


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(ClusterError, match="format version 2; this gitless knows version 1") as caught:
        decode(changed(version=2), namespace="shop", name="web")
    assert caught.value.code == "cluster.inventory-version"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        changed(name="other"),
        changed(applied=[["x"]]),
        changed(digest=1),
        changed(issuedAt="yesterday"),
        changed(appliedAt="yesterday"),
    ],
)
def test_damage_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(ClusterError, match="inventory shop/web is damaged") as caught:
        decode(content, namespace="shop", name="web")
    assert caught.value.hint is not None
