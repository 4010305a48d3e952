"""``make pipeline-tekton`` runs the real Pipeline, Tasks and StepActions; each run fails where it ends otherwise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.cluster
@pytest.mark.tool
@pytest.mark.timeout(900)
def test_the_whole_chain_runs_from_the_real_documents_to_a_verified_cluster(tmp_path: Path) -> None:
    state = tmp_path / "state"
    done = subprocess.run(
        [sys.executable, "-m", "examples.rehearsal", "tekton", "--state", str(state)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    preamble, first, again, refused, one_pod = told.split("\n\n")[:5]
    assert "It is not Tekton:" in preamble
    for name in ("build", "validate", "package", "sign", "attest", "promote", "diff", "apply", "verify", "report"):
        assert f"✓ {name} " in first
    assert "verified = true" in first
    assert "PipelineRun deploy: Succeeded" in first
    assert "- apply            Skipped: When Expressions evaluated to false" in again
    assert "pushed = false" in again
    assert "PipelineRun deploy: Completed" in again
    assert "✗ apply            Failed" in refused
    assert "has no signature by" in refused
    assert "- verify           Skipped: PipelineRun was stopping" in refused
    assert "✓ report           Succeeded" in refused
    assert "✓ one-pod          Succeeded" in one_pod
    assert "note:" not in told
    assert "rehearsal-only" not in told
    assert list(state.rglob("cosign.password")) == []
    _results_are_small(state)
    _published_is_what_chains_reads(state)


def _results_are_small(state: Path) -> None:
    """Far below what a termination message holds, each and together."""
    folders = {file.parent for file in (state / "shop" / "runs").rglob("results/*") if file.is_file()}
    assert len(folders) > 20
    for folder in folders:
        sizes = [file.stat().st_size + len(file.name) for file in folder.iterdir()]
        assert max(sizes) < 256
        assert sum(sizes) < 1024


def _published_is_what_chains_reads(state: Path) -> None:
    results = state / "shop" / "runs" / "first" / "deploy" / "package" / "results"
    found = {file.name: file.read_text() for file in results.iterdir()}
    assert found["digest-url"] == f"oci://{found['IMAGE_URL']}@{found['IMAGE_DIGEST']}"
    counts = state / "shop" / "runs" / "first" / "deploy" / "diff" / "results" / "counts"
    assert json.loads(counts.read_text()) == {"created": "12", "updated": "0", "deleted": "0"}
