from __future__ import annotations

import json

import pytest

from pipeline.errors import RegistryError
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_IMAGE_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor
from pipeline.registries.oci.referrers import (
    as_referrer,
    fallback_tag,
    format_index,
    is_doubtful,
    parse_index,
    subject_of,
)

DIGEST = "sha256:" + "ab" * 32


def test_fallback_tag_is_the_digest_with_a_dash() -> None:
    assert fallback_tag(DIGEST) == "sha256-" + "ab" * 32


def test_index_comes_back_as_it_went() -> None:
    entries = (
        Descriptor(OCI_MANIFEST, DIGEST, 12, {"org.example": "ü"}, "application/x.signature"),
        Descriptor(OCI_INDEX, DIGEST, 13),
    )
    written = format_index(entries)

    assert written.media_type == OCI_INDEX
    assert parse_index(written.content, "here") == entries


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"manifests": {}}',
        b'{"manifests": [1]}',
        b'{"manifests": [{"mediaType": "a", "digest": "sha256:short", "size": 1}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_index_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(RegistryError, match="the tag"):
        parse_index(content, "the tag")


def test_index_with_null_for_no_manifests_is_empty() -> None:
    assert parse_index(b'{"manifests": null}', "here") == ()


@pytest.mark.parametrize(
    ("document", "subject"),
    [
        ({"subject": {"digest": DIGEST}}, DIGEST),
        ({"subject": {"digest": "sha512:1"}}, None),
        ({"subject": None}, None),
        ({}, None),
        ([], None),
    ],
)
def test_subject_is_read_from_the_manifest(document: object, subject: str | None) -> None:
    assert subject_of(json.dumps(document).encode()) == subject


def test_referrer_has_the_manifests_own_type_and_annotations() -> None:
    entry = Descriptor(OCI_MANIFEST, DIGEST, 12, {}, OCI_EMPTY)
    document = {"artifactType": "application/x.sbom", "config": {"mediaType": OCI_EMPTY}, "annotations": {"a": "b"}}

    found = as_referrer(entry, json.dumps(document).encode())

    assert (found.artifact_type, found.annotations) == ("application/x.sbom", {"a": "b"})


def test_referrer_without_artifact_type_has_its_configs() -> None:
    document = {"config": {"mediaType": "application/x.config"}}

    found = as_referrer(Descriptor(OCI_MANIFEST, DIGEST, 12), json.dumps(document).encode())

    assert found.artifact_type == "application/x.config"


@pytest.mark.parametrize("kind", [None, OCI_EMPTY, OCI_IMAGE_CONFIG, "application/vnd.cncf.flux.config.v1+json"])
def test_types_that_may_be_the_configs_are_doubted(kind: str | None) -> None:
    assert is_doubtful(Descriptor(OCI_MANIFEST, DIGEST, 1, {}, kind))


def test_other_types_are_believed() -> None:
    assert not is_doubtful(Descriptor(OCI_MANIFEST, DIGEST, 1, {}, "application/vnd.dev.sigstore.bundle.v0.3+json"))
