from __future__ import annotations

import pytest

from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.attestation.materials import Material, MaterialKind, image_material, images_in
from pipeline.model.manifests import Resource
from tests.unit.attest.support import BASE, CHART, PIN, deployment, pod, resource


@pytest.mark.parametrize(
    ("written", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io/library/nginx", "", ""),
        ("nginx:1.27", "docker.io/library/nginx", "1.27", ""),
        ("bitnami/redis:7", "docker.io/bitnami/redis", "7", ""),
        ("docker.io/nginx", "docker.io/library/nginx", "", ""),
        ("index.docker.io/nginx", "docker.io/library/nginx", "", ""),
        (f"ghcr.io/acme/shop@{PIN}", "ghcr.io/acme/shop", "", PIN),
        (f"ghcr.io/acme/shop:1.2@{PIN}", "ghcr.io/acme/shop", "1.2", PIN),
        ("localhost/shop", "localhost/shop", "", ""),
        ("registry:5000/shop:1", "registry:5000/shop", "1", ""),
        ("[::1]:5000/shop:1", "[::1]:5000/shop", "1", ""),
    ],
)
def test_names_of_images_are_read_as_container_runtimes_do(
    written: str, repository: str, tag: str, digest: str
) -> None:
    name = parse_image_name(written)

    assert name is not None
    assert (name.repository, name.tag, name.digest) == (repository, tag, digest)


@pytest.mark.parametrize(
    "written", ["", "{{ image }}", "Nginx", "a b", "nginx@sha256:12", "nginx:" + "x" * 2000, "$(IMAGE)"]
)
def test_what_is_no_name_is_kept_as_it_stands(written: str) -> None:
    assert parse_image_name(written) is None
    assert image_material(written) == Material(MaterialKind.IMAGE, written)
    assert image_material(written).purl == ""


@pytest.mark.parametrize(
    "found",
    [
        resource("Pod", "v1", spec=pod("a")),
        deployment("a"),
        resource("CronJob", "batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": pod("a")}}}}),
        resource("PodTemplate", "v1", template={"spec": pod("a")}),
        resource(spec={"template": {"spec": pod("a", key="initContainers")}}),
        resource("Pod", "v1", spec=pod("a", key="ephemeralContainers")),
        resource("Pod", "v1", spec={"volumes": [{"name": "model", "image": {"reference": "a"}}]}),
        resource("Rollout", "argoproj.io/v1alpha1", spec={"template": {"spec": pod("a")}}),
        resource("Service", "serving.knative.dev/v1", spec={"template": {"spec": pod("a")}}),
        resource("Task", "tekton.dev/v1", spec=pod("a", key="steps")),
        resource("Prometheus", "monitoring.coreos.com/v1", spec={"image": "a"}),
        resource("Cluster", "postgresql.cnpg.io/v1", spec={"imageName": "a"}),
    ],
    ids=lambda found: f"{found.id.kind} {next(iter(found.body))}",
)
def test_images_are_found_wherever_a_pod_is_specified(found: Resource) -> None:
    assert [image.name for image in images_in([found])] == ["docker.io/library/a"]


@pytest.mark.parametrize(
    "found",
    [
        resource("ConfigMap", "v1", data={"image": "a"}, spec=pod("a")),
        resource("CustomResourceDefinition", "apiextensions.k8s.io/v1", spec=pod("a")),
        resource("Deployment", spec=None),
        resource("Deployment", spec={"template": {"spec": {"containers": {"image": "a"}}}}),
        resource("Deployment", spec={"template": {"spec": {"containers": ["a", {"image": 7}, {"image": ""}]}}}),
        resource("Workflow", "argoproj.io/v1alpha1", spec={"steps": [[{"name": "a"}]]}),
        resource("Pod", "v1", spec={"volumes": [{"image": "a"}, "b"]}),
    ],
)
def test_what_only_looks_like_an_image_is_none(found: Resource) -> None:
    assert images_in([found]) == ()


def test_images_are_told_once_and_sorted() -> None:
    found = images_in([deployment("b:1", "a", "docker.io/library/a"), deployment("a", name="other")])

    assert [(image.name, image.version) for image in found] == [
        ("docker.io/library/a", ""),
        ("docker.io/library/b", "1"),
    ]


def test_package_urls_follow_the_specification() -> None:
    image = image_material(f"ghcr.io/acme/shop:1.2@{PIN}")

    assert image.purl == f"pkg:oci/shop@{PIN}?repository_url=ghcr.io/acme/shop&tag=1.2"
    assert CHART.purl == "pkg:helm/redis@1.2.3?repository_url=https://charts.test"
    assert BASE.purl == ""
    assert image.digests == {"sha256": "12" * 32}
    assert BASE.digests == {}
