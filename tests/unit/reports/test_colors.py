from __future__ import annotations

import io

import pytest

from pipeline.reports.console import Console, has_colors


@pytest.mark.parametrize(
    ("variables", "on_a_terminal", "elsewhere"),
    [
        ({"TERM": "xterm-256color"}, True, False),
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colors_are_for_terminals_that_have_them(
    variables: dict[str, str], *, on_a_terminal: bool, elsewhere: bool
) -> None:
    assert has_colors(variables, is_terminal=True) is on_a_terminal
    assert has_colors(variables, is_terminal=False) is elsewhere


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_that_cannot_redraw_gets_lines_alone() -> None:
    screen = Screen()
    console = Console(screen, verbose=False, environment={"TERM": "dumb"})
    console.progress("applied", 1, 2)
    console.warn("a thing")
    assert screen.getvalue() == "Warning: a thing\n"
