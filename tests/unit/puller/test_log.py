from __future__ import annotations

import io
import json
import re
import threading
from typing import Any

import pytest

from pipeline.ports import Reporter
from pipeline.reports.log import Level, Log


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_what_flux_writes(stream: io.StringIO) -> None:
    log = Log(stream)

    log.about("Kustomization", "shop", "web", "v1@sha256:0", "id-1").info("applied", changed=3)

    (line,) = lines(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("ts"))
    assert line == {
        "level": "info",
        "msg": "applied",
        "controllerKind": "Kustomization",
        "name": "web",
        "namespace": "shop",
        "revision": "v1@sha256:0",
        "reconcileID": "id-1",
        "changed": 3,
    }


def test_it_is_a_reporter(stream: io.StringIO) -> None:
    reporter: Reporter = Log(stream, level="debug")

    reporter.info("a")
    reporter.detail("b")
    reporter.warn("c")
    reporter.progress("d", 1, 2)
    Log(stream).error("e")

    assert [line["level"] for line in lines(stream)] == ["info", "debug", "error", "error"]


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("error", 1)])
def test_less_than_the_level_is_not_written(stream: io.StringIO, level: Level, count: int) -> None:
    log = Log(stream, level=level).about("OCIRepository", "shop", "web")

    log.detail("d")
    log.info("i")
    log.error("e")

    assert len(lines(stream)) == count


@pytest.mark.parametrize("evil", ["a\nb", "\x1b[2J", "\x7f\x9b31m", "a\u2028b", "\u202egnp", "\ud800", "\x00", '"},{"'])
def test_no_text_breaks_out_of_its_line(stream: io.StringIO, evil: str) -> None:
    Log(stream).info(evil, value=evil, nested={"a": [evil]})
    Log(stream, encoding="console").info(evil, value=evil)

    first, second, *rest = stream.getvalue().split("\n")
    assert rest == [""]
    assert json.loads(first)["msg"] == evil
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", first + second.replace("\u2028", ""))


def test_lines_have_an_end(stream: io.StringIO) -> None:
    log = Log(stream).about("Kustomization", "shop", "web")

    log.info("x" * 100_000)
    log.info("many", **{f"field{number}": "y" * 4000 for number in range(20)})
    log.info("deep", value=["z" * 50_000])

    assert [len(line) < 17_000 for line in stream.getvalue().splitlines()] == [True] * 3
    assert [line["name"] for line in lines(stream)] == ["web"] * 3
    assert lines(stream)[1]["truncated"] is True


def test_a_field_does_not_pose_as_the_line_itself(stream: io.StringIO) -> None:
    Log(stream).about("Kustomization", "shop", "web").info("applied", name="other", level="error")

    (line,) = lines(stream)
    assert (line["name"], line["name_"], line["level"]) == ("web", "other", "info")


def test_anything_can_be_logged(stream: io.StringIO) -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless

    Log(stream).info("odd", error=ValueError("x"), keys={(1, 2): 3}, nan=float("inf"), raw=b"\xff")
    Log(stream).info("endless", value=endless)

    assert [line["msg"] for line in lines(stream)] == ["odd", "endless"]


def test_people_get_text(stream: io.StringIO) -> None:
    Log(stream, encoding="console").about("Kustomization", "shop", "web").error("it broke", code=7)

    assert re.fullmatch(
        r"\S+Z ERROR it broke controllerKind=Kustomization name=web namespace=shop code=7\n", stream.getvalue()
    )


def test_a_stream_that_is_gone_is_no_reason_to_stop(stream: io.StringIO) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    stream.close()

    Log(stream).info("a")
    Log(Broken()).info("b")


def test_lines_of_many_threads_do_not_mix(stream: io.StringIO) -> None:
    log = Log(stream)

    def work(number: int) -> None:
        for _ in range(200):
            log.about("Kustomization", "shop", f"app-{number}").info("x" * 300)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lines(stream)) == 800
