"""``gitless sign``."""

from __future__ import annotations

import os

import click

from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.passwords import key_password
from pipeline.cli.pinning import pinned
from pipeline.cli.signing_options import signing_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.signing import SigningOptions


@click.command()
@argument("reference", envvar="reference")
@signing_options()
@option("--allow-shadowing", is_flag=True, help="Sign even where one signature keeps verifiers from seeing another.")
@registry_options
@talking(ci=True)
def command(
    *,
    reference: str,
    signing: SigningOptions,
    allow_shadowing: bool,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Sign an artifact's digest, with a cosign key or as the identity of a CI job (--keyless).

    Tags are refused: they move, what was signed must not. Signing again as the same changes nothing. To suit every
    verifier, sign once in each format. A key's password comes from --password-file, COSIGN_PASSWORD or a prompt.

    \b
    gitless sign oci://ghcr.io/acme/shop@sha256:0d9f… --key cosign.key
    gitless sign oci-layout:out/shop@sha256:0d9f… --key cosign.key --format simple
    gitless sign oci://ghcr.io/acme/shop@sha256:0d9f… --keyless
    gitless package deploy/ oci://ghcr.io/acme/shop:1.0 -o json | jq -r .digestUrl | xargs gitless sign --key cosign.key
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.sign import sign

    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    artifact = pinned(parsed, registry, "sign")
    signer = wiring.signer(signing, os.environ, terminal.reporter, key_password(signing.password_file))
    verifier = wiring.verifier(os.environ, terminal.reporter)
    terminal.print_result(sign(artifact, registry, signer, verifier, allow_shadowing=allow_shadowing))
