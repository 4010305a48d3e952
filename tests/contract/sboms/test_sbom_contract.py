"""What every format of bills of materials promises, and that its own standard's library finds nothing wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from pipeline import wiring
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.attestation.bill import Bill
from pipeline.ports import SbomFormat
from tests.unit.attest.support import ARTIFACT, BASE, CHART, DIGEST, LOCK, PIN, manifests

BILL = Bill.of(
    ARTIFACT,
    manifests(f"ghcr.io/acme/shop:1.2@{PIN}", "nginx", "{{ odd }}"),
    (CHART, BASE, LOCK),
    created="2026-01-31T12:00:00+02:00",
    source="https://git.test/shop",
    revision="main@sha1:" + "0" * 40,
)


def _check_cyclonedx(document: Mapping[str, Any]) -> None:
    assert document["specVersion"] == "1.6"
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    assert error is None, error


def _check_spdx(document: Mapping[str, Any]) -> None:
    assert document["spdxVersion"] == "SPDX-2.3"
    parser = JsonLikeDictParser()  # type: ignore[no-untyped-call] # its own types lack the constructor's
    found = validate_full_spdx_document(parser.parse(dict(document)))
    assert [message.validation_message for message in found] == []


CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {"cyclonedx": _check_cyclonedx, "spdx": _check_spdx}
TYPES = {"cyclonedx": "https://cyclonedx.org/bom", "spdx": "https://spdx.dev/Document"}


@pytest.fixture(params=CHECKS)
def sbom(request: pytest.FixtureRequest) -> SbomFormat:
    return wiring.sbom(request.param)


def test_a_format_says_its_name_and_the_type_that_it_is_attested_under(sbom: SbomFormat) -> None:
    assert sbom.predicate_type == TYPES[sbom.name]


def test_its_own_standard_finds_nothing_wrong(sbom: SbomFormat) -> None:
    CHECKS[sbom.name](sbom.write(BILL))


def test_everything_is_in_it(sbom: SbomFormat) -> None:
    text = json.dumps(sbom.write(BILL))

    for told in (
        DIGEST.removeprefix("sha256:"),
        f"pkg:oci/shop@{PIN}?repository_url=ghcr.io/acme/shop&tag=1.2",
        "pkg:oci/nginx?repository_url=docker.io/library/nginx",
        "{{ odd }}",
        "pkg:helm/redis@1.2.3",
        BASE.name,
        "v1.0",
        LOCK.name,
        "Deployment",
        "apps/v1",
        "settings",
        "deploy/web.yaml",
        "https://git.test/shop",
        "2026-01-31T10:00:00",
        "gitless",
    ):
        assert told in text, told


def test_the_same_artifact_has_the_same_bill(sbom: SbomFormat) -> None:
    shuffled = Bill.of(
        ARTIFACT,
        BILL.manifests,
        (LOCK, BASE, CHART, CHART),
        created="2026-01-31T10:00:00Z",
        source=BILL.source,
        revision=BILL.revision,
    )

    assert json.dumps(sbom.write(BILL)) == json.dumps(sbom.write(shuffled))


def test_bills_of_different_content_have_different_names(sbom: SbomFormat) -> None:
    other = replace(BILL, artifact=PinnedReference(ARTIFACT.repository, PIN))
    without = replace(BILL, materials=BILL.materials[:-1])
    names = {sbom.write(bill).get("serialNumber") or sbom.write(bill)["documentNamespace"] for bill in
             (BILL, other, without)}  # fmt: skip

    assert len(names) == 3


@pytest.mark.parametrize("created", ["", "yesterday", "0001-01-01T00:00:00+23:00"])
def test_what_an_artifact_says_of_its_time_may_be_no_time(sbom: SbomFormat, created: str) -> None:
    bill = Bill.of(ARTIFACT, BILL.manifests, created=created)

    assert "1970-01-01T00:00:00" in json.dumps(sbom.write(bill))


def test_artifacts_in_a_folder_have_one_too(sbom: SbomFormat) -> None:
    bill = Bill.of(PinnedReference(Repository("", "some where/out"), DIGEST), BILL.manifests)

    CHECKS[sbom.name](sbom.write(bill))


def test_nothing_but_objects_is_fine(sbom: SbomFormat) -> None:
    CHECKS[sbom.name](sbom.write(Bill.of(ARTIFACT, manifests())))
