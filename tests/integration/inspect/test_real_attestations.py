"""What the real cosign attests is found, verified and shown, on registries with and without the referrers API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.outcome.inspect import InspectResult
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry
from pipeline.reports import render_result
from pipeline.signers.certificates import read_certificate
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.inspect import inspect
from pipeline.stages.trust import require_trust
from tests.integration.sign.conftest import workplace
from tests.integration.sign.cosign import Major, Workplace
from tests.trusting import trusting
from tests.unit.inspect.support import BOM, COMMIT, CYCLONEDX, GITHUB_PROVENANCE, PROVENANCE
from tests.unit.sign.support import BUNDLE, SIMPLE

__all__ = ["workplace"]
pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

MAJORS: tuple[Major, ...] = (2, 3)
PREDICATES: dict[str, Any] = {"slsaprovenance1": GITHUB_PROVENANCE, "cyclonedx": BOM}


def attest(workplace: Workplace, major: Major, artifact: PinnedReference, kind: str) -> None:
    predicate = workplace.folder / f"{kind}.json"
    predicate.write_text(json.dumps(PREDICATES[kind]))
    options = ["--allow-http-registry", "--tlog-upload=false", "-y"]
    if major == 3:
        options.append("--use-signing-config=false")
    name = f"{artifact.repository.name}@{artifact.digest}"
    key = f"--key=cosign{major}.key"
    workplace.cosign(major, "attest", key, f"--predicate={predicate}", f"--type={kind}", *options, name)


def inspected(artifact: PinnedReference, store: Registry, policy: TrustPolicy) -> InspectResult:
    return inspect(
        Reference(artifact.repository, digest=artifact.digest),
        store,
        trusting(CosignVerifier()),
        policy,
        read_certificate,
    )


@pytest.mark.parametrize("major", MAJORS)
def test_attestations_of_cosign_by_a_key_are_verified_and_shown(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    for kind in PREDICATES:
        attest(workplace, major, artifact, kind)

    result = inspected(artifact, store, workplace.policy(f"cosign{major}"))

    found = {item.predicate_type: item for item in result.attestations}
    assert found.keys() == {PROVENANCE, CYCLONEDX}
    assert all(item.accepted for item in found.values())
    assert {item.format for item in found.values()} == {"attached" if major == 2 else "bundle"}
    # cosign reads and writes provenance again, and leaves out what is empty.
    provenance = found[PROVENANCE].provenance
    assert provenance is not None
    assert provenance.commit == COMMIT
    assert found[CYCLONEDX].predicate == BOM
    assert (result.signatures, result.is_trusted) == ((), False)
    assert "Provenance (by " in render_result(result, "text")
    assert inspected(artifact, store, TrustPolicy()).attestations[0].predicate_type in found


@pytest.mark.parametrize("major", MAJORS)
def test_attestations_of_cosign_by_another_key_are_shown_as_claims(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    attest(workplace, major, artifact, "cyclonedx")

    (attestation,) = inspected(artifact, store, workplace.policy("ours")).attestations

    assert (attestation.verified, attestation.predicate) == (None, BOM)
    assert "not made by a trusted key" in attestation.reason


@pytest.mark.parametrize("major", MAJORS)
def test_no_attestation_of_cosign_passes_for_a_signature(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    attest(workplace, major, artifact, "slsaprovenance1")

    with pytest.raises(TrustError, match="attestation of type"):
        require_trust(artifact, store, trusting(CosignVerifier()), workplace.policy(f"cosign{major}"))


def test_signatures_and_attestations_of_both_versions_are_shown_side_by_side(workplace: Workplace) -> None:
    artifact, store = workplace.publish()
    workplace.cosign_sign(2, artifact, "cosign2", SIMPLE)
    workplace.cosign_sign(3, artifact, "cosign3", BUNDLE)
    for major in MAJORS:
        attest(workplace, major, artifact, "cyclonedx")

    result = inspected(artifact, store, workplace.policy("cosign2", "cosign3"))

    assert sorted(item.format for item in result.signatures) == ["bundle", "simple"]
    assert sorted(item.format for item in result.attestations) == ["attached", "bundle"]
    assert all(item.accepted for item in (*result.signatures, *result.attestations))
    assert (result.is_trusted, result.referrers) == (True, ())
    assert [tag.rpartition(".")[2] for tag in result.tags] == ["sig", "att"]
