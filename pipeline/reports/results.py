"""Results as files, for the next step of a CI."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.model.outcome import Result
from pipeline.reports import render_result


def write_result(result: Result, folder: str) -> Path:
    """Write the JSON document as ``<stage>.json``, whole or not at all; the folder is made where it is missing.

    Raises:
        ConfigurationError: it cannot be written.
    """
    file = Path(folder, f"{result.kind.removesuffix('Result').lower()}.json")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(render_result(result, "json"))
            # The next step may run as another user.
            Path(name).chmod(0o644)
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror or error}", hint="see --results-dir"
        ) from None
    return file
