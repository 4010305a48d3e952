"""``gitless run`` as the identity of a job, with a Sigstore deployment of one's own: all of it, or no tag."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment

pytestmark = [pytest.mark.tool, pytest.mark.xdist_group("sigstore")]

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n"
RULE = {
    "name": "all",
    "artifacts": ["**"],
    "require": {
        "allOf": [{"signature": {}}, {"provenance": {"builder": "https://gitless.dev/builders/local"}}, {"sbom": {}}]
    },
}


def settings(deployment: SigstoreDeployment, subject: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "gitless.dev/v1",
            "kind": "Pipeline",
            "name": "shop",
            "sources": [{"path": "app.yaml"}],
            "artifact": {"repository": "oci-layout:layout", "tags": ["live"]},
            "signing": {
                "keyless": True,
                "identityTokenFile": str(deployment.token_file(SUBJECT)),
                "trustedRoot": str(deployment.trusted_root),
                "signingConfig": str(deployment.signing_config),
            },
            "attestations": {},
            "trust": {
                "identities": [{"subject": subject, "issuer": ISSUER}],
                "trustedRoot": str(deployment.trusted_root),
                "rules": [RULE],
            },
        }
    )


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    code = run_guarded(application, list(arguments))
    captured = capsys.readouterr()
    return Outcome(code, captured.out, captured.err)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yaml").write_text(MANIFEST)
    return tmp_path


def test_signature_provenance_and_bill_satisfy_the_policy_before_the_tag_moves(
    sigstore_deployment: SigstoreDeployment, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gitless.yaml").write_text(settings(sigstore_deployment, SUBJECT))

    first = run(capsys, "run", "--to", "attest", "-o", "json")
    second = run(capsys, "run", "--to", "attest", "-o", "json")

    assert (first.code, second.code) == (0, 0), (first.err, second.err)
    assert [tag["moved"] for tag in first.document["tags"]] == [True]
    stages = {stage["stage"]: stage["result"] for stage in second.document["stages"]}
    assert stages["sign"]["signed"] is False
    assert [made["attested"] for made in stages["attest"]["attestations"]] == [False, False]
    verified = run(capsys, "verify", "oci-layout:layout:live", "--trust-policy", "gitless.yaml")
    assert verified.code == 0, verified


def test_a_policy_that_wants_another_identity_keeps_the_tag(
    sigstore_deployment: SigstoreDeployment, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gitless.yaml").write_text(settings(sigstore_deployment, "https://github.com/other/job"))

    outcome = run(capsys, "run", "--to", "attest")

    assert outcome.code == 4, outcome
    assert "no tag was moved" in outcome.err
    assert "attestation https://slsa.dev/provenance/v1" in outcome.err
    assert "live" not in json.dumps(json.loads((folder / "layout" / "index.json").read_text()))
