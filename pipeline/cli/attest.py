"""``gitless attest``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.passwords import key_password
from pipeline.cli.pinning import pinned
from pipeline.cli.signing_options import signing_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import ManifestError, UsageError
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.sources import Source
from pipeline.model.trust.predicate_types import CYCLONEDX, SLSA_PROVENANCE_V1, SPDX, predicate_type
from pipeline.ports import Registry
from pipeline.stages.predicates import Predicate

_FORMATS = {CYCLONEDX: "cyclonedx", SPDX: "spdx"}


@click.command()
@argument("reference", envvar="reference")
@option(
    "--type",
    "type_name",
    required=True,
    metavar="NAME|URI",
    help="Predicate type, by cosign's short name (slsaprovenance1, cyclonedx, spdxjson, vuln, …), plan, test-result, "
    "or a URI.",
)
@option(
    "--predicate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What to state: a JSON object; - is standard input. Provenance and SBOM are made where there is none.",
)
@option(
    "--path",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Source that the artifact was built from, for the charts and remote bases in it; repeatable.",
)
@option(
    "-f",
    "--file",
    "settings_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the sources from this settings file.",
)
@option("--target", shell_complete=completing.targets, help="Which of the settings file's targets.")
@signing_options(formats=False)
@option("--allow-shadowing", is_flag=True, help="Attest even where that hides the .sig signatures there are.")
@registry_options
@talking(ci=True)
def command(
    *,
    reference: str,
    type_name: str,
    predicate: Path | None,
    paths: tuple[Path, ...],
    settings_file: Path | None,
    target: str | None,
    signing: SigningOptions,
    allow_shadowing: bool,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """State something about an artifact, signed, beside it: provenance, an SBOM, a reviewed plan, test results.

    SLSA provenance (slsaprovenance1) tells of the CI job that this runs in, an SBOM (cyclonedx, spdxjson) what is in
    the artifact. Everything else comes from --predicate. Tags are refused. The same statement is not made twice.

    \b
    gitless attest oci://ghcr.io/acme/shop@sha256:0d9f… --type slsaprovenance1 --path deploy/ --keyless
    gitless attest oci://ghcr.io/acme/shop@sha256:0d9f… --type cyclonedx --key cosign.key
    gitless attest oci://ghcr.io/acme/shop@sha256:0d9f… --type plan --predicate plan.json --key cosign.key
    gitless attest oci://ghcr.io/acme/shop@sha256:0d9f… --type https://acme.dev/scan/v1 --predicate scan.json --keyless
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.attest import attest

    uri = predicate_type(type_name)
    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    artifact = pinned(parsed, registry, "attest")
    if predicate is not None:
        if paths or settings_file:
            raise UsageError("--path and --file are for statements that gitless makes, not for --predicate")
        stated = _given(predicate, uri, artifact)
    else:
        stated = _made(uri, type_name, artifact, registry, _Sources(paths, settings_file, target), terminal)
    signer = wiring.signer(signing, os.environ, terminal.reporter, key_password(signing.password_file))
    verifier = wiring.verifier(os.environ, terminal.reporter)
    result = attest(
        artifact,
        stated.type,
        stated.body,
        registry,
        signer,
        verifier,
        allow_shadowing=allow_shadowing,
        essence=stated.essence,
    )
    terminal.print_result(result)


class _Sources:
    """Where the artifact was built from, as the options say."""

    def __init__(self, paths: tuple[Path, ...], settings_file: Path | None, target: str | None) -> None:
        self.target = ""
        self.settings = ("", "")
        self.all = [Source(path) for path in paths]
        if settings_file is None:
            if target is not None:
                raise UsageError("--target is one of a settings file's", hint="name the file: -f gitless.yaml")
            return
        from pipeline.config import load_settings
        from pipeline.model.artifact.manifest import sha256_digest
        from pipeline.model.settings.overrides import choose_target

        settings = load_settings(settings_file)
        chosen = choose_target(settings, target)
        self.target = chosen.name
        self.settings = (settings_file.name, sha256_digest(settings_file.read_bytes()))
        self.all.extend(settings.for_target(chosen).sources)


def _given(file: Path, uri: str, artifact: PinnedReference) -> Predicate:
    from pipeline.model.attestation.given import MAX_PREDICATE_BYTES, read_predicate

    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MAX_PREDICATE_BYTES + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MAX_PREDICATE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--predicate {file}: {error.strerror or error}") from None
    return Predicate(uri, read_predicate(content, str(file), uri, artifact))


def _made(
    uri: str, name: str, artifact: PinnedReference, registry: Registry, sources: _Sources, terminal: Terminal
) -> Predicate:
    from pipeline import wiring
    from pipeline.model.attestation.provenance import check_same_commit
    from pipeline.stages.predicates import provenance_predicate, read_annotated, read_built, sbom_predicate

    if uri != SLSA_PROVENANCE_V1 and uri not in _FORMATS:
        raise UsageError(
            f"--type {name} needs --predicate FILE",
            hint="gitless itself makes slsaprovenance1, cyclonedx and spdxjson",
        )
    missing = [str(source.path) for source in sources.all if not Path(source.path).exists()]
    if missing:
        raise UsageError(f"{', '.join(missing)}: there is no such source")
    if not sources.all:
        terminal.reporter.info("charts and remote bases are left out: no --path or --file says where they are")
    materials = wiring.materials(sources.all, os.environ, terminal.reporter)
    if uri in _FORMATS:
        return sbom_predicate(read_built(artifact, registry, materials), wiring.sbom(_FORMATS[uri]))
    try:
        built = read_built(artifact, registry, materials)
    except ManifestError as error:
        # Where and from what it was made is known all the same, such as of a kustomization that the puller renders.
        terminal.reporter.warn(f"images are left out: {error.message}")
        built = read_annotated(artifact, registry, materials)
    platform = wiring.build_platform(os.environ)
    check_same_commit(platform, artifact, built.source, built.revision)
    return provenance_predicate(built, platform, target=sources.target, settings=sources.settings)
