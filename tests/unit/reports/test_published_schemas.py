from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pipeline.errors import RefusedError
from pipeline.model.outcome import Result
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.outcome.tag import MovedTag, TagResult
from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.planning.basis import OPTIONS, Basis, SignerName
from pipeline.model.trust.evidence import (
    CertificateIdentity,
    Judgement,
    RejectedSignature,
    SignatureFormat,
    TimeSource,
    VerifiedAttestation,
    VerifiedSignature,
)
from pipeline.reports import render_result
from tests.unit.markdown.support import ARTIFACT, DIGEST, HOSTILE, all_changes, applied, diff, plan, verified
from tests.unit.reports import results

FORMATS = Path(__file__).parents[3] / "docs" / "formats.md"
FOLDER = resources.files("pipeline.schemas")
SCHEMAS: dict[str, dict[str, Any]] = {
    schema["title"]: schema
    for file in FOLDER.iterdir()
    if file.name.endswith("-result.v1.json")
    for schema in [json.loads(file.read_text(encoding="utf-8"))]
}
BY_KEY = VerifiedSignature(DIGEST, SignatureFormat.BUNDLE, "cosign.pub", "SHA256:1", found_in=DIGEST)
KEYLESS = VerifiedSignature(
    DIGEST, SignatureFormat.SIMPLE, "ci", found_in=DIGEST, signed_at=1.5, time_source=TimeSource.LOG, log="rekor 7",
    identity=CertificateIdentity("ci", "https://issuer.test", {"buildTrigger": "push"}),
)  # fmt: skip
JUDGEMENT = Judgement(
    accepted=(BY_KEY, KEYLESS),
    attestations=(VerifiedAttestation("https://slsa.dev/provenance/v1", {}, KEYLESS),),
    rejected=(
        RejectedSignature(SignatureFormat.BUNDLE, DIGEST, "a stranger's", "https://slsa.dev/provenance/v1"),
        RejectedSignature(SignatureFormat.SIMPLE, DIGEST, "no signature", is_envelope=True),
    ),
)
BASIS = Basis(
    context="here", cluster_uid="u", namespace="shop", inventory="shop", inventory_version="7",
    options=dict.fromkeys(OPTIONS, True), signers=(SignerName("ci", identity="ci", issuer="i"), SignerName("k", "f")),
)  # fmt: skip


def every_result() -> Iterator[Result]:
    for text in ("", HOSTILE):
        yield diff(*all_changes(text), text=text)
        yield plan(text)
        yield applied(text)
        yield verified(text)
    yield replace(plan(), basis=BASIS)
    yield replace(plan(), file="", digest="")
    yield applied(signatures=(BY_KEY, KEYLESS), approvals=(KEYLESS,))
    yield replace(applied(), plan_digest="", digest="", digest_url="")
    yield results.validated()
    yield results.applied(complete=False)
    yield replace(results.verified(), artifact=None, signature=replace(verified().signature, signatures=(KEYLESS,)))
    yield VerifyArtifactResult(artifact=ARTIFACT, source="s", revision="r", judgement=JUDGEMENT)
    tags = TagResult(artifact=ARTIFACT, tags=(MovedTag(tag="prod", previous=None), MovedTag(tag="x", previous=DIGEST)))
    stages = (StageRun(stage="tag", result=tags, seconds=0.12345),)
    run = RunResult(name="shop", target="", digest_url=ARTIFACT.digest_url, stages=stages, tags=tags)
    yield from (run, replace(run, failure=RefusedError("no", hint="this")), replace(run, failure=RefusedError("no")))


RESULTS = list(every_result())


@pytest.mark.parametrize("result", RESULTS, ids=[f"{number}-{result.kind}" for number, result in enumerate(RESULTS)])
def test_a_result_is_as_its_published_schema_says(result: Result) -> None:
    document = json.loads(render_result(result, "json"))

    errors = jsonschema_rs.validator_for(SCHEMAS[result.kind]).iter_errors(document)
    assert [f"{list(error.instance_path)}: {error.message}" for error in errors] == []


def test_every_published_schema_is_tried_and_named_in_the_documentation() -> None:
    assert {result.kind for result in RESULTS} == SCHEMAS.keys()
    text = FORMATS.read_text(encoding="utf-8")
    for title, schema in SCHEMAS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{title}`"))
        assert f"../pipeline/schemas/{schema['$id'].rpartition('/')[2]}" in row


@pytest.mark.parametrize("title", SCHEMAS)
def test_a_schema_takes_nothing_that_it_does_not_name(title: str) -> None:
    validator = jsonschema_rs.validator_for(SCHEMAS[title])
    document = next(json.loads(render_result(result, "json")) for result in RESULTS if result.kind == title)

    assert not validator.is_valid(document | {"apiVersion": "gitless.dev/v2"})
    assert not validator.is_valid(document | {"surprise": 1})
    assert not validator.is_valid({key: value for key, value in document.items() if key != "kind"})


def test_what_two_schemas_define_they_define_alike() -> None:
    seen: dict[str, Any] = {}
    for schema in SCHEMAS.values():
        for name, definition in schema["$defs"].items():
            assert seen.setdefault(name, definition) == definition, name
