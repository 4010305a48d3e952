from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sources.worlds import URL, World, kinds, source, told

CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("https://registry.test/team/app", "URL must be in format 'oci://<domain>/<org>/<repo>'"),
        ("oci://registry.test/team/app:v1", "URL must not contain a tag; remove ':v1'"),
        (f"oci://registry.test/app@sha256:{'a' * 64}", f"URL must not contain a digest; remove '@sha256:{'a' * 64}'"),
        ("oci://registry.test/Team/App", "'Team/App' is not a repository name"),
        ("oci://registry.test", "lacks a registry host or a repository"),
        ("oci://registry.test:99999/app", "99999 is no port"),
        ("oci-layout:/etc", "URL must be in format"),
    ],
)
def test_a_url_that_makes_no_sense_stalls_the_source(world: World, url: str, complaint: str) -> None:
    body = source(url=url)
    outcome = world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[:2] == ("False", "URLInvalid")
    assert ready[2].startswith(f"URL validation failed for '{url}': ")
    assert complaint in ready[2]
    assert told(body, "Stalled") == ("True", *ready[1:])
    assert told(body, "FetchFailed") == ("True", *ready[1:])
    assert "Reconciling" not in kinds(body)
    assert body["status"]["observedGeneration"] == 1
    assert outcome.requeue_after == 600.0
    assert [event.reason for event in outcome.events] == ["URLInvalid"]
    assert world.calls() == []


def test_a_stalled_source_moves_on_once_it_makes_sense(world: World) -> None:
    world.push()
    body = source(url="oci://registry.test/team/app:v1")
    world.reconcile(body)
    body["spec"]["url"] = URL
    body["metadata"]["generation"] = 2
    assert world.reconcile(body).succeeded
    assert kinds(body) == {"Ready", "ArtifactInStorage"}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"interval": None}, "spec.interval"),
        ({"interval": "soon"}, "spec.interval"),
        ({"ref": {"tag": 1.5}}, "spec.ref.tag"),
        ({"ref": {"tag": "-x"}}, "spec.ref.tag"),
        ({"ref": {"digest": "sha256:12"}}, "spec.ref.digest"),
        ({"ref": "v1"}, "spec.ref"),
        ({"layerSelector": {"operation": "mount"}}, "spec.layerSelector.operation"),
        ({"provider": "alibaba"}, "spec.provider"),
        ({"secretRef": {}}, "spec.secretRef.name"),
        ({"insecure": "yes"}, "spec.insecure"),
        ({"ignore": "x" * 70_000}, "spec.ignore"),
        ({"verify": {"provider": "cosign", "matchOIDCIdentity": [{"issuer": "x"}]}}, "spec.verify.matchOIDCIdentity"),
        ({"ref": {"semver": ">" * 2000}}, "spec.ref.semver"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(world: World, spec: dict[str, Any], field: str) -> None:
    world.push()
    body = source(**spec)
    outcome = world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[:2] == ("False", "InvalidSpec")
    assert ready[2].startswith(field)
    assert told(body, "Stalled") == ("True", *ready[1:])
    assert not outcome.succeeded
    assert outcome.requeue_after is not None


def test_a_spec_that_is_missing_is_told(world: World) -> None:
    body = source()
    body["spec"] = None
    world.reconcile(body)
    assert "Stalled" in kinds(body)


def test_latest_is_what_is_meant_without_a_reference(world: World) -> None:
    artifact = world.push(tag="latest")
    world.push({"a.yaml": b"a"}, tag="newer")
    body = source(ref={})
    world.reconcile(body)
    assert body["status"]["artifact"]["revision"] == f"latest@{artifact.digest}"


@pytest.mark.parametrize(
    ("reference", "tag"),
    [
        ({"tag": "1.0.0"}, "1.0.0"),
        ({"tag": "1.0.0", "semver": "1.x"}, "v1.2.0"),
        ({"semver": "*"}, "2.0.0"),
        ({"semver": ">=1.0.0 <2.0.0"}, "v1.2.0"),
        ({"semver": "~1.1"}, "1.1.9"),
        ({"semver": ">=2.0.0-0"}, "3.0.0-rc.1"),
        ({"semver": ">=1.0.0-0", "semverFilter": r"-rc\.\d+$"}, "3.0.0-rc.1"),
        ({"semver": "*", "semverFilter": "^v"}, "v1.2.0"),
        ({"semver": "*", "semverFilter": r"^(?P<x>1)\.[[:digit:]]\.\d\z"}, "1.1.9"),
    ],
)
def test_the_reference_is_read_as_flux_reads_it(world: World, reference: dict[str, str], tag: str) -> None:
    tags = ("latest", "main", "1.0.0", "1.1.9", "v1.2.0", "2.0.0", "3.0.0-rc.1", "4.0", "sha256-0.sig")
    pushed = {name: world.push({"a.yaml": name.encode()}, name) for name in tags}
    body = source(ref=reference)
    world.reconcile(body)
    assert body["status"]["artifact"]["revision"] == f"{tag}@{pushed[tag].digest}"


def test_a_digest_wins_over_all_and_is_the_revision(world: World) -> None:
    artifact = world.push(tag="1.0.0")
    world.push({"a.yaml": b"a"}, tag="2.0.0")
    body = source(ref={"digest": artifact.digest, "semver": "*", "tag": "2.0.0"})
    world.reconcile(body)
    assert body["status"]["artifact"]["revision"] == artifact.digest
    assert world.calls()[-2:] == ["read_manifest", "read_blob"]


def test_no_version_in_the_range_is_looked_for_again(world: World) -> None:
    world.push(tag="1.0.0")
    body = source(ref={"semver": ">=2"})
    outcome = world.reconcile(body)
    assert told(body, "Ready") == (
        "False",
        "ReadOperationFailed",
        f"failed to determine the artifact tag for '{URL}': no match found for semver: >=2",
    )
    assert outcome.requeue_after is None


@pytest.mark.parametrize(
    "reference",
    [
        {"semver": "one"},
        {"semver": "*", "semverFilter": "("},
        {"semver": "*", "semverFilter": "a(?=b)"},
    ],
)
def test_a_range_or_filter_that_cannot_be_read_stalls_the_source(world: World, reference: dict[str, str]) -> None:
    body = source(ref=reference)
    world.reconcile(body)
    stalled = told(body, "Stalled")
    assert stalled is not None
    assert stalled[1] == "ReadOperationFailed"
    assert f"'{reference.get('semverFilter') or reference['semver']}' is not a" in stalled[2]
    assert world.calls() == []


@pytest.mark.timeout(10)
def test_no_filter_keeps_us_busy(world: World) -> None:
    world.push(tag="1.0.0-" + "a" * 100)
    body = source(ref={"semver": ">=0.0.0-0", "semverFilter": "(a*)*(a|aa)*(a|a?)+b"})
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert "no match found" in ready[2]


def test_a_charts_tag_stands_for_the_version_with_its_build(world: World) -> None:
    world.push(tag="1.0.0_build.1")
    selector = {"mediaType": CHART, "operation": "copy"}
    body = source(ref={"semver": "1.x"}, layerSelector=selector)
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[2].startswith(f"failed to find layer with media type '{CHART}' in artifact; found: ")
    assert ("resolve", "1.0.0_build.1") in world.registry.calls
