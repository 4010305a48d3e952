"""Reports of what was done to a real cluster, opened in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.platform import control_plane as platform
from tests.platform.chromium import Chromium, Tab

pytestmark = [pytest.mark.cluster, pytest.mark.tool]

PASSWORD = "correct-horse-battery"

Gitless = Callable[..., int]


@pytest.fixture
def gitless(control_plane: platform.Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    """Runs a command line in an empty folder against the cluster, with a fresh pair of keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.setenv("COSIGN_PASSWORD", "")

    def run(*arguments: str) -> int:
        return run_guarded(application, list(arguments))

    assert run("keys", "generate") == 0
    return run


def publish(gitless: Gitless, folder: Path, level: str) -> str:
    """A ConfigMap and a Secret as a signed artifact."""
    folder.mkdir(exist_ok=True)
    bodies = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"level": level}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"p": f"{PASSWORD}-{level}"}},
    ]
    (folder / "all.yaml").write_text("---\n".join(json.dumps(body) + "\n" for body in bodies))
    assert gitless("package", str(folder), f"oci-layout:out/shop:{level}", "--results-dir", "results") == 0
    reference: str = json.loads(Path("results/package.json").read_text())["digestUrl"]
    assert gitless("sign", reference, "--key", "cosign.key") == 0
    return reference


def test_plan_apply_and_verify_each_leave_a_page_that_tells_what_they_did(
    gitless: Gitless, chromium: Chromium, namespace: str, tmp_path: Path
) -> None:
    def opened(name: str) -> Tab:
        tab = chromium.open(tmp_path / name)
        assert tab.complaints == []
        assert PASSWORD not in (tmp_path / name).read_text(encoding="utf-8")
        return tab

    first, second = (publish(gitless, tmp_path / "shop", level) for level in ("info", "debug"))
    place = ("-n", namespace, "--inventory", "shop")
    assert gitless("apply", first, "--key", "cosign.pub", *place, "--report", "apply.html") == 0
    applied = opened("apply.html").evaluate("document.querySelector('.overview').textContent")
    assert "2 objects written" in applied
    assert "cosign.pub" in applied

    assert gitless("plan", "live", second, *place, "--report", "plan.html") == 0
    planned = opened("plan.html")
    planned.click("#expand")
    told = planned.evaluate("document.getElementById('rows').textContent")
    assert planned.evaluate("document.querySelector('h1').textContent") == "2 changes"
    for text in ("data.level", "info", "debug", "data.p", "(sensitive)"):
        assert text in told

    verify = ("verify", "--key", "cosign.pub", *place, "--no-wait")
    assert gitless(*verify, "--report", "verify.html") == 0
    verified = opened("verify.html")
    assert verified.evaluate("document.querySelector('h1').innerText") == "Verified"
    assert verified.evaluate("document.querySelectorAll('.card.healthy').length") == 2
    assert gitless("verify", first, "--key", "cosign.pub", "--report", "artifact.html") == 0
    artifact = opened("artifact.html")
    assert "cosign.pub" in artifact.evaluate("document.getElementById('rows').textContent")
    assert artifact.evaluate("document.querySelectorAll('.card.accepted').length") == 2
