from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.flux_commands.worlds import World


@pytest.fixture
def world() -> Iterator[World]:
    """With every planned step taken at the end."""
    world = World()
    yield world
    world.assert_all_steps_taken()
