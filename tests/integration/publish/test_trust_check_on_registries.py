"""What ``gitless trust check`` leaves behind, with registries that delete and those that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.platform.faults import Fault, FaultProxy
from tests.platform.registries import DebianRegistry, ReferrersRegistry
from tests.unit.sign.support import private_key, public_pem

pytestmark = [pytest.mark.registry]

Check = Callable[..., Outcome]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cosign.pub").write_text(public_pem(private_key("ours")))

    def run(address: str) -> Outcome:
        repository = f"oci://{address}/shop"
        arguments = ["trust", "check", "--key", "cosign.pub", "--repository", repository, "-o", "json"]
        code = run_guarded(application, arguments)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.mark.parametrize("kind", [ReferrersRegistry, DebianRegistry], ids=["referrers", "fallback tag"])
def test_nothing_is_left_where_the_registry_deletes(
    tmp_path: Path, check: Check, kind: type[ReferrersRegistry | DebianRegistry]
) -> None:
    with kind.start(tmp_path / "registry") as registry:
        outcome = check(registry.address)
        code = run_guarded(application, ["pull", outcome.document["trials"][0]["digestUrl"], "pulled"])

    assert outcome.code == 0, outcome
    assert outcome.document["left"] == []
    assert code == 5


def test_what_the_registry_keeps_is_named_to_the_last_manifest(tmp_path: Path, check: Check) -> None:
    with (
        ReferrersRegistry.start(tmp_path / "registry") as registry,
        FaultProxy.before_registry(registry.address) as proxy,
    ):
        proxy.inject(Fault(status=405, body=b"{}"), method="DELETE", times=None)
        outcome = check(proxy.address)

    assert outcome.code == 0, outcome
    left = outcome.document["left"]
    assert len(left) == len(set(left)) == 3
    assert {trial["digestUrl"] for trial in outcome.document["trials"]} < set(left)
