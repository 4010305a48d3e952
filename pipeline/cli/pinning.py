"""Digests for commands that take nothing else."""

from __future__ import annotations

from pipeline.cli.options import Decorated, option
from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import PinnedReference, Reference, is_reference, parse_reference
from pipeline.ports import Registry


def tag_option(command: Decorated) -> Decorated:
    """``--allow-tag``; the command receives ``allow_tag: bool``."""
    return option(
        "--allow-tag/--no-allow-tag",
        default=True,
        show_default=True,
        help="Take a tag for what it points at now, or refuse whatever has no digest.",
    )(command)


def refuse_tag(what: str | None, *, allow_tag: bool) -> None:
    """Refuse an artifact that is named by its tag alone, where tags are not allowed; anything else is fine.

    Raises:
        UsageError: it has no digest.
    """
    if what and is_reference(what) and not allow_tag:
        parse_reference(what).pinned()


def pinned(reference: Reference, registry: Registry, deed: str) -> PinnedReference:
    """The digest to ``deed`` (a verb); a refused tag is told what it stands for, where that can be found out.

    Raises:
        UsageError: there is only a tag.
    """
    try:
        return reference.pinned()
    except PipelineError as refusal:
        try:
            digest = registry.resolve(reference.tag or "latest").digest
        except PipelineError:
            raise refusal from None
        refusal.hint = f"now it is {reference.repository}@{digest}: {deed} that if it is what you mean"
        raise
