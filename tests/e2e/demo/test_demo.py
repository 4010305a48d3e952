"""``make demo`` keeps its promises; each step of it fails when a command ends otherwise than it should."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def demo(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo", *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.cluster
@pytest.mark.tool
@pytest.mark.timeout(900)
def test_the_demo_runs_the_main_job_on_real_parts(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    try:
        told = demo("--state", str(state))
    finally:
        stopped = demo("--state", str(state), "--down")

    assert "15 created, 0 unchanged." in told
    assert "deployment.apps/frontend   1/1" in told
    assert "Nothing to do: all 15 objects are as desired." in told
    assert "shop.example/frontend:1.5.0 → shop.example/frontend:1.6.0" in told
    assert "pruned     NetworkPolicy.networking.k8s.io shop/api" in told
    assert "is not signed" in told
    assert "11 objects of environments/staging: 4 suppressed" in told
    assert "hint: did you mean replicas?" in told
    assert "reports/plan.json no longer holds, so nothing was written" in told
    assert "exactly as planned" in told
    assert "shop.example/frontend:1.6.5 → shop.example/frontend:1.6.6" in told.partition("deployed:demo")[2]
    assert "inventory default/shop: 10 of 14 objects (71%) would be deleted; at most 40% may be" in told
    assert "GuardTripped: 2 problems" in told.partition("nothing is deleted until somebody agrees")[2]
    for name in ("plan.html", "health.svg", "chain.svg"):
        assert f"file://{state}/shop/reports/{name}" in told
        assert (state / "shop" / "reports" / name).stat().st_size > 5000
    assert "Verified default/shop" in told
    assert "The 12 objects in the namespace are the same ones as before" in told
    assert "└── Campaign.shop.example shop/summer  Current" in told
    assert "delivered after" in told
    assert "Verified:        verified signature of revision staging@sha256:" in told
    assert "OCIRepository flux-system/shop: VerificationError: failed to verify the signature" in told
    assert "kustomization/shop  staging@sha256:" in told.partition("the last good state stays")[2]
    corrected = told.partition("Somebody changes the cluster by hand")[2]
    assert "Kustomization flux-system/shop: applied revision staging@sha256:" in corrected
    assert "deployment.apps/frontend   1/1" in corrected
    assert "service/frontend   ClusterIP" in corrected
    assert "registry, puller" in stopped
    assert not (state / "platform").exists()


@pytest.mark.tool
def test_the_quick_half_needs_no_cluster(tmp_path: Path) -> None:
    told = demo("--quick", "--state", str(tmp_path / "demo"))

    assert "shop.example/frontend:1.4.0 → shop.example/frontend:1.5.0" in told
    assert not (tmp_path / "demo" / "platform").exists()
