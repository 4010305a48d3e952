"""Whatever manifests, registries and clusters say: in the page it is text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import Result
from pipeline.model.plan import Absent, Sensitive
from pipeline.reports import render_result
from tests import report_material as material
from tests.platform.chromium import Chromium

from .conftest import Show

pytestmark = [pytest.mark.tool, pytest.mark.xdist_group("chromium")]

ATTACKS = (
    "<script>window.taken=1</script>",
    "</script><script>window.taken=1</script>",
    "<!--<script>",
    "<img src=x onerror=window.taken=1>",
    "\"'><svg onload=window.taken=1>",
    "' onfocus=window.taken=1 autofocus '",
    "javascript:window.taken=1",
    "</title></style></noscript><img src=https://example.com/x.png onerror=window.taken=1>",
    "{{constructor.constructor('window.taken=1')()}}${window.taken=1}",
    "\u2028window.taken=1\u2029\x00\u202e\x1b]0;x\x07",
    "<meta http-equiv=refresh content='0;url=https://example.com'><base href=https://example.com>",
)
RESULTS: list[Result] = [material.diff(), material.refused(), material.plan(), material.findings(), material.applied(),
           material.verdict(), material.graph(), material.run()]  # fmt: skip


def poisoned(value: Any, attack: str) -> Any:  # noqa: ANN401 - any part of a result
    """The same with the attack in the middle of every text."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return f"{value[:3]}{attack}{value[3:]}"
    if isinstance(value, PinnedReference | Absent | Sensitive | Enum):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        inner = {field.name: poisoned(getattr(value, field.name), attack) for field in fields(value) if field.init}
        return replace(value, **inner)
    if isinstance(value, Mapping):
        return {poisoned(key, attack): poisoned(entry, attack) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(poisoned(entry, attack) for entry in value)
    return value


def harmless(show: Show, result: Result, attack: str) -> None:
    """Opens everything, searches, and looks for anything that became more than text."""
    tab = show(poisoned(result, attack), replace(poisoned(material.CONTEXT, attack), picture=material.PICTURE))
    tab.click("#expand")
    tab.press("/", *"web", "Enter", "Escape", "Escape")
    assert tab.evaluate("window.taken") is None
    assert tab.evaluate("document.scripts.length") == 2
    assert (
        tab.evaluate("document.querySelectorAll('img, iframe, base, object, embed, [onerror], [onload]').length") == 0
    )
    assert tab.evaluate("document.querySelectorAll('svg, meta').length") == 5  # the picture and our own four


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_text_becomes_markup_or_code(show: Show, attack: str) -> None:
    harmless(show, material.plan(), attack)


@pytest.mark.parametrize("result", RESULTS, ids=[result.kind for result in RESULTS])
def test_no_text_becomes_markup_or_code_in_any_place_of_any_page(show: Show, result: Result) -> None:
    harmless(show, result, "".join(ATTACKS))
    harmless(show, result, "".join(reversed(ATTACKS)))


def test_no_text_becomes_markup_without_scripts_either(show: Show) -> None:
    for result in RESULTS:
        bad: Result = poisoned(result, "".join(ATTACKS))
        tab = show(bad, replace(poisoned(material.CONTEXT, ATTACKS[7]), picture=""), scripts=False)
        assert tab.evaluate("document.querySelectorAll('img, iframe, base, object, embed, svg, [onerror]').length") == 0
        assert tab.evaluate("[document.scripts.length, document.querySelectorAll('meta').length]") == [2, 4]


def test_the_page_itself_may_load_and_send_nothing(chromium: Chromium, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_result(material.diff(), "html"))
    tab = chromium.open(file)
    tried = tab.evaluate(
        "(async () => { const failed = [];"
        " try { await fetch('https://example.com/'); } catch { failed.push('fetch'); }"
        " const image = new Image(); image.src = 'https://example.com/x.png';"
        " await new Promise(done => { image.onerror = done; image.onload = done; }); failed.push(image.naturalWidth);"
        " return failed; })()"
    )
    assert tried == ["fetch", 0]
    assert all("Content Security Policy" in complaint for complaint in tab.complaints)
