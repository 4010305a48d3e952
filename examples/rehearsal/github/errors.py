"""What stands in the way of a rehearsal."""

from __future__ import annotations


class RehearsalError(Exception):
    """It cannot go on; a job that fails is none of these, but a result."""
