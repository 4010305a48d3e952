"""What shells get: through the protocol that the printed scripts speak, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.cli.completing import inventories
from pipeline.errors import ClusterError
from pipeline.model.applying.inventory import Inventory
from pipeline.testing.cluster import MemoryCluster
from tests.cli.completion.conftest import Ask, protocol

HEAVY = ("kubernetes", "oras", "docker", "sh", "cryptography", "yaml", "requests", "urllib3")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("gitless", "ver"), ["verify", "version"]),
        (("gitless", "apply", "--take"), ["--take-ownership"]),
        (("gitless", "apply", "--dry-run", ""), ["none", "server"]),
        (("gitless", "apply", "--context", "s"), ["staging"]),
        (("gitless", "apply", "--context", "=", "s"), ["staging"]),
        (("gitless", "verify", "--kubeconfig", "kubeconfig", "--context", "p"), ["production"]),
        (("gitless", "run", "--target", ""), ["staging", "production"]),
        (("gitless", "run", "--target", "p"), ["production"]),
        (("gitless", "run", "-f", "missing.yaml", "--target", ""), []),
    ],
)
def test_values_are_completed(ask: Ask, words: tuple[str, ...], expected: list[str]) -> None:
    assert ask(*words) == expected


def test_only_what_follows_the_last_separator_is_given_to_bash(ask: Ask) -> None:
    assert ask("gitless", "apply", "--context", "arn", ":", "aws", ":") == ["eks:eu-central-1:1:cluster/shop"]
    assert ask("gitless", "apply", "--context", "=", "arn", ":", "aw") == ["aws:eks:eu-central-1:1:cluster/shop"]


@pytest.mark.parametrize(
    "content", [b"", b"contexts: 7", b"contexts: [1, {name: 2}]", b"\xff\x00", b"a: [", b"[" * 5000, b'"\\ud800": 1']
)
def test_broken_files_complete_nothing_and_say_nothing(ask: Ask, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kubeconfig").write_bytes(content)
    (tmp_path / "gitless.yaml").write_bytes(content)
    assert ask("gitless", "apply", "--context", "") == []
    assert ask("gitless", "run", "--target", "") == []


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The layout folder ``out`` with the tags 1.2.0 and 1.10.0."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    assert (
        run_guarded(application, ["package", "app", "oci-layout:out:1.2.0", "--tag", "1.10.0", "--revision", "r"]) == 0
    )
    capsys.readouterr()


@pytest.mark.usefixtures("layout")
def test_tags_of_a_layout_are_completed_newest_first_wherever_a_reference_is_meant(ask: Ask) -> None:
    assert ask("gitless", "pull", "oci-layout", ":", "out", ":") == ["1.10.0", "1.2.0"]
    assert ask("gitless", "diff", "oci-layout", ":", "out", ":", "1.2.0", "oci-layout", ":", "out", ":", "1.1") == [
        "1.10.0"
    ]
    assert ask("gitless", "apply", "oci-layout", ":", "nowhere", ":") == []


def test_other_shells_get_whole_references(environment: dict[str, str], tmp_path: Path, layout: None) -> None:
    del layout
    answer = protocol(environment, tmp_path, ("gitless", "pull", "oci-layout:out:1.1"), shell="zsh")
    assert (answer.stdout.splitlines(), answer.stderr) == (["plain", "oci-layout:out:1.10.0", "_"], "")
    answer = protocol(environment, tmp_path, ("gitless", "pull", "oci-layout:out:1.1"), shell="fish")
    assert answer.stderr == ""


def test_paths_are_left_to_the_shell_where_both_are_allowed(environment: dict[str, str], tmp_path: Path) -> None:
    assert protocol(environment, tmp_path, ("gitless", "apply", "dep")).stdout == "file,dep\n"


class _Registry(BaseHTTPRequestHandler):
    delay = 0.0
    ended = threading.Event()

    def do_GET(self) -> None:
        if self.ended.wait(self.delay):
            return
        # Whoever gave up waiting must not make this thread complain in the middle of another test.
        with contextlib.suppress(ConnectionError):
            self._answer()

    def _answer(self) -> None:
        content = json.dumps({"name": "shop", "tags": ["1.0", "latest", f"sha256-{'0' * 64}.sig"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    monkeypatch.setattr(_Registry, "delay", request.param)
    monkeypatch.setattr(_Registry, "ended", threading.Event())
    with ThreadingHTTPServer(("127.0.0.1", 0), _Registry) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield str(server.server_port)
        _Registry.ended.set()
        server.shutdown()


@pytest.mark.parametrize("port", [0.0], indirect=True)
def test_tags_of_a_registry_are_completed_without_signatures(ask: Ask, port: str) -> None:
    assert ask("gitless", "pull", "oci", ":", "//127.0.0.1", ":", f"{port}/shop", ":") == ["1.0", "latest"]
    assert ask("gitless", "pull", "oci", ":", "//127.0.0.1", ":", port) == []


@pytest.mark.parametrize("port", [30.0], indirect=True)
def test_a_registry_that_does_not_answer_gives_the_prompt_back_soon(ask: Ask, port: str) -> None:
    begun = time.monotonic()
    assert ask("gitless", "pull", "oci", ":", "//127.0.0.1", ":", f"{port}/shop", ":") == []
    assert time.monotonic() - begun < 8


def test_a_cluster_out_of_reach_completes_no_inventories(ask: Ask) -> None:
    assert ask("gitless", "apply", "--context", "staging", "--inventory", "") == []


def test_a_plug_in_for_credentials_can_neither_talk_nor_ask(ask: Ask, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text("#!/bin/sh\necho 'enter your code' >&2\nread code\nexit 1\n")
    plugin.chmod(0o755)
    user = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "IfAvailable"}
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"exec": user}}],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    assert ask("gitless", "apply", "--inventory", "") == []


def _inventories(incomplete: str, **parameters: str) -> list[str]:
    context = click.Context(click.Command("apply"))
    context.params = dict(parameters)
    return [item.value for item in inventories(context, click.Option(["--inventory"]), incomplete)]


def test_inventories_are_those_of_the_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = MemoryCluster(namespaces=("default", "shop"))
    monkeypatch.setattr(wiring, "cluster", lambda *_: cluster)
    for namespace, name in (("shop", "frontend"), ("shop", "api"), ("default", "other")):
        cluster.save_inventory(Inventory(namespace=namespace, name=name))
    assert _inventories("", namespace="shop") == ["api", "frontend"]
    assert _inventories("f", namespace="shop") == ["frontend"]
    assert _inventories("") == ["other"]


def test_a_cluster_that_refuses_completes_no_inventories(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ClusterError("no")

    monkeypatch.setattr(wiring, "cluster", refuse)
    assert _inventories("") == []


def _script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run_guarded(application, ["completion", shell]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_bash_runs_the_script_and_completes_a_tag(
    capsys: pytest.CaptureFixture[str], environment: dict[str, str], tmp_path: Path, layout: None
) -> None:
    del layout
    bash = shutil.which("bash")
    assert bash is not None
    script = _script("bash", capsys)
    subprocess.run([bash, "-n"], input=script, text=True, check=True)
    (tmp_path / "gitless").write_text(f'#!/bin/sh\nexec {sys.executable} -m pipeline "$@"\n')
    (tmp_path / "gitless").chmod(0o755)
    words = "gitless pull oci-layout : out : 1.1"
    script += f'COMP_WORDS=({words}) COMP_CWORD=6\n_gitless_completion ./gitless\necho "<${{COMPREPLY[*]}}>"\n'
    ran = subprocess.run(
        [bash, "--norc"], input=script, text=True, capture_output=True, env=environment, cwd=tmp_path, check=False
    )
    assert (ran.stdout, ran.stderr) == ("<1.10.0>\n", "")


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        (
            "zsh",
            r"^#compdef gitless$.*_GITLESS_COMPLETE=zsh_complete gitless.*^\s+compdef _gitless_completion gitless$",
        ),
        ("fish", r"^function _gitless_completion;.*_GITLESS_COMPLETE=fish_complete.*^complete .*--command gitless"),
    ],
)
def test_scripts_of_other_shells_ask_gitless(shell: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(expected, _script(shell, capsys), re.DOTALL | re.MULTILINE)


def test_neither_help_nor_the_completion_of_commands_loads_anything_heavy(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment["PYTHONPROFILEIMPORTTIME"] = "1"
    helped = subprocess.run(
        [sys.executable, "-m", "pipeline", "apply", "--help"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in helped.stderr.splitlines()}
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)
