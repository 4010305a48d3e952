"""Deploy records are attestations to the real cosign, beside the artifact and in a repository of their own."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.deployments.document import record_document
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attaching import read_subject
from pipeline.stages.deployed import newest_record
from pipeline.stages.record_deployment import RecordPorts, record_deployment
from pipeline.stages.sign import sign
from pipeline.stages.signed_records import RecordTrust
from pipeline.wiring import delete_manifest, registry
from tests.contract.registry.servers import Silent
from tests.integration.attest.test_real_cosign_attestations import _options
from tests.integration.sign.conftest import workplace
from tests.integration.sign.cosign import Major, Workplace
from tests.unit.deployments.support import record
from tests.unit.sign.support import BUNDLE

__all__ = ["workplace"]

pytestmark = [pytest.mark.registry, pytest.mark.tool]


def _record(workplace: Workplace, artifact: PinnedReference, store: Registry, records: Registry) -> None:
    ports = RecordPorts(
        registry=records,
        delete=lambda digest: delete_manifest(records, digest),
        signer=workplace.signer("ours", BUNDLE),
        verifier=CosignVerifier(),
        expressions=CelExpressions(),
        reporter=Silent(),
        artifact=artifact if records is store else None,
    )
    said = record(digest=artifact.digest, repository=str(artifact.repository))
    assert record_deployment(said, read_subject(artifact, store), ports).written


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("is_beside", [True, False], ids=["beside the artifact", "in a repository of their own"])
def test_cosign_verifies_a_record(workplace: Workplace, major: Major, *, is_beside: bool) -> None:
    artifact, store = workplace.publish()
    sign(artifact, store, workplace.signer("ours", BUNDLE), CosignVerifier())
    place = (
        artifact.repository
        if is_beside
        else Repository(artifact.repository.host, f"{artifact.repository.path}-deployments")
    )
    records = store if is_beside else registry(place, RegistryOptions(), {}, Silent())

    _record(workplace, artifact, store, records)

    name = f"{place.name}@{artifact.digest}"
    options = _options(workplace, major)
    told = workplace.cosign(major, "verify-attestation", "--key=ours.pub", f"--type={DEPLOY_RECORD}", *options, name)
    envelopes = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    (statement,) = [json.loads(base64.b64decode(envelope["payload"])) for envelope in envelopes]
    said = record(digest=artifact.digest, repository=str(artifact.repository))
    assert statement["predicate"] == record_document(said)
    trust = RecordTrust(workplace.policy("ours"), CosignVerifier(), CelExpressions())
    found = newest_record(DeployedName("prod"), records, trust).record
    assert replace(found, objects=said.objects) == said
    stranger = ("verify-attestation", f"--key=cosign{major}.pub", f"--type={DEPLOY_RECORD}", *options, name)
    workplace.cosign(major, *stranger, accepted=False)
