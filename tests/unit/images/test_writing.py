import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.images.writing import PinnedImage, write_kustomization, write_values

IMAGE = PinnedImage(repository="ghcr.io/acme/web", tag="1.4.2", digest="sha256:" + "1a" * 32)

KUSTOMIZATION = """# The shop in production.
resources:
- ../../base   # common

images:
# The web server.
- name: ghcr.io/acme/web
  newTag: 1.4.1   # written by a pipeline
- name: cache
  newName: ghcr.io/acme/cache
  newTag: "7"
"""


def test_the_entry_of_the_image_gets_tag_and_digest() -> None:
    made = write_kustomization(KUSTOMIZATION, "kustomization.yaml", IMAGE)

    assert made == KUSTOMIZATION.replace(
        "newTag: 1.4.1   # written by a pipeline", f"newTag: 1.4.2   # written by a pipeline\n  digest: {IMAGE.digest}"
    )
    assert write_kustomization(made, "kustomization.yaml", IMAGE) == made


def test_an_image_that_is_renamed_already_is_found_by_its_new_name() -> None:
    cache = PinnedImage(repository="ghcr.io/acme/cache", tag="8", digest=IMAGE.digest)

    made = write_kustomization(KUSTOMIZATION, "kustomization.yaml", cache)

    assert made == KUSTOMIZATION.replace('newTag: "7"', f'newTag: "8"\n  digest: {IMAGE.digest}')


def test_an_image_that_manifests_call_otherwise_gets_its_new_name() -> None:
    made = write_kustomization("resources: [a.yaml]\n", "kustomization.yaml", IMAGE, "web")

    assert made == (
        "resources: [a.yaml]\nimages:\n- name: web\n  newName: ghcr.io/acme/web\n  newTag: 1.4.2\n"
        f"  digest: {IMAGE.digest}\n"
    )


def test_an_entry_that_renames_to_something_else_is_corrected() -> None:
    made = write_kustomization(KUSTOMIZATION, "kustomization.yaml", IMAGE, "cache")

    assert "newName: ghcr.io/acme/web\n" in made
    assert "ghcr.io/acme/cache" not in made


@pytest.mark.parametrize(
    ("values", "key", "made"),
    [
        ("image: old:1 # it\n", "image", "image: ghcr.io/acme/web:1.4.2@DIGEST # it\n"),
        (
            "web:\n  image:\n    repository: old\n    tag: '1'\n",
            "web.image",
            "web:\n  image:\n    repository: ghcr.io/acme/web\n    tag: '1.4.2'\n    digest: DIGEST\n",
        ),
        (
            "image: {registry: docker.io, repository: old, tag: x, digest: ''}\n",
            "image",
            "image: {registry: ghcr.io, repository: acme/web, tag: 1.4.2, digest: 'DIGEST'}\n",
        ),
        ("image:\n  name: old\n", "image", "image:\n  name: ghcr.io/acme/web\n  tag: 1.4.2\n  digest: DIGEST\n"),
    ],
)
def test_values_get_the_image_in_the_form_that_they_have(values: str, key: str, made: str) -> None:
    assert write_values(values, "values.yaml", IMAGE, key) == made.replace("DIGEST", IMAGE.digest)


@pytest.mark.parametrize(
    ("values", "key"), [("a: b\nc: d\n", "image"), ("image: {tag: x}\n", "image"), ("[]\n", "a.b")]
)
def test_values_without_such_an_image_are_refused(values: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"values.yaml: expected at"):
        write_values(values, "values.yaml", IMAGE, key)
