"""``gitless inspect``."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import required_trust_options, warn_unverified
from pipeline.errors import ArtifactNotFoundError, TrustError, UsageError
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.policy import TrustPolicy

if TYPE_CHECKING:
    from pipeline.model.outcome.inspect import InspectResult


@click.command()
@argument("reference", envvar="reference", shell_complete=completing.artifacts)
@option("--attestation", metavar="TYPE",
        help="Print that predicate alone, as JSON; a URI, or such as provenance, cyclonedx, spdx, vuln.")  # fmt: skip
@option("--sbom", is_flag=True, help="Print the bill of materials alone, as JSON.")
@required_trust_options
@registry_options
@talking()
def command(
    *, reference: str, attestation: str | None, sbom: bool, trust: TrustPolicy,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Show an artifact, what is in it, and all signatures, attestations and other referrers beside it.

    Nothing needs to be trusted for that: what was not verified, for want of a --key or because it is by others, is
    shown as what it says. Where signers are named, --attestation and --sbom print only what is by them.

    \b
    gitless inspect oci://ghcr.io/acme/shop:1.0
    gitless inspect oci://ghcr.io/acme/shop:1.0 --key cosign.pub -o json
    gitless inspect oci://ghcr.io/acme/shop:1.0 --key cosign.pub --attestation provenance | jq .runDetails
    gitless inspect oci://ghcr.io/acme/shop:1.0 --sbom > sbom.json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.inspect import inspect

    warn_unverified(trust, terminal)
    if attestation is not None and sbom:
        raise UsageError("--attestation and --sbom each print one document; ask for one of them")
    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    result = inspect(
        parsed, registry, wiring.trust_ports(os.environ, terminal.reporter), trust, wiring.read_certificate
    )
    wanted = "sbom" if sbom else attestation
    if wanted is None:
        terminal.print_result(result)
        return
    terminal.keep_result(result)
    click.echo(_predicate(result, wanted, terminal))


def _predicate(result: InspectResult, wanted: str, terminal: Terminal) -> str:
    found = result.attested(wanted)
    if not found:
        there = ", ".join(dict.fromkeys(ascii(item.name)[1:-1][:120] for item in result.attestations)) or "none"
        raise ArtifactNotFoundError(
            f"{result.artifact} has no attestation of type {ascii(wanted)[:120]} that can be read; there are: {there}"
        )
    first = found[0]
    if result.is_trusted is not None and not first.accepted:
        raise TrustError(
            f"the attestation of type {ascii(first.predicate_type)[:120]} in {first.found_in} is not accepted: "
            f"{first.reason}",
            hint="name who made it, or name nobody to see it unverified",
        )
    if not first.accepted:
        terminal.reporter.warn("nobody was named to verify it with (--key): this is what somebody says")
    accepted = [item for item in found if item.accepted == first.accepted]
    if len(accepted) > 1:
        terminal.reporter.warn(f"there are {len(accepted)} of that type; one is printed (-o json has all)")
    return json.dumps(first.predicate, indent=2, ensure_ascii=False)
