"""``python -m examples.rehearsal github|tekton``: run a pipeline's real files here, without pushing anything."""

from __future__ import annotations

import importlib
import sys

REHEARSALS = ("github", "tekton")


def main() -> int:
    """Hand over to the rehearsal that is asked for; returns its exit code."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in REHEARSALS:
        sys.stderr.write(f"usage: python -m examples.rehearsal {'|'.join(REHEARSALS)} [OPTION...]\n")
        return 2
    code: int = importlib.import_module(f"examples.rehearsal.{name}.__main__").main(sys.argv[2:])
    return code


if __name__ == "__main__":
    sys.exit(main())
