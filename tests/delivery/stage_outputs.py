"""What each stage gives to the steps after it, held against what real results tell."""

from __future__ import annotations

import click

from pipeline.cli import application

OUTPUTS = {
    "digest": "Digest of the artifact, also where nothing was pushed.",
    "digest-url": "The artifact with its digest, as oci://HOST/REPOSITORY@sha256:…",
    "tag": "The first tag that points at it.",
    "pushed": "true, or false where the registry had everything already.",
    "signature-digest": "Digest of the manifest that carries the signature.",
    "attestation-digest": "Digest of the manifest that carries the statement; several are separated by commas.",
    "passed": "true, or false where an error was found.",
    "errors": "Number of errors found.",
    "warnings": "Number of warnings found.",
    "changed": "true, or false where nothing changes, or no tag has moved.",
    "created": "Number of objects that are created.",
    "updated": "Number of objects that are changed, created anew, or come back under another generated name.",
    "deleted": "Number of objects that are deleted.",
    "plan-file": "The saved plan.",
    "plan-digest": "Digest of the saved plan.",
    "verified": "true, or false where anything did not pass.",
    "delivered": "true, or false where the digest did not come or is not healthy.",
    "manifests-file": "The file with the rendered objects.",
    "report-file": "What was written because of `reports`; one in each line.",
    "summary-file": "The file with the step's summary.",
}
"""By name: what it holds. All are texts; none is there where there is nothing to say."""
_ARTIFACT = ("digest", "digest-url")
_CHANGES = ("changed", "created", "updated", "deleted")
_OF_STAGES = {
    "build": ("manifests-file",),
    "validate": ("passed", "errors", "warnings"),
    "package": (*_ARTIFACT, "tag", "pushed"),
    "sign": (*_ARTIFACT, "signature-digest"),
    "attest": (*_ARTIFACT, "attestation-digest"),
    "diff": (*_ARTIFACT, *_CHANGES),
    "plan": (*_ARTIFACT, *_CHANGES, "plan-file", "plan-digest"),
    "apply": (*_ARTIFACT, *_CHANGES),
    "verify": (*_ARTIFACT, "verified"),
    "wait": (*_ARTIFACT, "delivered"),
    "promote": (*_ARTIFACT, "tag", "changed"),
    "rollback": (*_ARTIFACT, "tag", "changed"),
}


def own_outputs(command: str) -> tuple[str, ...]:
    """The outputs that a stage's result has by itself."""
    return _OF_STAGES[command]


def outputs(command: str) -> tuple[str, ...]:
    """All outputs of a stage, those included that any result can have."""
    found = application.get_command(click.Context(application), command)
    if found is None:
        raise LookupError(f"there is no command {command}")
    reports = ("report-file",) if any(parameter.name == "report" for parameter in found.params) else ()
    return (*own_outputs(command), *reports, "summary-file")


def all_outputs() -> tuple[str, ...]:
    """Every output that any stage has, in the order of the table."""
    return tuple(OUTPUTS)
