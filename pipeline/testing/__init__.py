"""In-memory members of the port families, held to the same contract suites as the real ones."""

from __future__ import annotations
