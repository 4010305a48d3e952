"""Trust policies, as in a ConfigMap."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress

from pipeline.errors import PipelineError
from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.trust.policy_reading import read_trust_policy
from pipeline.wiring import check_trust_policy
from tests.unit.sign.support import private_key, public_pem


def seeds() -> Iterator[bytes]:
    document = {
        "apiVersion": "gitless.dev/v1",
        "kind": "TrustPolicy",
        "metadata": {"name": "shop"},
        "spec": {
            "keys": [public_pem(private_key("ours"))],
            "identities": [{"subject": "https://a/b", "issuerRegexp": "^https://c$"}],
            "trustedRoot": '{"mediaType": "x"}',
            "transparencyLog": "none",
            "rules": [
                {
                    "name": "all",
                    "artifacts": ["ghcr.io/acme/**"],
                    "require": {
                        "allOf": [
                            {"signature": {"count": 2, "maxAge": "24h"}},
                            {"anyOf": [{"sbom": {}}, {"registries": ["ghcr.io/*"]}]},
                            {"provenance": {"builder": "x", "repository": "https://github.com/a/b", "branch": "main"}},
                            {"attestation": {"type": "vuln", "conditions": ["predicate.x == 1"]}},
                        ]
                    },
                }
            ],
        },
    }
    yield json.dumps(document).encode()
    spec = {"tuf": {"url": "https://t", "root": "{}"}, "keys": []}
    yield json.dumps({**document, "spec": spec}).encode()
    yield b"apiVersion: gitless.dev/v1\nkind: TrustPolicy\nspec:\n  keys: &a [x]\n  rules: *a\n"


def consume(data: bytes) -> None:
    with suppress(PipelineError):
        for body, _ in read_documents(data, "policy.yaml"):
            if isinstance(body, Mapping):
                with suppress(PipelineError):
                    check_trust_policy(read_trust_policy(body, source="policy.yaml", read_file=None))
