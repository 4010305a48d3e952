from __future__ import annotations

from tests.cli.sign.conftest import artifact, gitless, keys

__all__ = ["artifact", "gitless", "keys"]
