from __future__ import annotations

import contextlib
import resource
import threading
from pathlib import Path
from typing import Any

from pipeline.errors import ExpressionError
from pipeline.expressions.cel import CelExpressions

DATA: dict[str, Any] = {
    "status": {"conditions": [{"type": "A", "status": "True"}, {"type": "Ready", "status": "True"}]}
}
READY = "status.conditions.exists(e, e.type == 'Ready' && e.status == 'True') && sets.contains([1], [1])"


def test_many_threads_share_one_engine() -> None:
    engine = CelExpressions()
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(300):
            if not engine.evaluate(READY, DATA):
                wrong.append("ready")
            if engine.evaluate(f"size(status.conditions) == {number * 1000 + turn + 3}", DATA):
                wrong.append("size")
            try:
                engine.evaluate("status.missing", DATA)
                wrong.append("missing")
            except ExpressionError:
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_memory_does_not_grow_with_evaluations() -> None:
    engine = CelExpressions()

    def rounds(count: int) -> None:
        for number in range(count):
            engine.evaluate(READY, DATA)
            if number % 10 == 0:
                engine.evaluate(f"status.conditions.size() < {number + 100}", DATA)
                with contextlib.suppress(ExpressionError):
                    engine.evaluate("status.missing", DATA)

    rounds(5_000)
    before = _resident()
    rounds(20_000)

    assert _resident() - before < 4 * 1024**2


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
