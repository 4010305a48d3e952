"""Sizes in bytes as Kubernetes writes them: a whole number, with ``Ki``, ``Mi``, ``Gi`` or ``Ti`` where it has one."""

from __future__ import annotations

import re

from pipeline.errors import ConfigurationError

_UNITS = {"": 1, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}
_SIZE = re.compile(r"([0-9]{1,15})(Ki|Mi|Gi|Ti)?")


def parse_size(text: str) -> int:
    """Bytes in ``512Mi`` or ``1073741824``.

    Raises:
        ConfigurationError: the text is something else, or no bytes at all.
    """
    match = _SIZE.fullmatch(text)
    size = int(match[1]) * _UNITS[match[2] or ""] if match else 0
    if not size:
        raise ConfigurationError(f"'{text}' is not a size; expected a number and a unit, such as 512Mi or 1Gi")
    return size


def format_size(size: int) -> str:
    """The shortest exact notation, such as ``1Gi``."""
    unit = next(unit for unit, factor in reversed(_UNITS.items()) if size % factor == 0 and size >= factor)
    return f"{size // _UNITS[unit]}{unit}"
