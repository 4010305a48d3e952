"""The example application builds, and a real API server takes it as it is."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.settings.sources import HelmOptions, Source
from pipeline.reports.console import Console
from pipeline.stages.build import build
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.tool

SHOP = Path(__file__).parents[3] / "examples" / "shop"
ENVIRONMENTS = ("staging", "production")


def _build(environment: str, tools: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> bytes:
    import sys

    reporter = Console(sys.stderr, verbose=False, environment={})
    sources = [
        Source(SHOP / "environments" / environment),
        Source(SHOP / "charts" / "cache", helm=HelmOptions(release="cache", namespace="shop")),
    ]
    result = build(sources, wiring.renderers(tools, reporter))
    assert capsys.readouterr().err == "", "the example must be free of deprecated things"
    assert set(result.counts) == {
        "CustomResourceDefinition", "Namespace", "ConfigMap", "Secret", "Service", "Deployment",
        "HorizontalPodAutoscaler", "Job", "NetworkPolicy", "Campaign",
    }  # fmt: skip
    written_in_yaml = [r for r in result.manifests if r.origin and r.origin.chart is None]
    assert all(resource.origin and resource.origin.line for resource in written_in_yaml)
    return result.content


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_builds_to_the_same_bytes_each_time(
    environment: str, tools: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _build(environment, tools, capsys) == _build(environment, tools, capsys)


@pytest.mark.cluster
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_api_server_takes_every_object_under_strict_validation(
    environment: str,
    tools: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
    control_plane: Cluster,
    namespace: str,
    tmp_path: Path,
) -> None:
    # Its own namespace and definition do not exist during a dry run: the test's take their place.
    content = _build(environment, tools, capsys).decode()
    documents = content.replace("namespace: shop\n", f"namespace: {namespace}\n").split("---\n")
    definition = [document for document in documents if "kind: CustomResourceDefinition" in document]
    others = [document for document in documents if document not in definition and "kind: Campaign" not in document]

    def apply(name: str, parts: list[str], *arguments: str) -> str:
        file = tmp_path / name
        file.write_text("---\n".join(parts))
        command = [tools["GITLESS_KUBECTL"], f"--kubeconfig={control_plane.kubeconfig}", "apply", "--server-side"]
        return subprocess.run(
            [*command, "--validate=strict", "-f", str(file), *arguments], check=True, capture_output=True, text=True
        ).stdout

    assert "serverside-applied" in apply("definition.yaml", definition, "--dry-run=server")
    assert apply("others.yaml", others, "--dry-run=server").count("serverside-applied") == len(others) == 13
