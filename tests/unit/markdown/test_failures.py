from __future__ import annotations

import re

import pytest

from pipeline.reports.markdown.failure import render_failure
from tests.unit.markdown.support import HOSTILE

LIMIT = 2_500


def test_a_failure_says_what_failed_and_each_hint() -> None:
    assert render_failure("gitless apply", "it is refused", "do this\n  or that", LIMIT) == (
        "> [!CAUTION]\n> **gitless apply failed**: it is refused\n>\n> Hint: do this\n>\n> Hint: or that\n"
    )


@pytest.mark.parametrize("message", ["*" * 5_000, "@a" * 400, HOSTILE * 10])
def test_a_long_failure_is_cut_between_characters_and_never_within_an_entity(message: str) -> None:
    text = render_failure("gitless apply", message, "\n".join([message] * 9), LIMIT)

    assert len(text) <= LIMIT
    assert "gitless apply failed" in text
    assert re.sub(r"&#\d+;", "", text).count("&") == 0
    assert all(line.startswith(">") for line in text.splitlines())
