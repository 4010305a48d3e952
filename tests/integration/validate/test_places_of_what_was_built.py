from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.platform.binaries import binary

pytestmark = pytest.mark.tool

KUSTOMIZATION: Mapping[str, str] = {
    "base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [a=b]\n",
    "base/web.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  repilcas: 2\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
        "      containers:\n        - name: main\n          image: a\n"
    ),
    "over/kustomization.yaml": (
        "namePrefix: shop-\nresources: [../base]\npatches:\n- path: first.yaml\n"
        "- {path: second.yaml, target: {kind: X}}\n- target: {kind: Deployment, name: web}\n  patch: |\n"
        "    - {op: add, path: /spec/minReadySeconds, value: soon}\n"
    ),
    "over/first.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - name: sidecar\n          image: b\n          imagePullPolicy: Allways\n"
        "        - name: main\n          imagePullPolicy: Neber\n"
    ),
    "over/second.yaml": "- {op: remove, path: /x}\n",
}
CHART: Mapping[str, str] = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/templates/web.yaml": (
        "{{- if true }}\napiVersion: v1\nkind: Service\n"
        "metadata: {name: web}\nspec: {ports: [{port: '80'}]}\n{{- end }}\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("kustomize", "helm"):
        monkeypatch.setenv(f"GITLESS_{name.upper()}", str(binary(name)))
    monkeypatch.chdir(tmp_path)
    for file, text in {**KUSTOMIZATION, **CHART}.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def found(path: str, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Each finding's place by its field."""
    capsys.readouterr()
    code = run_guarded(application, ["validate", path, "--gate", "schema", "-o", "json"])
    outcome = Outcome(code, *capsys.readouterr())
    assert code == 9
    return {item["path"]: ":".join(map(str, item["origin"].values())) for item in outcome.document["findings"]}


def test_a_kustomization_has_the_lines_of_its_resources_and_patches(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    containers = "spec.template.spec.containers"

    assert found("over", capsys) == {
        "spec.repilcas": "base/web.yaml:6",
        "spec.minReadySeconds": "over/kustomization.yaml:8",
        f"{containers}[0].imagePullPolicy": "over/first.yaml:10",
        f"{containers}[1].imagePullPolicy": "over/first.yaml:12",
    }
    assert folder.is_dir()


def test_a_chart_has_its_template(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found("chart", capsys) == {"spec.ports[0].port": "chart/templates/web.yaml:web"}
    assert folder.is_dir()


def test_a_chart_in_text_is_named_with_its_template(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_guarded(application, ["validate", "chart", "--gate", "schema"])

    assert capsys.readouterr().out.startswith(
        "chart/templates/web.yaml (chart web)\n  error schema-invalid  Service web\n"
    )
    assert folder.is_dir()
