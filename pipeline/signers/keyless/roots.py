"""Trusted roots."""

from __future__ import annotations

from pathlib import Path

from pipeline.ports import Environment


def tuf_folder(environment: Environment) -> Path:
    """Where TUF repositories are kept between runs: below ``XDG_CACHE_HOME``, or ``~/.cache``."""
    base = environment.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environment.get("HOME") or Path.home()) / ".cache"
    return home / "gitless" / "tuf"
