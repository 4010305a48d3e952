"""Fuzz one target with atheris: ``python -m tests.fuzz.run TARGET [libFuzzer's options]``."""

from __future__ import annotations

import sys
import warnings
from random import Random


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["pipeline"]):
        from tests.fuzz.targets import load

        target = load(name)
        for _ in range(2):
            # What is imported where it is used is imported now, and thereby instrumented.
            for seed in target.seeds():
                target.consume(seed)
    from tests.fuzz.mutations import mutate

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.5:
            return mutate(data, random)[:max_size]
        changed: bytes = atheris.Mutate(data, max_size)
        return changed

    warnings.simplefilter("error")
    atheris.Setup([sys.argv[0], *options], target.consume, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
