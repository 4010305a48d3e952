from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.whole_files import write_whole


def test_what_a_link_leads_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "plan.json").symlink_to("kept")

    write_whole(tmp_path / "plan.json", b"new")

    assert (tmp_path / "kept").read_text() == "kept"
    assert not (tmp_path / "plan.json").is_symlink()


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    write_whole(pipe, b"new")
    reader.join()

    assert read == [b"new"]
    assert pipe.is_fifo()


def test_what_this_process_has_open_is_written_to(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as stream:
        write_whole(Path(f"/proc/self/fd/{stream.fileno()}"), b"new")

        assert (tmp_path / "out").read_bytes() == b"new"


def test_a_device_that_is_full_is_told() -> None:
    with pytest.raises(ConfigurationError, match="/dev/full cannot be written: No space left on device"):
        write_whole(Path("/dev/full"), b"new")

    assert Path("/dev/full").is_char_device()
