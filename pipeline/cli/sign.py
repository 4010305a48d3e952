"""``gitless sign``."""

from __future__ import annotations

import os

import click

from pipeline.cli.options import Terminal, option, registry_options, talking
from pipeline.cli.passwords import key_password
from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import PinnedReference, Reference, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.ports import Registry


@click.command()
@click.argument("reference")
@option(
    "--key",
    required=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    envvar="GITLESS_SIGNING_KEY",
    show_envvar=True,
    help="Private key: cosign.key, or a plain ECDSA, RSA or Ed25519 key in PEM.",
)
@option("--password-file", type=click.Path(dir_okay=False), metavar="FILE", help="File with the key's password.")
@option(
    "--format",
    "signature_format",
    envvar="GITLESS_SIGNATURE_FORMAT",
    type=click.Choice([item.value for item in SignatureFormat]),
    default=SignatureFormat.BUNDLE.value,
    show_default=True,
    help="bundle: for cosign 3 and Flux since 2.8; simple: the .sig tag of cosign 2 and older Flux.",
)
@option("--allow-shadowing", is_flag=True, help="Sign even where one signature keeps verifiers from seeing another.")
@registry_options
@talking()
def command(
    *,
    reference: str,
    key: str,
    password_file: str | None,
    signature_format: str,
    allow_shadowing: bool,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Sign an artifact's digest with a cosign key. Tags are refused: they move, what was signed must not.

    Signing again with the same key changes nothing. To suit every verifier, sign once in each format. The password
    comes from --password-file, COSIGN_PASSWORD or a prompt.

    \b
    gitless sign oci://ghcr.io/acme/shop@sha256:0d9f… --key cosign.key
    gitless sign oci-layout:out/shop@sha256:0d9f… --key cosign.key --format simple
    gitless package deploy/ oci://ghcr.io/acme/shop:1.0 -o json | jq -r .digestUrl | xargs gitless sign --key cosign.key
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.sign import sign

    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    artifact = _pinned(parsed, registry)
    signer = wiring.cosign_signer(key, SignatureFormat(signature_format), key_password(password_file))
    verifier = wiring.cosign_verifier()
    terminal.print_result(sign(artifact, registry, signer, verifier, allow_shadowing=allow_shadowing))


def _pinned(reference: Reference, registry: Registry) -> PinnedReference:
    """The digest to sign; a refused tag is told what it stands for, where that can be found out."""
    try:
        return reference.pinned()
    except PipelineError as refusal:
        try:
            digest = registry.resolve(reference.tag or "latest").digest
        except PipelineError:
            raise refusal from None
        refusal.hint = f"now it is {reference.repository}@{digest}: sign that if it is what you mean"
        raise
