"""Sizes on the command line."""

from __future__ import annotations

from typing import Any

import click

from pipeline.errors import ConfigurationError


class Size(click.types.IntParamType):
    """Kubernetes' notation, such as ``512Mi``; the command receives bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Read it, and name the option where it cannot be read."""
        from pipeline.model.documents.sizes import parse_size

        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except ConfigurationError as error:
            self.fail(error.message, param, ctx)
