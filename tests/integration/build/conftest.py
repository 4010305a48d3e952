from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from tests.platform.binaries import binary


@pytest.fixture(scope="session")
def tools() -> Mapping[str, str]:
    """An environment in which the platform's own tools are found."""
    chosen = {f"GITLESS_{name.upper()}": str(binary(name)) for name in ("kustomize", "helm", "kubectl")}
    return {**os.environ, **chosen}
