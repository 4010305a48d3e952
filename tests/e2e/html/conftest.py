from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.model.outcome import Result
from pipeline.model.reporting import BARE, ReportContext
from pipeline.reports import render_result
from tests.platform.chromium import Chromium, Tab

Show = Callable[..., Tab]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium.start(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def show(chromium: Chromium, tmp_path: Path) -> Iterator[Show]:
    """Writes a result's page and opens it from disk. At the end nobody may have complained or asked for anything."""
    opened: list[tuple[Tab, Path]] = []

    def shown(
        result: Result, context: ReportContext = BARE, *, width: int = 1280, height: int = 900, **how: object
    ) -> Tab:
        file = tmp_path / f"{len(opened)}.html"
        file.write_text(render_result(result, "html", context=context), encoding="utf-8")
        scheme, scripts = str(how.get("scheme", "light")), bool(how.get("scripts", True))
        tab = chromium.open(file, width=width, height=height, scheme=scheme, scripts=scripts)
        opened.append((tab, file))
        return tab

    yield shown
    for tab, file in opened:
        tab.evaluate("0")  # whatever happened until now has been told
        assert tab.complaints == []
        assert tab.requests == [file.as_uri()]
        tab.close()
