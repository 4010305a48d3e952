"""The pictures in the documentation are what the program draws."""

from __future__ import annotations

import re

import pytest

from tests.delivery.pictures import FOLDER, drawn, without_places

PAGE = FOLDER.parent / "pictures.md"


@pytest.mark.tool
def test_the_pictures_are_those_that_are_drawn_now() -> None:
    for name, svg in drawn().items():
        assert without_places((FOLDER / name).read_text()) == without_places(svg), f"make pictures draws {name} anew"


def test_every_picture_is_shown() -> None:
    shown = set(re.findall(r"\(pictures/([a-z]+\.svg)\)", PAGE.read_text()))

    assert shown == {file.name for file in FOLDER.iterdir()}
