"""``gitless verify``."""

from __future__ import annotations

import os

import click

from pipeline.cli.options import Terminal, registry_options, talking, trust_options, warn_unverified
from pipeline.errors import UsageError
from pipeline.model.connections import RegistryOptions
from pipeline.model.outcome import Result
from pipeline.model.reference import parse_reference
from pipeline.model.trust import TrustPolicy, UnsafeSkipVerification


@click.command()
@click.argument("reference", required=False)
@trust_options
@registry_options
@talking()
def command(
    *,
    reference: str | None,
    trust: TrustPolicy | UnsafeSkipVerification,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Prove that an artifact is what somebody you trust has signed.

    Its signatures are checked against the digest, and every manifest and blob against its own.

    \b
    gitless verify oci://ghcr.io/acme/shop:1.0 --key cosign.pub
    gitless verify oci://ghcr.io/acme/shop@sha256:0d9f… --key ours.pub --key theirs.pub -o json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    warn_unverified(trust, terminal)
    if reference is None:
        raise UsageError("name the artifact to verify, such as oci://ghcr.io/acme/shop:1.0")
    terminal.print_result(_artifact(reference, trust, registry_options, terminal))


def _artifact(
    reference: str,
    trust: TrustPolicy | UnsafeSkipVerification,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> Result:
    from pipeline import wiring
    from pipeline.stages.verify_artifact import verify_artifact

    if isinstance(trust, UnsafeSkipVerification):
        raise UsageError("--insecure-skip-verification leaves nothing to verify about an artifact; name a --key")
    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    return verify_artifact(parsed, registry, wiring.cosign_verifier(), trust)
