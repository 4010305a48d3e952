"""``make pipeline-github``: the example workflows run as they are, and deliver."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from examples.rehearsal.github.__main__ import perform
from examples.rehearsal.github.services import TOKEN
from examples.rehearsal.github.stage import SCENES, Stage

pytestmark = [
    pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool,
    pytest.mark.timeout(1500), pytest.mark.xdist_group("rehearsal-github"),
]  # fmt: skip


def test_every_example_workflow_runs_and_delivers(stage: Stage) -> None:
    output = io.StringIO()
    stage.services.api.comments.clear()
    with redirect_stdout(output):
        code = perform(stage, SCENES)
    told = output.getvalue()

    assert code == 0, told
    assert "✗" not in told
    assert "All 5 workflows succeeded." in told
    for job in ("Publish", "Promote to staging", "What would change in staging", "Promote to production"):
        assert f"  ✓ {job}\n" in told
    assert "gitless/gitless@…: the actions of this tree" in told
    # Published by digest, signed and promoted, and from there on both clusters have it.
    assert stage.clusters.tag("staging") == stage.clusters.tag("production") != ""
    # The pull request has one comment of each stage.
    validation, difference = stage.services.api.bodies
    assert validation.startswith("<!-- gitless:validate:staging -->")
    assert "image: shop.example/frontend:1.5.0" in difference
    assert (stage.state / "artifacts" / "manifests" / "diff.html").stat().st_size > 5000
    assert (stage.state / "artifacts" / "drift" / "drift.html").exists()
    # Of the two applications beside, the one that the push touched.
    assert "  ✓ Publish greeter production" in told
    assert "Publish clock" not in told


def test_no_log_holds_the_jobs_token_or_the_kubeconfig(stage: Stage) -> None:
    key = next(line for line in stage.kubeconfig.read_text().splitlines() if "key-data" in line or "token:" in line)
    logs = list((stage.state / "logs").glob("*.jsonl"))

    assert len(logs) >= len(SCENES)
    for log in logs:
        assert TOKEN not in log.read_text()
        assert key.split(":", 1)[1].strip() not in log.read_text()
    assert not list(stage.state.glob("*-secrets.yml"))
