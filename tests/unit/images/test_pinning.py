"""A lock put into manifests."""

from __future__ import annotations

import pytest
import yaml

from pipeline.errors import ConfigurationError, RefusedError
from pipeline.model.attestation.materials import MaterialKind
from pipeline.model.images.fields import ImageField
from pipeline.model.images.lock import ImagesLock, LockedImage, lock_text, parse_lock
from pipeline.model.images.pinning import pin, tagged_images
from pipeline.model.manifests import Manifests, Origin, Resource
from pipeline.model.outcome.build import BuildResult
from pipeline.stages.pin_images import pin_images
from tests.contract.registry.servers import Silent

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
LOCK = ImagesLock((LockedImage("nginx:1.27", A), LockedImage("quay.io/acme/api:2", B, "apps:api", "3")))
OBJECTS = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  template:
    spec:
      initContainers: [{{name: a, image: "nginx:1.27"}}]
      containers:
        - {{name: b, image: "quay.io/acme/api:2", env: [{{name: X, value: "nginx:1.27"}}]}}
        - {{name: c, image: "redis:7@{C}"}}
      ephemeralContainers: [{{name: d, image: busybox}}]
      volumes: [{{name: v, image: {{reference: "nginx:1.27"}}}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: job}}
spec: {{jobTemplate: {{spec: {{template: {{spec: {{containers: [{{name: a, image: "nginx:1.27"}}]}}}}}}}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: text}}
data: {{image: "nginx:1.27"}}
"""


@pytest.fixture
def manifests() -> Manifests:
    bodies = yaml.safe_load_all(OBJECTS)
    return Manifests.of(Resource.from_body(body, Origin("app.yaml", line)) for line, body in enumerate(bodies))


def test_every_locked_image_gets_its_digest_and_nothing_else_changes(manifests: Manifests) -> None:
    before = [yaml.safe_dump(item.body) for item in manifests]

    pinned = pin(manifests, LOCK)

    expected = (
        OBJECTS.replace('image: "nginx:1.27"', f'image: "nginx:1.27@{A}"', 1)
        .replace('"quay.io/acme/api:2"', f'"quay.io/acme/api:3@{B}"')
        .replace('reference: "nginx:1.27"', f'reference: "nginx:1.27@{A}"')
        .replace('name: a, image: "nginx:1.27"}]', f'name: a, image: "nginx:1.27@{A}"}}]')
    )
    wanted = {(body["kind"], yaml.safe_dump(body)) for body in yaml.safe_load_all(expected)}
    assert {(item.id.kind, yaml.safe_dump(item.body)) for item in pinned.manifests} == wanted
    assert [yaml.safe_dump(item.body) for item in manifests] == before
    assert [(item.id, item.origin) for item in pinned.manifests] == [(item.id, item.origin) for item in manifests]
    assert pinned.used == LOCK.images
    assert [found.image for found in pinned.missing] == ["busybox"]


def test_objects_that_name_an_image_are_known(manifests: Manifests) -> None:
    named = {found.image: [item.id.kind for item in found.resources] for found in tagged_images(manifests)}

    assert named == {
        "nginx:1.27": ["Deployment", "CronJob"],
        "quay.io/acme/api:2": ["Deployment"],
        "busybox": ["Deployment"],
    }


def test_a_build_tells_what_was_pinned_and_by_what(manifests: Manifests) -> None:
    reporter = Silent()

    built = pin_images(BuildResult(manifests), LOCK, file="a/images.lock.yaml", digest=C, reporter=reporter)

    document = built.document()
    assert document["images"]["missing"] == ["busybox"]
    assert [entry["pinned"] for entry in document["images"]["images"]] == [f"nginx:1.27@{A}", f"quay.io/acme/api:3@{B}"]
    materials = {(item.kind, item.name, item.version, item.digest) for item in built.materials}
    assert (MaterialKind.IMAGE, "docker.io/library/nginx", "1.27", A) in materials
    assert (MaterialKind.IMAGE, "quay.io/acme/api", "3", B) in materials
    assert (MaterialKind.FILE, "images.lock.yaml", "", C) in materials
    assert reporter.warnings == [
        "a/images.lock.yaml does not have busybox (Deployment.apps shop/web (app.yaml:0)); lock it: gitless images lock"
    ]


def test_where_every_image_is_required_a_missing_one_is_refused(manifests: Manifests) -> None:
    with pytest.raises(RefusedError, match="does not have busybox") as caught:
        pin_images(BuildResult(manifests), LOCK, file="images.lock.yaml", require=True, reporter=Silent())

    assert (caught.value.exit_code, caught.value.code) == (9, "refused.image-not-locked")


def test_a_lock_with_tags_of_policies_is_read_back() -> None:
    text = lock_text(LOCK)

    assert parse_lock(yaml.safe_load(text), "images.lock.yaml") == LOCK
    for image, tag in (("Not An Image", "1"), ("nginx", "a b")):
        with pytest.raises(ConfigurationError, match=r"images\[0\]: '.*' is no image and tag"):
            parse_lock({**yaml.safe_load(text), "images": [{"image": image, "digest": A, "tag": tag}]}, "x")


@pytest.mark.parametrize(
    ("entry", "pinned"),
    [
        (LockedImage("nginx", A), f"nginx@{A}"),
        (LockedImage("nginx", A, tag="1.28"), f"nginx:1.28@{A}"),
        (LockedImage("localhost:5000/web:1", A), f"localhost:5000/web:1@{A}"),
        (LockedImage("localhost:5000/web:1", A, tag="2"), f"localhost:5000/web:2@{A}"),
        (LockedImage("localhost:5000/web", A, tag="2"), f"localhost:5000/web:2@{A}"),
    ],
)
def test_names_stay_as_they_are_written(entry: LockedImage, pinned: str) -> None:
    assert entry.pinned == pinned


def test_fields_of_custom_resources_are_pinned_where_the_settings_name_them() -> None:
    body = {
        "apiVersion": "example.dev/v1",
        "kind": "Widget",
        "metadata": {"name": "a"},
        "spec": {
            "image": "nginx:1.27",
            "parts": [{"use": "nginx:1.27"}, {"use": 7}, "no"],
            "other": "nginx:1.27",
            "containers": [{"image": "nginx:1.27"}],
        },
    }
    manifests = Manifests.of([Resource.from_body(body)])
    fields = tuple(
        ImageField("example.dev", "Widget", path)
        for path in ("spec.image", "spec.parts[].use", "spec.containers[].image", "spec.none[].x", "metadata")
    )

    built = pin_images(
        BuildResult(manifests), LOCK, file="images.lock.yaml", require=True, fields=fields, reporter=Silent()
    )

    pinned = f"nginx:1.27@{A}"
    assert next(iter(built.manifests)).body["spec"] == {
        "image": pinned,
        "parts": [{"use": pinned}, {"use": 7}, "no"],
        "other": "nginx:1.27",
        "containers": [{"image": pinned}],
    }
    assert [item.digest for item in built.materials] == [A]
    assert tagged_images(manifests)[0].image == "nginx:1.27"
    assert pin(manifests, LOCK).manifests.resources[0].body["spec"]["image"] == "nginx:1.27"
