from __future__ import annotations

import pytest

from tests.unit.installation.worlds import World


@pytest.fixture
def world() -> World:
    return World()
