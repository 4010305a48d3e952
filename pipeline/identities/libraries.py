"""The providers' own libraries, each of them an extra of the package."""

from __future__ import annotations

import importlib.util
import logging

from pipeline.errors import IdentityError
from pipeline.loading import settle


def require(module: str, extra: str, what: str) -> None:
    """Make sure that a library is there, and keep its talk to itself: it may repeat what was sent.

    Raises:
        IdentityError: it is not installed.
    """
    settle()
    try:
        is_there = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise IdentityError(
            f"{what} needs a library that is not installed: {module}",
            hint=f"pip install 'gitless-pipeline[{extra}]'",
            code="configuration.missing-extra",
        )
    logger = logging.getLogger(module.partition(".")[0])
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
