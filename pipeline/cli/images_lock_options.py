"""Options of the commands that build: which images lock is put into the manifests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import Decorated, option, with_options
from pipeline.model.images.lock import LOCK_FILE

if TYPE_CHECKING:
    from pipeline.image_pinning import PinningOptions

_OPTIONS = (
    option("--images-lock", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
           help=f"Images get their digests from this lock; {LOCK_FILE} where there is one."),
    option("--require-lock", is_flag=True, help="Refuse images without digest that are not in the lock."),
    option("--update-images", is_flag=True,
           help="Let image policies choose tags and digests anew, for this build alone."),
)  # fmt: skip

Changing = Callable[["PinningOptions"], "PinningOptions"]
"""Lays what the command line says over what is known otherwise."""


def images_lock_options(command: Decorated) -> Callable[..., Any]:
    """Add ``--images-lock``, ``--require-lock`` and ``--update-images``; the command receives ``pinning``."""

    def wrapped(
        *,
        images_lock: Path | None,
        require_lock: bool,
        update_images: bool,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        def changed(known: PinningOptions) -> PinningOptions:
            return replace(
                known,
                lock=images_lock or known.lock,
                is_named=known.is_named or images_lock is not None,
                require=known.require or require_lock,
                update=update_images,
            )

        return command(pinning=changed, **arguments)

    return with_options(_OPTIONS, wrapped, command)
