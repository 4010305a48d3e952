from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: shop}}\ndata: {{level: {level}}}\n"


@pytest.mark.parametrize(("variable", "is_colored"), [("FORCE_COLOR", True), ("NO_COLOR", False)])
def test_what_is_piped_is_colored_on_request_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    *,
    is_colored: bool,
) -> None:
    for folder, level in (("old", "info"), ("new", "debug")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "all.yaml").write_text(OBJECT.format(level=level))
    monkeypatch.setenv(variable, "1")
    run_guarded(application, ["diff", str(tmp_path / "old"), str(tmp_path / "new")])
    out = capsys.readouterr().out
    assert "data.level" in out
    assert ("\x1b[" in out) is is_colored
