"""What a report may show beside the result itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.model.deployments.record import ObjectEvent
from pipeline.model.manifests import ObjectId

BY_SUFFIX: Final = {
    ".txt": "text",
    ".json": "json",
    ".yaml": "yaml",
    ".md": "markdown",
    ".sarif": "sarif",
    ".xml": "junit",
    ".html": "html",
}
"""Which format a report file has, by its suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """What belongs to a result in some formats.

    Attributes:
        picture: an SVG of the objects (trusted markup that gitless drew), for the HTML page; empty: none.
        history: what deploy records say about single objects, newest first, for the HTML page.
        link: where the whole report is, for those that are cut short; empty: nowhere.
        stage: what the report is called, such as ``diff``; empty: by the result's kind.
        label: which application or environment it is about, such as ``shop, production``.
        limit: how many characters a Markdown report may have; 0: as many as it takes.
        folder: where the command ran in the checkout, such as ``examples/shop``; empty: at its root.
    """

    picture: str = ""
    history: Mapping[ObjectId, tuple[ObjectEvent, ...]] = field(default_factory=dict, hash=False)
    link: str = ""
    stage: str = ""
    label: str = ""
    limit: int = 0
    folder: str = ""


BARE: Final = ReportContext()
