"""In-toto statements that a trusted key has signed: the attacker is whoever has the key, or fooled them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from pipeline.errors import PipelineError
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.in_toto import read_statement, write_statement
from pipeline.signers.cosign import CosignVerifier
from tests.fuzz.material import PREDICATES, keyless_document, policy
from tests.fuzz.targets.bundles import verifier
from tests.unit.sign.support import DIGEST, bundle_document, statement


def seeds() -> Iterator[bytes]:
    yield json.dumps(statement()).encode()
    for kind, predicate in PREDICATES:
        yield write_statement(DIGEST, "registry.test/team/app", kind, predicate)
    yield json.dumps(statement(annotations={"dev.gitless.signed-at": "2026-01-01T00:00:00Z"})).encode()


def consume(data: bytes) -> None:
    with suppress(PipelineError):
        read_statement(data, DIGEST)
    for document in (bundle_document(data), keyless_document(data)):
        signature = Signature(SignatureFormat.BUNDLE, json.dumps(document).encode(), found_in=DIGEST)
        for each in (CosignVerifier(), verifier()):
            with suppress(PipelineError):
                each.verify(DIGEST, signature, policy())
