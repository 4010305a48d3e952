"""Results as files, for the next step of a CI."""

from __future__ import annotations

from pathlib import Path

from pipeline.model.outcome import Result
from pipeline.reports import render_result
from pipeline.whole_files import write_whole


def write_result(result: Result, folder: str) -> Path:
    """Write the JSON document as ``<stage>.json``, whole or not at all; the folder is made where it is missing.

    Raises:
        ConfigurationError: it cannot be written.
    """
    file = Path(folder, f"{result.kind.removesuffix('Result').lower()}.json")
    write_whole(file, render_result(result, "json").encode("utf-8", "backslashreplace"))
    return file
