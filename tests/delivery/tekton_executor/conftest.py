from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.rehearsal.tekton.workspaces import give_back_writing
from tests.delivery.tekton_executor.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    yield Bench(tmp_path)
    give_back_writing(tmp_path)
