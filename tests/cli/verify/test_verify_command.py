from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline import wiring
from pipeline.cli.terminal import Terminal
from pipeline.reports.console import Console
from tests.unit.verify.support import NOT_READY, World, config_map, deployment

Gitless = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Everything in memory behind the real command line."""
    world = World()

    def open_registry(repository: Any, *rest: object) -> object:  # noqa: ANN401 - it is only handed on
        return world.open_registry(repository)

    monkeypatch.setattr(wiring, "cluster", lambda *arguments: world.cluster)
    monkeypatch.setattr(wiring, "registry", open_registry)
    monkeypatch.setattr(wiring, "clock", lambda: world.clock)
    monkeypatch.setattr(wiring, "trust_policy", lambda *_: world.policy)
    return world


def test_success_is_a_report_on_stdout_and_nothing_on_stderr(gitless: Gitless, world: World) -> None:
    world.deploy(config_map(), deployment())

    code, out, err = gitless("verify", "-n", "shop", "--key", "ours.pub")

    assert (code, err) == (0, "")
    assert out.startswith("Verified shop/shop on memory in 0.0s\n")


def test_failure_is_a_report_on_stdout_one_line_on_stderr_and_code_7(gitless: Gitless, world: World) -> None:
    world.deploy(deployment(), signed=False)
    world.ready(**NOT_READY)

    code, out, err = gitless("verify", "-n", "shop", "--key", "ours.pub", "--timeout", "10s", "-o", "json")

    assert code == 7
    assert json.loads(out)["failures"] == ["signature", "health"]
    assert err.count("\n") == 1
    assert err.startswith("Error: inventory shop/shop is not verified: signature: ")
    assert sum(world.clock.slept) == pytest.approx(10)


def test_no_wait_looks_once(gitless: Gitless, world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)

    assert gitless("verify", "-n", "shop", "--key", "ours.pub", "--no-wait")[0] == 7
    assert world.clock.slept == []


def test_the_json_log_carries_the_code_of_what_failed(gitless: Gitless, world: World) -> None:
    world.deploy(deployment(), signed=False)

    code, _, err = gitless("verify", "-n", "shop", "--key", "ours.pub", "--log-format", "json")

    assert code == 7
    assert json.loads(err)["code"] == "verification.signature"


def test_the_result_is_kept_where_asked_even_when_it_fails(gitless: Gitless, world: World) -> None:
    from pathlib import Path

    world.deploy(deployment(), signed=False)

    assert gitless("verify", "-n", "shop", "--key", "ours.pub", "--results-dir", "results")[0] == 7
    assert json.loads(Path("results/verify.json").read_text())["verified"] is False


def test_skipping_verification_is_loud(gitless: Gitless, world: World) -> None:
    world.deploy(deployment(), signed=False)

    code, out, err = gitless("verify", "-n", "shop", "--insecure-skip-verification")

    assert code == 0
    assert "- signature  not verified, as asked for" in out
    assert "NOT verified" in err


def test_progress_is_shown_on_a_terminal(world: World, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from pipeline.cli import terminal as talking

    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Tty()
    terminal = Terminal(Console(shown, verbose=False, environment={}), "text", color=False)
    monkeypatch.setattr(talking, "_terminal", lambda *_, **__: terminal)
    world.deploy(config_map(), deployment())
    world.ready(**NOT_READY)
    world.after(5, world.ready)

    assert gitless("verify", "-n", "shop", "--key", "ours.pub")[0] == 0
    assert "1/2 ready, waiting for Deployment.apps shop/web" in shown.getvalue()


def test_without_a_key_trust_is_refused_before_anything_is_asked(gitless: Gitless) -> None:
    code, out, err = gitless("verify", "--kubeconfig", "missing")

    assert (code, out) == (4, "")
    assert err.startswith("Error: no key and no identity is trusted")


def test_a_wrong_duration_is_a_usage_error(gitless: Gitless) -> None:
    code, out, err = gitless("verify", "--key", "ours.pub", "--timeout", "soon")

    assert (code, out) == (2, "")
    assert "'soon' is not a duration" in err


def test_without_any_kubeconfig_the_error_is_the_cluster_s(gitless: Gitless) -> None:
    code, out, err = gitless("verify", "--key", "ours.pub")

    assert (code, out) == (6, "")
    assert "kubeconfig" in err.lower()


def test_with_an_artifact_no_cluster_is_needed(gitless: Gitless) -> None:
    code, out, err = gitless("verify", "oci-layout:nowhere:v1", "--key", "ours.pub")

    assert (code, out) == (5, "")
    assert "nowhere" in err


def test_a_failed_verification_is_in_every_report(gitless: Gitless, world: World) -> None:
    from pathlib import Path
    from xml.etree import ElementTree as ET

    world.deploy(deployment(), signed=False)

    code, out, _ = gitless(
        "verify", "-n", "shop", "--key", "ours.pub", "-o", "sarif", "--report", "out.xml", "--report", "out.html"
    )

    assert code == 7
    (run,) = json.loads(out)["runs"]
    assert [item["ruleId"] for item in run["results"]] == ["verify-signature"]
    cases = {case.get("name"): case for case in ET.fromstring(Path("out.xml").read_text()).iter("testcase")}
    assert {name: [item.tag for item in case] for name, case in cases.items()} == {
        "signature": ["failure"],
        "drift": ["system-out"],
        "health": ["system-out"],
        "Deployment.apps shop/web": ["system-out"],
    }
    assert Path("out.html").stat().st_size > 0
