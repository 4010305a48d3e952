"""What scripts read: one JSON document on stdout, JSON lines on stderr, no colours where none are wanted."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from pipeline.cli.application import COMMANDS as COMMAND_NAMES
from tests.cli.hostile.conftest import Gitless
from tests.cli.hostile.test_settings_and_results import SETTINGS

COMMANDS = (
    ("build app", "BuildResult"),
    ("package app oci-layout:out:v1 --revision main@sha1:1", "PackageResult"),
    ("keys generate", "KeyPairResult"),
    ("keys show cosign.pub", "KeyResult"),
    ("sign DIGEST --key cosign.key", "SignResult"),
    ("verify oci-layout:out:v1 --key cosign.pub", "VerifyArtifactResult"),
    ("inspect oci-layout:out:v1 --key cosign.pub", "InspectResult"),
    ("diff app oci-layout:out:v1", "DiffResult"),
    ("plan app oci-layout:out:v1 --save plan.json", "PlanResult"),
    ("tag oci-layout:out:v1 v2", "TagResult"),
    ("list oci-layout:out", "ListResult"),
    ("copy oci-layout:out:v1 oci-layout:other", "CopyResult"),
    ("pull oci-layout:out:v1 pulled", "PullResult"),
    ("run --to sign --signing-key cosign.key", "RunResult"),
)
"""In an order in which each finds what the ones before it made."""


def test_every_command_prints_one_document_and_talks_in_json_lines(gitless: Gitless, folder: Path) -> None:
    (folder / "gitless.yaml").write_text(SETTINGS)
    digest_url = ""
    for line, kind in COMMANDS:
        arguments = shlex.split(line.replace("DIGEST", digest_url))
        code, out, err = gitless(*arguments, "-o", "json", "--log-format", "json", "-v")
        assert code == 0, (line, err)
        document = json.loads(out)
        assert (document["apiVersion"], document["kind"]) == ("gitless.dev/v1", kind)
        for entry in map(json.loads, err.splitlines()):
            assert {"time", "level", "message"} <= entry.keys()
        digest_url = document.get("digestUrl", digest_url)
        assert "hunter2" not in out + err


@pytest.mark.parametrize("command", [*(name for name in COMMAND_NAMES if name != "keys"), "keys generate", "keys show"])
def test_every_help_has_an_example(gitless: Gitless, command: str) -> None:
    code, out, err = gitless(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"\n  gitless {command}" in out or f"(gitless {command}" in out
