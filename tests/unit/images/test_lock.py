"""The images lock as a file."""

from __future__ import annotations

import pytest
import yaml

from pipeline.errors import ConfigurationError
from pipeline.model.images.lock import ImagesLock, LockedImage, lock_text, parse_lock

WEB = LockedImage("ghcr.io/acme/web:1.4.2", f"sha256:{'a' * 64}", "web")
CACHE = LockedImage("redis:7", f"sha256:{'b' * 64}")


def test_what_is_written_is_read_back_sorted() -> None:
    lock = ImagesLock().with_images(CACHE, WEB)

    assert parse_lock(yaml.safe_load(lock_text(lock)), "images.lock.yaml") == ImagesLock((WEB, CACHE))
    assert parse_lock(yaml.safe_load(lock_text(ImagesLock())), "images.lock.yaml") == ImagesLock()


def test_an_image_is_locked_once() -> None:
    newer = LockedImage(CACHE.image, f"sha256:{'c' * 64}")

    assert ImagesLock((CACHE,)).with_images(newer).entry("redis:7") == newer
    assert ImagesLock((CACHE,)).entry("redis:8") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "Other"}, "kind ImagesLock"),
        ({"images": {}}, "images: expected a list"),
        ({"images": [{"image": "redis:7", "digest": "7"}]}, r"images\[0\]: expected an image"),
        ({"images": ["redis:7"]}, r"images\[0\]: expected an image"),
    ],
)
def test_another_document_is_refused_by_name(change: dict[str, object], told: str) -> None:
    document = {"apiVersion": "gitless.dev/v1", "kind": "ImagesLock", "images": [], **change}

    with pytest.raises(ConfigurationError, match=rf"images\.lock\.yaml: .*{told}"):
        parse_lock(document, "images.lock.yaml")
