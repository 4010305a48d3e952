"""What deploy records say about an object stands beside its changes."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import RegistryOptions
from pipeline.reports.console import JsonLog
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attaching import read_subject
from pipeline.stages.fetch import pin
from pipeline.stages.record_deployment import RecordPorts, record_deployment
from tests.unit.deployments.support import record
from tests.unit.sign.support import signer

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: shop}}\ndata: {{level: {level}}}\n"
SETTINGS = ObjectId("", "ConfigMap", "shop", "settings")


@pytest.fixture(autouse=True)
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two artifacts in a layout, one after the other recorded as deployed, and a folder with the next one."""
    monkeypatch.chdir(tmp_path)
    reporter = JsonLog(io.StringIO(), verbose=False)
    for number, level in enumerate(("error", "info"), 1):
        folder = tmp_path / level
        folder.mkdir()
        (folder / "all.yaml").write_text(CONFIG.format(level=level))
        arguments = [
            "package",
            level,
            f"oci-layout:layout:{number}",
            "--source",
            "s",
            "--revision",
            f"main@sha1:{number}",
        ]
        assert run_guarded(application, arguments) == 0
        registry = wiring.registry(parse_reference("oci-layout:layout:1").repository, RegistryOptions(), {}, reporter)
        artifact = pin(parse_reference(f"oci-layout:layout:{number}"), registry)
        said = replace(
            record(digest=artifact.digest, repository=str(artifact.repository)), time=1_764_000_000.0 + number,
            revision=f"main@sha1:{number}", objects={SETTINGS: f"{number}" * 64},
        )  # fmt: skip
        ports = RecordPorts(
            registry=registry, delete=lambda _: False, signer=signer("cluster"), verifier=CosignVerifier(),
            expressions=CelExpressions(), reporter=reporter, artifact=artifact,
        )  # fmt: skip
        record_deployment(said, read_subject(artifact, registry), ports, keep=20)
    (tmp_path / "next").mkdir()
    (tmp_path / "next" / "all.yaml").write_text(CONFIG.format(level="debug"))


@pytest.mark.parametrize("command", ["diff", "plan"])
def test_the_page_tells_when_a_cluster_got_which_change_of_an_object(command: str) -> None:
    arguments = [
        command, "deployed:prod", "next", "--record-repository", "oci-layout:layout",
        "--insecure-skip-record-verification", "--report", "page.html",
    ]  # fmt: skip
    assert run_guarded(application, arguments) == 0
    block = re.search(r'id="report">(.*?)</script>', Path("page.html").read_text(encoding="utf-8"))
    assert block
    (item,) = json.loads(block[1])["items"]
    assert [(change, revision) for _, change, revision, _ in item["history"]] == [
        ("changed", "main@sha1:2"),
        ("unchanged", "main@sha1:1"),
    ]
