from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pipeline.engines.streams import BuildLog, PushLog, masked
from pipeline.errors import ToolError

DIGEST = "sha256:" + "1a" * 32


@dataclass
class Heard:
    details: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    bars: list[tuple[str, int, int]] = field(default_factory=list)

    def info(self, message: str, **fields: object) -> None:
        raise AssertionError(message)

    def detail(self, message: str, **fields: object) -> None:
        self.details.append(message)

    def warn(self, message: str, **fields: object) -> None:
        self.warnings.append(message)

    def progress(self, label: str, done: int, total: int) -> None:
        self.bars.append((label, done, total))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def taken(log: BuildLog, *streams: str) -> None:
    for text in streams:
        log.take({"stream": text})


@pytest.mark.parametrize("step", ["Step 2/3 : RUN make", "STEP 2/3: RUN make"])
def test_steps_of_docker_and_podman_are_a_bar_and_named_by_an_error(heard: Heard, step: str) -> None:
    log = BuildLog("build web", "Containerfile", (), heard)
    taken(
        log, "Step 1/3 : FROM x\n", " ---> 1234\n", f"{step}\n", "cc web.c\nmissing.h: no such ", "file\n", "last words"
    )

    with pytest.raises(ToolError) as caught:
        log.take({"errorDetail": {"code": 1, "message": "returned 1"}, "error": "returned 1"})

    assert heard.bars == [("build web: FROM x", 1, 3), ("build web: RUN make", 2, 3)]
    assert caught.value.message == "Containerfile: step 2/3, RUN make, failed: returned 1"
    assert caught.value.hint == "what it wrote last:\n  cc web.c\n  missing.h: no such file\n  last words"


def test_what_steps_write_is_escaped_cut_and_masked(heard: Heard) -> None:
    log = BuildLog("build web", "f", ("hunter2-hunter2", "hunter2"), heard)
    taken(log, "\x1b[31mred\x1b[0m \x07bell hunter2-hunter2 hunter2\n", "x" * 5000 + "\n", "y" * 200_000, "\n")

    assert heard.details[0] == "build web: red bell *** ***"
    assert max(map(len, heard.details)) < 400
    with pytest.raises(ToolError) as caught:
        log.take({"error": "echo hunter2"})
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


def test_what_the_engine_warns_of_is_a_warning(heard: Heard) -> None:
    taken(BuildLog("build web", "f", (), heard), "[Warning] One or more build-args [X] were not consumed\n")

    assert heard.warnings == ["build web: One or more build-args [X] were not consumed"]


def test_the_image_is_the_one_that_the_last_item_names(heard: Heard) -> None:
    log = BuildLog("build web", "f", (), heard)
    for item in ({"aux": {"ID": DIGEST}}, {"aux": {"ID": "no digest"}}, {"aux": None}, {"stream": 7}, {}, [1], "text"):
        log.take(item)

    assert log.image_id == DIGEST


def test_thousands_of_items_about_layers_are_at_most_a_hundred_steps_of_one_bar(heard: Heard) -> None:
    log = PushLog("push web", heard)
    for done in range(0, 10_001, 5):
        for layer in ("a", "b"):
            log.take({"status": "Pushing", "id": layer, "progressDetail": {"current": done, "total": 10_000}})
    log.take({"status": "Pushed", "id": "a", "progressDetail": {}})
    log.take({"aux": {"Tag": "1", "Digest": DIGEST, "Size": 1}})

    assert len(heard.bars) <= 110
    assert heard.bars[-1] == ("push web: 2 layers, % of the bytes", 100, 100)
    assert (log.digest, log.error) == (DIGEST, "")


def test_an_error_of_a_push_is_an_item_and_the_first_one_counts(heard: Heard) -> None:
    log = PushLog("push web", heard)
    log.take({"errorDetail": {"message": "unauthorized"}, "error": "unauthorized"})
    log.take({"error": "later"})

    assert log.error == "unauthorized"


def test_what_is_too_short_to_be_a_secret_is_not_masked() -> None:
    assert masked("a 1 b", ("1", "a")) == "a 1 b"
