"""Changes of files as one patch that ``git apply`` takes.

Format: ``git-diff(1)``, "Generating patch text with -p".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff

_PLAIN_BYTES = frozenset(range(0x20, 0x7F)) - frozenset(b'"\\')


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file's text before and after; ``before`` is ``None`` where there was none."""

    before: str | None
    after: str


def patch(changes: Mapping[str, FileChange]) -> str:
    """The patch; files by their path from the checkout's root, with slashes. Empty where nothing differs."""
    return "".join(_of_file(path, changes[path]) for path in sorted(changes))


def _of_file(path: str, change: FileChange) -> str:
    if change.before == change.after:
        return ""
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    head = f"diff --git {old} {new}\n"
    if change.before is None:
        head += "new file mode 100644\n"
    lines = unified_diff(_lines(change.before or ""), _lines(change.after), n=3, lineterm="\n")
    # difflib's own two lines know neither quotes nor new files.
    body = [_whole(line) for line in list(lines)[2:]]
    before = "/dev/null" if change.before is None else _ended(old)
    return f"{head}--- {before}\n+++ {_ended(new)}\n" + "".join(body)


def _lines(text: str) -> list[str]:
    """Lines as Git has them: they end with a line feed and nothing else."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _whole(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _ended(path: str) -> str:
    """A path with blanks ends with a tab, so that what follows one could not be taken for a time."""
    return f"{path}\t" if " " in path else path


def _quoted(path: str) -> str:
    """As Git writes paths that are not printable ASCII: in quotes, bytes as octal numbers."""
    if path.isascii() and path.isprintable() and '"' not in path and "\\" not in path:
        return path
    written = "".join(
        chr(byte) if byte in _PLAIN_BYTES else f"\\{byte:03o}" for byte in path.encode("utf-8", "surrogateescape")
    )
    return f'"{written}"'
