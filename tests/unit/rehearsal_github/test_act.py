"""How act is started, and what is read from what it says."""

from __future__ import annotations

import itertools
import json
import stat
from pathlib import Path

import pytest

from examples.rehearsal.github.__main__ import account
from examples.rehearsal.github.act import Act, Run

ACT = """\
#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > arguments
env | cut -d= -f1 | sort > names
cp "SECRETS" secrets
printf '%s\\n' 'not JSON' '{"job":"main/Publish ","msg":"said\\n","raw_output":true,"stepID":["a"]}' \\
  '{"job":"main/Publish ","stage":"Main","msg":"Success - Main Build it [1s]","stepResult":"success","stepID":["a"]}' \\
  '{"job":"main/Publish ","command":"set-output","name":"digest","arg":"sha256:1","stepID":["a"],"msg":""}' \\
  '{"job":"main/Publish ","stage":"Main","msg":"Failure - Main Sign [1s]","stepResult":"failure","stepID":["b"]}' \\
  '{"job":"main/Publish ","command":"add-mask","arg":"hidden","raw":"::add-mask::hidden","msg":"***"}' \\
  '{"job":"main/Publish ","jobResult":"failure","msg":"Job failed"}'
exit 1
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run by something that is called like act, and says what act would."""
    program, checkout = tmp_path / "act-program", tmp_path / "checkout"
    checkout.mkdir()
    program.write_text(ACT.replace("SECRETS", str(tmp_path / "main-secrets.yml")))
    program.chmod(0o755)
    monkeypatch.setenv("GITLESS_ACT", str(program))
    monkeypatch.setenv("MY_OWN_PASSWORD", "mine")
    act = Act(folder=tmp_path, path=[tmp_path / "bin"], environment={"A": "b c"}, repositories={"o/n@1": tmp_path})
    return act.run(checkout, "main.yml", "push", {"ref": "refs/heads/main"}, secrets={"TOKEN": "two\nlines"})


def test_it_is_started_on_the_host_offline_and_with_nothing_of_the_users_own(run: Run, tmp_path: Path) -> None:
    arguments = (tmp_path / "checkout" / "arguments").read_text().splitlines()
    names = (tmp_path / "checkout" / "names").read_text().split()

    pairs = list(itertools.pairwise(arguments))
    assert arguments[0] == "push"
    assert {"--no-cache-server", "--action-offline-mode", "--pull=false", "--json"} <= set(arguments)
    assert ("--platform", "ubuntu-latest=-self-hosted") in pairs
    assert ("--local-repository", f"o/n@1={tmp_path}") in pairs
    assert ("--env", "A=b c") in pairs
    assert ("--artifact-server-addr", "127.0.0.1") in pairs
    assert set(names) <= {
        "HOME", "PATH", "LANG", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DOCKER_HOST", "GIT_CONFIG_NOSYSTEM", "PWD",
        "SHLVL", "_", "OLDPWD",
    }  # fmt: skip
    assert json.loads((tmp_path / "events" / "main.json").read_text()) == {"ref": "refs/heads/main"}


def test_secrets_go_through_a_file_for_its_owner_that_is_gone_afterwards(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "checkout" / "secrets"

    assert json.loads(copy.read_text()) == {"TOKEN": "two\nlines"}
    assert stat.S_IMODE(copy.stat().st_mode) & 0o077 == 0
    assert not (tmp_path / "main-secrets.yml").exists()
    assert "lines" not in (tmp_path / "checkout" / "arguments").read_text()
    assert "hidden" not in run.log.read_text()
    assert stat.S_IMODE(run.log.stat().st_mode) & 0o077 == 0


def test_jobs_steps_and_outputs_are_read_from_what_it_says(run: Run) -> None:
    assert (run.code, run.jobs, run.is_successful) == (1, {"Publish": "failure"}, False)
    assert [(step.name, step.result) for step in run.steps] == [("Build it", "success"), ("Sign", "failure")]
    assert run.outputs("a") == {"digest": "sha256:1"}
    assert run.text == "said\n"


def test_the_account_shows_what_a_failed_run_printed(run: Run) -> None:
    lines = account(run, is_verbose=False)

    assert lines == ["  ✗ Publish", "      ✓ Build it", "      ✗ Sign", "    | said", f"    log: {run.log}"]
