from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.model.artifact.reference import PinnedReference
from tests.cli.sign.conftest import Gitless

pytestmark = pytest.mark.usefixtures("keys")

POLICY = """\
apiVersion: gitless.dev/v1
kind: TrustPolicy
spec:
  keys: [ours.pub]
  rules:
    - name: release
      artifacts: ["oci-layout:**"]
      require:
        anyOf:
          - signature: {keys: [theirs.pub]}
          - sbom: {}
"""


@pytest.fixture
def signed(gitless: Gitless, artifact: PinnedReference, tmp_path: Path) -> PinnedReference:
    (tmp_path / "policy.yaml").write_text(POLICY)
    gitless("sign", str(artifact), "--key", "ours.key")
    return artifact


def test_a_refusal_is_a_tree_on_stdout_and_code_4(gitless: Gitless, signed: PinnedReference) -> None:
    done = gitless("trust", "explain", "oci-layout:out:v1", "--trust-policy", "policy.yaml")

    assert done.code == 4
    lines = done.out.splitlines()
    assert lines[0] == f"✗ {signed} is NOT trusted by policy.yaml"
    assert [line.rpartition("── ")[2] for line in lines if "── " in line] == [
        "✗ everything that policy.yaml asks for",
        "✓ signature by ours.pub",
        "✗ rule 'release'",
        "✗ any of these",
        "✗ signature by theirs.pub",
        "✗ an SBOM by ours.pub",
    ]
    assert "needed: a signature by theirs.pub" in done.out
    assert "found: no SBOM; nothing is attested by anybody whom the policy names" in done.out
    assert done.err.startswith(f"Error: {signed} does not satisfy policy.yaml: rule 'release': ")
    assert "needed: either a signature by theirs.pub, or an SBOM by ours.pub" in done.err


def test_trust_is_a_tree_and_code_0(gitless: Gitless, signed: PinnedReference) -> None:
    gitless("sign", str(signed), "--key", "theirs.key")

    done = gitless("trust", "explain", str(signed), "--trust-policy", "policy.yaml")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"✓ {signed} is trusted by policy.yaml\n")
    assert "✗ an SBOM by ours.pub" in done.out


def test_the_json_document_is_the_same_tree(gitless: Gitless, signed: PinnedReference) -> None:
    done = gitless("trust", "explain", str(signed), "--trust-policy", "policy.yaml", "-o", "json")

    document = done.document
    assert (done.code, document["kind"], document["trusted"]) == (4, "TrustExplainResult", False)
    assert document["digest"] == signed.digest
    shorthand, rule = document["decision"]["parts"]
    assert (shorthand["passed"], len(shorthand["signers"]), len(shorthand["signatureDigests"])) == (True, 1, 1)
    assert (rule["requirement"], rule["passed"], len(rule["parts"][0]["parts"])) == ("rule 'release'", False, 2)


def test_nobody_trusted_is_explained_too(gitless: Gitless, signed: PinnedReference) -> None:
    done = gitless("trust", "explain", str(signed))

    assert done.code == 4
    assert "it trusts nobody" in done.out
    assert done.err.startswith("Error: no key and no identity is trusted")


def test_what_was_not_accepted_is_listed(gitless: Gitless, signed: PinnedReference) -> None:
    done = gitless("trust", "explain", str(signed), "--key", "theirs.pub")

    assert done.code == 4
    assert "not accepted:\n  bundle signature in sha256:" in done.out


def test_results_are_kept_for_the_next_step(gitless: Gitless, signed: PinnedReference, tmp_path: Path) -> None:
    gitless("trust", "explain", str(signed), "--key", "ours.pub", "--results-dir", "results")

    assert (tmp_path / "results" / "trustexplain.json").is_file()


RELEASED = """\
apiVersion: gitless.dev/v1
kind: TrustPolicy
spec:
  keys: [ours.pub]
  rules:
    - name: released
      artifacts: ["oci-layout:**"]
      require:
        allOf:
          - attestation: {type: test-result, where: "predicate.result == 'PASSED'"}
          - sbom: {format: cyclonedx}
          - provenance: {repository: "https://git.test/shop"}
"""


def test_what_attest_states_satisfies_what_a_policy_asks_for(
    gitless: Gitless, signed: PinnedReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CI"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "released.yaml").write_text(RELEASED)
    (tmp_path / "failed.json").write_text('{"result": "FAILED"}')
    (tmp_path / "passed.json").write_text('{"result": "PASSED"}')
    explain = ("trust", "explain", str(signed), "--trust-policy", "released.yaml")
    attest = ("attest", str(signed), "--key", "ours.key", "--type")
    gitless(*attest, "test-result", "--predicate", "failed.json")
    for made in ("cyclonedx", "slsaprovenance1"):
        assert gitless(*attest, made).code == 0

    refused = gitless(*explain)
    assert refused.code == 4
    assert "of which `predicate.result == 'PASSED'` is false" in refused.err
    gitless(*attest, "test-result", "--predicate", "passed.json")
    passed = gitless(*explain)

    assert (passed.code, passed.err) == (0, ""), passed.out
    assert "✓ SLSA provenance from https://git.test/shop, signed by ours.pub" in passed.out
