"""A plan is approved by whoever attests it: the real cosign with a key, or an identity without one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline import wiring
from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.plan import Action, Change, FieldChange, Plan
from pipeline.model.planning.basis import Basis
from pipeline.model.planning.blast_radius import BlastRadius
from pipeline.model.planning.saved_plan import SavedPlan, plan_document, read_plan
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.predicate_types import PLAN
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attest import attest
from pipeline.stages.planned import require_approval
from pipeline.stages.trust import TrustPorts
from tests.contract.registry.servers import Silent
from tests.integration.sign.conftest import keyless, workplace
from tests.integration.sign.cosign import Major, Workplace
from tests.integration.sign.keyless import Keyless

__all__ = ["keyless", "workplace"]

pytestmark = [pytest.mark.registry, pytest.mark.tool]

VALUES = ("a <b> & ü", 1.0, 2.5, 3, True, None, {"b": [1.0, {}], "a": ""})


def plan_for(artifact: PinnedReference) -> tuple[SavedPlan, str]:
    """A plan with values of all kinds, and the file's content."""
    fields = tuple(FieldChange(f"data.key{number}", "x", value) for number, value in enumerate(VALUES))
    change = Change(Action.CONFIGURE, ObjectId("", "ConfigMap", "shop", "a"), "v1", fields)
    sides = Side(name="live (production)", is_live=True), Side(name=artifact.digest_url, artifact=artifact)
    diff = DiffResult(before=sides[0], after=sides[1], plan=Plan((change,)))
    basis = Basis(context="production", cluster_uid="u", namespace="shop", inventory="shop", inventory_version="7")
    content = json.dumps(plan_document(PlanResult(diff=diff, radius=BlastRadius(objects=1), basis=basis)), indent=2)
    return read_plan(content.encode(), "plan.json"), content


@pytest.mark.parametrize("major", [2, 3])
def test_a_plan_that_cosign_attests_is_approved(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    plan, content = plan_for(artifact)
    (workplace.folder / "plan.json").write_text(content)
    ports = TrustPorts(CosignVerifier(), wiring.expressions(), wiring.clock())
    policy = workplace.policy(f"cosign{major}")

    with pytest.raises(TrustError, match="is not approved by"):
        require_approval(plan, store, ports, policy)
    options = ["--allow-http-registry", "--tlog-upload=false", "--new-bundle-format", "-y"]
    if major == 3:
        options.append("--use-signing-config=false")
    given = (f"--type={PLAN}", "--predicate=plan.json", f"--key=cosign{major}.key")
    workplace.cosign(major, "attest", *given, *options, f"{artifact.repository.name}@{artifact.digest}")

    assert [item.key for item in require_approval(plan, store, ports, policy)] == [policy.keys[0]]
    with pytest.raises(TrustError, match="of another plan"):
        require_approval(replace(plan, digest="sha256:" + "0" * 64), store, ports, policy)


def test_a_plan_that_an_identity_attests_is_approved_by_it_alone(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    plan, content = plan_for(artifact)
    services = keyless.deployment
    options = SigningOptions(
        keyless=True,
        identity_token_file=str(services.token_file()),
        trusted_root=str(services.trusted_root),
        signing_config=str(services.signing_config),
    )
    signer, verifier = wiring.signer(options, {}, Silent(), lambda: b""), wiring.verifier({}, Silent())
    attest(artifact, PLAN, json.loads(content), store, signer, verifier)
    ports = TrustPorts(verifier, wiring.expressions(), wiring.clock())

    (approval,) = require_approval(plan, store, ports, keyless.policy())

    assert approval.identity is not None
    with pytest.raises(TrustError, match="is not approved by somebody@else"):
        require_approval(plan, store, ports, keyless.policy("somebody@else"))
