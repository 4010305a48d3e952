"""Objects of Flux's kinds and the Secrets that they refer to, made from options and checked before writing."""

from __future__ import annotations
