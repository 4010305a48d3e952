"""Sigstore bundles and bare envelopes, with keys and without, through both verifiers and the reader of claims."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from pipeline.errors import PipelineError
from pipeline.model.trust.bundle import read_envelope
from pipeline.model.trust.claims import read_claims
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.signers.certificates import read_certificate
from pipeline.signers.cosign import CosignVerifier
from pipeline.signers.verifier import SignatureVerifier
from tests.contract.registry.servers import Silent
from tests.fuzz.material import bundles, policy
from tests.unit.sign.support import DIGEST


def seeds() -> Iterator[bytes]:
    yield from bundles()
    yield from (json.dumps(json.loads(content)["dsseEnvelope"]).encode() for content in bundles()[:2])


@cache
def verifier() -> SignatureVerifier:
    return SignatureVerifier({"HOME": "/nonexistent"}, Silent(), "/nonexistent")


def consume(data: bytes) -> None:
    with suppress(PipelineError):
        read_envelope(data)
    for is_envelope in (False, True):
        signature = Signature(SignatureFormat.BUNDLE, data, found_in=DIGEST, is_envelope=is_envelope)
        with suppress(PipelineError):
            CosignVerifier().verify(DIGEST, signature, policy())
        with suppress(PipelineError):
            verifier().verify(DIGEST, signature, policy())
        with suppress(PipelineError):
            claims = read_claims(signature)
            if claims.certificate:
                read_certificate(claims.certificate)
