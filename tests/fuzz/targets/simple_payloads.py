"""Simple-signing payloads with a signature that holds, and what hangs beside them without a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from cryptography.hazmat.primitives import serialization

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import Repository
from pipeline.model.trust.evidence import KeylessMaterial, Signature, SignatureFormat
from pipeline.model.trust.simple_signing import write_payload
from pipeline.signers.cosign import CosignVerifier
from tests.fuzz.material import encoded, leaf, policy
from tests.fuzz.targets.bundles import verifier
from tests.unit.sign.support import DIGEST, private_key, raw_signature, simple_payload


def seeds() -> Iterator[bytes]:
    payload = write_payload(Repository("registry.test", "team/app"), DIGEST, 1.0).decode()
    certificate = leaf()[1].public_bytes(serialization.Encoding.PEM).decode()
    entry = json.dumps({"SignedEntryTimestamp": "MEUC", "Payload": {
        "body": encoded(b'{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}'), "integratedTime": 1,
        "logIndex": 0, "logID": "00" * 32}})  # fmt: skip
    stamp = json.dumps({"SignedRFC3161Timestamp": "MAMCAQA="})
    yield json.dumps([payload]).encode()
    yield json.dumps([json.dumps(simple_payload())]).encode()
    yield json.dumps([payload, certificate, certificate, entry, stamp]).encode()


def consume(data: bytes) -> None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = [data.decode("utf-8", "replace")]
    texts = [str(item) for item in found] if isinstance(found, list) and found else [str(found)]
    payload = texts[0].encode("utf-8", "replace")
    keyless = KeylessMaterial(*texts[1:5]) if len(texts) > 1 else None
    for name in ("ours", "theirs"):
        signature = encoded(raw_signature(private_key(name), payload))
        for text in (signature, texts[-1]):
            for material in (None, keyless):
                made = Signature(SignatureFormat.SIMPLE, payload, text, DIGEST, material)
                for each in (CosignVerifier(), verifier()):
                    with suppress(PipelineError):
                        each.verify(DIGEST, made, policy())
