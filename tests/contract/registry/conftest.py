from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.ports import Registry
from tests.contract.registry.recipes import RECIPES, Corrupt, Open, Recipe


@pytest.fixture(params=[pytest.param(recipe, id=recipe.name, marks=recipe.marks) for recipe in RECIPES])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    found: Recipe = request.param
    return found


@pytest.fixture
def open_repository(recipe: Recipe, tmp_path: Path) -> Iterator[Open]:
    with recipe.start(tmp_path) as opened:
        yield opened


@pytest.fixture(params=[pytest.param(recipe, id=recipe.name) for recipe in RECIPES if recipe.corrupt is not None])
def corruptible(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Registry, Corrupt]]:
    """A registry whose stored bytes can be changed behind its back."""
    with request.param.start(tmp_path) as opened:
        yield opened("team/app"), request.param.corrupt
