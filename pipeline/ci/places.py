"""Files of a CI: where sources lie in the checkout, and files that are written for whoever comes next."""

from __future__ import annotations

from pathlib import Path

from pipeline.ci.failures import UntoldError

UTF_8 = "utf-8"


def in_checkout(file: str, root: str) -> str:
    """The file's path from the root of the checkout, with slashes; empty where it is not a file in there.

    An object's origin may also be a file inside an artifact or a chart, which no CI could show.
    """
    if not file or not root:
        return ""
    try:
        whole, top = Path(file).resolve(), Path(root).resolve()
        if whole.is_file() and whole.is_relative_to(top):
            return whole.relative_to(top).as_posix()
    except (OSError, ValueError, RuntimeError):
        return ""
    return ""


def size_of(file: str) -> int:
    """In bytes; 0 where it does not exist yet."""
    try:
        return Path(file).stat().st_size
    except (OSError, ValueError):
        return 0


def append(file: str, text: str) -> None:
    """Add to the end.

    Raises:
        UntoldError: it cannot be written.
    """
    try:
        with Path(file).open("ab") as stream:
            stream.write(text.encode(UTF_8, "backslashreplace"))
    except (OSError, ValueError) as error:
        raise _unwritable(file, error) from None


def write(file: Path, text: str) -> None:
    """Write anew; folders are made as needed.

    Raises:
        UntoldError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode(UTF_8, "backslashreplace"))
    except (OSError, ValueError) as error:
        raise _unwritable(str(file), error) from None


def _unwritable(file: str, error: Exception) -> UntoldError:
    return UntoldError(f"{file} cannot be written: {getattr(error, 'strerror', None) or error}")
