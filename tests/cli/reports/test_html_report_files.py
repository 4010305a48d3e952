from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: shop}}
data: {{level: {level}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop}}
spec:
  containers: [{{name: web, image: web, envFrom: [{{configMapRef: {{name: settings}}}}]}}]
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, level in (("old", "info"), ("new", "debug")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(CONFIG.format(level=level))


def run(*arguments: str) -> int:
    return run_guarded(application, list(arguments))


@pytest.mark.parametrize("command", ["diff", "plan"])
def test_a_report_file_is_written_beside_the_result(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "old", "new", "--report", "out/page.html", "-o", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["different"]
    assert "report written to out/page.html" in err
    text = Path("out/page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "data.level" in text


def test_the_page_can_also_be_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "old", "new", "-o", "html") == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


def test_the_page_has_a_picture_of_what_changes_and_its_neighbours() -> None:
    assert run("diff", "old", "new", "--report", "page.html") == 0
    text = Path("page.html").read_text(encoding="utf-8")
    assert set(re.findall(r'data-object="([^"]*)"', text)) == {"ConfigMap shop/settings", "Pod shop/web"}


def test_a_page_of_findings_has_a_picture_of_what_they_are_about_and_its_neighbours() -> None:
    assert run("validate", "new", "--gate", "lint", "--rule", "image-digest=error", "--report", "page.html") == 9
    text = Path("page.html").read_text(encoding="utf-8")
    assert re.findall(r'class="card ([a-z ]*)"[^>]* data-object="([^"]*)"', text) == [
        ("plain", "ConfigMap shop/settings"),
        ("failed toned", "Pod shop/web"),
    ]


def test_a_page_of_findings_that_say_nothing_about_any_object_has_no_empty_picture() -> None:
    Path("new/all.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\n"
        "  annotations: {ignore.gitless.dev/image-digest: nothing runs here}\n"
    )
    assert run("validate", "new", "--gate", "lint", "--report", "page.html") == 0
    text = Path("page.html").read_text(encoding="utf-8")
    assert "suppression-unused" in text
    assert 'id="picture"' not in text


def test_without_graphviz_the_page_comes_without_a_picture_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("diff", "old", "new", "--report", "page.html") == 0
    assert "the report has no picture: " in capsys.readouterr().err
    assert 'id="picture"' not in Path("page.html").read_text(encoding="utf-8")


def test_nothing_is_drawn_where_no_page_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("diff", "old", "new", "--report", "diff.json") == 0
    assert "picture" not in capsys.readouterr().err


def test_a_suffix_that_says_no_format_is_refused_before_anything_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "nowhere", "new", "--report", "page.pdf") == 2
    assert "says by its suffix no format; expected one of: .txt, .json" in capsys.readouterr().err
