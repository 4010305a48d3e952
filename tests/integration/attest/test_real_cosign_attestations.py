"""What gitless attests, the real cosign verifies; what cosign attests, gitless reads."""

from __future__ import annotations

import base64
import json

import pytest

from pipeline import wiring
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.attestation.provenance import BuildPlatform
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.predicate_types import PREDICATE_TYPES
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attest import attest
from pipeline.stages.predicates import Predicate, provenance_predicate, read_built, sbom_predicate
from pipeline.stages.signatures import judge_signatures
from tests.contract.registry.servers import Silent
from tests.integration.sign.conftest import keyless, workplace
from tests.integration.sign.cosign import Major, Workplace
from tests.integration.sign.keyless import Keyless
from tests.unit.attest.support import BASE, CHART
from tests.unit.sign.support import BUNDLE

__all__ = ["keyless", "workplace"]

pytestmark = [pytest.mark.registry, pytest.mark.tool]

PLATFORM = BuildPlatform(builder_id="https://ci.test", repository="https://git.test/shop", commit="1" * 40)


def _predicates(artifact: PinnedReference, store: Registry) -> dict[str, Predicate]:
    built = read_built(artifact, store, (CHART, BASE))
    return {
        "slsaprovenance1": provenance_predicate(built, PLATFORM),
        "cyclonedx": sbom_predicate(built, wiring.sbom("cyclonedx")),
        "spdxjson": sbom_predicate(built, wiring.sbom("spdx")),
    }


def _options(workplace: Workplace, major: Major) -> list[str]:
    options = ["--allow-http-registry", "--insecure-ignore-tlog"]
    return options if major == 3 else [*options, "--new-bundle-format", f"--trusted-root={workplace.trusted_root}"]


@pytest.mark.parametrize("major", [2, 3])
def test_cosign_verifies_what_we_attest(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    made = _predicates(artifact, store)
    for predicate in made.values():
        signer = workplace.signer("ours", BUNDLE)
        assert attest(artifact, predicate.type, predicate.body, store, signer, CosignVerifier()).attested

    name = f"{artifact.repository.name}@{artifact.digest}"
    options = _options(workplace, major)
    for short, predicate in made.items():
        told = workplace.cosign(major, "verify-attestation", "--key=ours.pub", f"--type={short}", *options, name)
        envelopes = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
        statements = [json.loads(base64.b64decode(envelope["payload"])) for envelope in envelopes]
        assert predicate.body in [statement["predicate"] for statement in statements]
    refused = ("verify-attestation", f"--key=cosign{major}.pub", "--type=cyclonedx", *options, name)
    workplace.cosign(major, *refused, accepted=False)
    workplace.cosign(major, "verify-attestation", "--key=ours.pub", "--type=vuln", *options, name, accepted=False)


@pytest.mark.parametrize("major", [2, 3])
def test_we_read_what_cosign_attests(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    (workplace.folder / "predicate.json").write_text('{"buildDefinition": {}, "runDetails": {}}')
    name = f"{artifact.repository.name}@{artifact.digest}"
    options = ["--allow-http-registry", "--tlog-upload=false", "--new-bundle-format", "-y"]
    if major == 3:
        options.append("--use-signing-config=false")

    given = ("--type=slsaprovenance1", "--predicate=predicate.json", f"--key=cosign{major}.key")
    workplace.cosign(major, "attest", *given, *options, name)

    judgement = judge_signatures(artifact, store, CosignVerifier(), workplace.policy(f"cosign{major}"))
    assert [found.predicate_type for found in judgement.attestations] == [PREDICATE_TYPES["slsaprovenance1"]]
    assert judgement.accepted == ()


def test_cosign_verifies_what_an_identity_attests(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    made = _predicates(artifact, store)["slsaprovenance1"]
    services = keyless.deployment
    options = SigningOptions(
        keyless=True,
        identity_token_file=str(services.token_file()),
        trusted_root=str(services.trusted_root),
        signing_config=str(services.signing_config),
    )
    signer, verifier = wiring.signer(options, {}, Silent(), lambda: b""), wiring.verifier({}, Silent())

    assert attest(artifact, made.type, made.body, store, signer, verifier).attested

    keyless.verify_attestation(3, artifact)
    keyless.verify_attestation(2, artifact, "--new-bundle-format")
    keyless.verify_attestation(3, artifact, subject="https://github.com/somebody/else", accepted=False)
