"""The quick half of ``make fuzz``: the same targets and seeds, and a fixed sequence of changes to them.

Keys and signatures in the seeds are new in each run; whatever is found is shown with the input that shows it.
"""

from __future__ import annotations

import time
import zlib
from random import Random

import pytest

from tests.fuzz.mutations import mutate
from tests.fuzz.targets import NAMES, load

SECONDS = 2.0
"""How long to go on; a slow machine tries fewer inputs."""
MOST = 1500
SLOWEST = 5.0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_our_errors_comes_out_and_soon(name: str) -> None:
    target = load(name)
    seeds = list(target.seeds())
    for seed in seeds:
        target.consume(seed)
    random = Random(zlib.crc32(name.encode()))
    end = time.monotonic() + SECONDS

    for number in range(MOST):
        data = mutate(seeds[number % len(seeds)], random)
        start = time.monotonic()
        try:
            target.consume(data)
        except BaseException as error:
            error.add_note(f"input: {data[:2000]!r}")
            raise
        assert time.monotonic() - start < SLOWEST, data[:2000]
        if start > end:
            break
