from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reports.markdown.escaping import code, fenced, html_code, link, prose, visible
from tests.unit.markdown.parsing import parsed
from tests.unit.markdown.support import HOSTILE

NO_WIDTH = "\u200b"
NASTY = st.text(
    st.one_of(st.sampled_from("`|<>&*_[]()\\~#@!$%^{}:/-.=+ \t\n\r\"'wWgGhH1"), st.characters()), max_size=60
)


@given(NASTY)
def test_a_sentence_is_one_paragraph_of_nothing_but_text(text: str) -> None:
    found = parsed(f"x {prose(text)} y")

    assert set(found.kinds) <= {"paragraph_open", "paragraph_close", "text", "text_special"}
    assert found.links == []


@given(NASTY)
def test_a_sentence_shows_its_own_words(text: str) -> None:
    shown = parsed(f"x{prose(text)}y").text.replace(NO_WIDTH, "").strip()

    expected = visible(re.sub(r"\s*[\t\n]\s*", " ", text.strip()))
    assert shown == f"x{expected}y"


@given(NASTY)
def test_a_name_stays_in_its_cell_and_in_code(text: str) -> None:
    found = parsed(f"| a | b |\n|---|---|\n| {code(text)} | x |")

    assert found.cells == [2, 2]
    assert set(found.tags) <= {"code", "/code"}
    assert found.text.replace("\n", "") == "abx"


@given(NASTY)
def test_a_summary_line_holds_no_markup_but_ours(text: str) -> None:
    found = parsed(f"<details><summary>{html_code(text)}</summary>\n\nx\n\n</details>")

    assert found.tags == ["details", "summary", "code", "/code", "/summary", "/details"]


@given(st.lists(NASTY, max_size=5))
def test_nothing_ends_a_block_of_code_from_inside(lines: list[str]) -> None:
    found = parsed(f"before\n\n{fenced(lines, 'diff')}\n\nafter")

    assert found.fences == ["\n".join(map(visible, lines)) + "\n"]
    assert found.text == "before\nafter\n"


@pytest.mark.parametrize(
    "text", ["@everyone", "#123", "!7", "~bug", "%v1", "$1", "&3", "org/repo#5", "a@b", "GH-12", "@'x", "^alert#1"]
)
def test_nobody_is_mentioned_and_nothing_referred_to(text: str) -> None:
    shown = parsed(f"x {prose(text)}").text

    assert re.search(r"[@#!~%$&^][\w'\"]|GH-\d", shown) is None
    assert shown.replace(NO_WIDTH, "").strip() == f"x {text}"


@pytest.mark.parametrize("text", ["https://evil.test/x", "http://evil.test", "www.evil.test", "WWW.evil.test"])
def test_addresses_are_not_made_into_links(text: str) -> None:
    assert re.search(r"://|www\.", prose(text), re.IGNORECASE) is None


def test_what_nobody_would_see_is_written_out() -> None:
    assert prose("a\u202eb\u200bc\x1bd\x00") == "a&#92;u202eb&#92;u200bc&#92;u001bd&#92;u0000"
    assert code("a\u202eb") == r"<code>a&#92;u202eb</code>"
    assert "\\u202e" in fenced(["a\u202eb"])


def test_long_texts_are_cut() -> None:
    assert code("x" * 500) == f"`{'x' * 399}…`"


def test_a_link_leads_to_an_address_or_names_a_file() -> None:
    assert link("the whole report", "https://ci.test/a b>c\n") == "[the whole report](<https://ci.test/a%20b%3Ec%0A>)"
    assert link("the whole report", "out/a.html") == "the whole report in `out/a.html`"
    assert parsed(link("x", "https://ci.test/>)[y](https://evil.test")).links == [
        "https://ci.test/%3E)%5By%5D(https://evil.test"
    ]


def test_the_worst_that_we_thought_of_is_text() -> None:
    found = parsed(f"x {prose(HOSTILE, 10_000)} {code(HOSTILE, 10_000)} y")

    assert found.links == []
    assert found.tags == ["code", "/code"]
    assert set(found.kinds) <= {"paragraph_open", "paragraph_close", "text", "text_special", "html_inline"}
