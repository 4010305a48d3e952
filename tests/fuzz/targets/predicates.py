"""What attestations say, once their signature holds: provenance and bills of materials by whomever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from pipeline.errors import PipelineError
from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.attestation.provenance_details import read_details
from pipeline.model.attestation.sbom_reading import read_sbom
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.trust.claims import presentable
from pipeline.model.trust.evidence import Judgement, SignatureFormat, VerifiedAttestation, VerifiedSignature
from pipeline.model.trust.provenance_reading import read_provenance
from pipeline.stages.trust_decisions import decide
from tests.fuzz.material import PREDICATES, policy
from tests.unit.sign.support import DIGEST

ARTIFACT = PinnedReference(Repository("registry.test", "team/app"), DIGEST)


def seeds() -> Iterator[bytes]:
    for kind, predicate in PREDICATES:
        yield json.dumps({"kind": kind, "predicate": predicate}).encode()


def consume(data: bytes) -> None:
    with suppress(PipelineError):
        document = parse_object(data, "the predicate")
        kind, predicate = document.get("kind"), document.get("predicate")
        if isinstance(kind, str) and isinstance(predicate, dict):
            _read(kind, predicate)


def _read(kind: str, predicate: dict[str, object]) -> None:
    for reading in (read_details, read_sbom, read_provenance):
        with suppress(PipelineError):
            reading(kind, predicate)
    presentable(predicate)
    signed = VerifiedSignature(DIGEST, SignatureFormat.BUNDLE, "ours.pub", key=policy().keys[0], signed_at=1.0)
    judgement = Judgement((signed,), (VerifiedAttestation(kind, predicate, signed),))
    with suppress(PipelineError):
        decide(ARTIFACT, judgement, policy(), CelExpressions(), 2.0)
