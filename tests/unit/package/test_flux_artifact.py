from __future__ import annotations

import json

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import OCI_MANIFEST, StoredManifest, parse_manifest

ARCHIVE = pack([("a.yaml", b"a: 1\n")])


def test_manifest_has_the_shape_that_flux_writes() -> None:
    artifact = build_artifact(ARCHIVE, source="https://git.test/app", revision="main@sha1:abc")

    body = json.loads(artifact.manifest.content)

    assert body == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.cncf.flux.config.v1+json",
            "size": len(artifact.config.content),
            "digest": artifact.config.descriptor.digest,
        },
        "layers": [
            {
                "mediaType": "application/vnd.cncf.flux.content.v1.tar+gzip",
                "size": len(ARCHIVE.content),
                "digest": artifact.layer.descriptor.digest,
            }
        ],
        "annotations": {
            "dev.gitless.content-digest": ARCHIVE.content_digest,
            "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
            "org.opencontainers.image.revision": "main@sha1:abc",
            "org.opencontainers.image.source": "https://git.test/app",
        },
    }


def test_config_names_the_uncompressed_content() -> None:
    config = json.loads(build_artifact(ARCHIVE).config.content)

    assert config["rootfs"] == {"type": "layers", "diff_ids": [ARCHIVE.content_digest]}
    assert config["created"] == "1970-01-01T00:00:00Z"


def test_annotations_of_ones_own_win_except_over_the_content_digest() -> None:
    artifact = build_artifact(
        ARCHIVE,
        source="detected",
        annotations={"org.opencontainers.image.source": "mine", "dev.gitless.content-digest": "lie", "k": "v=w"},
    )

    annotations = json.loads(artifact.manifest.content)["annotations"]

    assert annotations["org.opencontainers.image.source"] == artifact.source == "mine"
    assert annotations["dev.gitless.content-digest"] == ARCHIVE.content_digest
    assert annotations["k"] == "v=w"


def test_unknown_source_and_revision_are_not_there() -> None:
    annotations = json.loads(build_artifact(ARCHIVE).manifest.content)["annotations"]

    assert set(annotations) == {"dev.gitless.content-digest", "org.opencontainers.image.created"}


def test_our_own_parser_reads_it() -> None:
    artifact = build_artifact(ARCHIVE)

    parsed = parse_manifest(StoredManifest(OCI_MANIFEST, artifact.digest, artifact.manifest.content))

    assert [blob.digest for blob in parsed.blobs] == [
        artifact.config.descriptor.digest,
        artifact.layer.descriptor.digest,
    ]
