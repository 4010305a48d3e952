"""What a CI is told about a stage: a summary, a comment, annotations and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.validation.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One remark beside a line of a source file; texts are untrusted until they are escaped."""

    severity: Severity
    title: str
    message: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to tell about one stage.

    Attributes:
        stage: such as ``diff``.
        label: which application or environment, so that two comments of one stage do not overwrite each other.
        summary: Markdown for the run's page.
        comment: Markdown for the pull request, at most 60,000 characters; empty: nothing to say there.
        annotations: the gravest first.
        outputs: by kebab-case name, for later steps; short texts, file paths, booleans as ``true`` and ``false``.
        files: reports by format (``junit``, ``sarif``, …) that were written to files, for CIs that collect them.
        is_failure: the command ends here with an error, which ``annotations`` says and which always gets through.
    """

    stage: str
    label: str = ""
    summary: str = ""
    comment: str = ""
    annotations: tuple[Annotation, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict, hash=False)
    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    is_failure: bool = False
