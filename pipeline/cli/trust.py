"""``gitless trust``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.options import registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_check import check
from pipeline.cli.trust_options import required_trust_options, warn_unverified
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.policy import TrustPolicy


@click.group()
def command() -> None:
    """See what a trust policy makes of an artifact, and that it is enforced.

    \b
    gitless trust explain oci://ghcr.io/acme/shop:1.0 --trust-policy gitless.yaml
    gitless trust check
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


command.add_command(check)


@command.command()
@click.argument("reference", shell_complete=completing.artifacts)
@required_trust_options
@registry_options
@talking()
def explain(*, reference: str, trust: TrustPolicy, registry_options: RegistryOptions, terminal: Terminal) -> None:
    """Show a decision as a tree: every rule, what was found, and what would satisfy it.

    Exits with 0 where the artifact is trusted, and with 4 where it is not.

    \b
    gitless trust explain oci://ghcr.io/acme/shop:1.0 --trust-policy gitless.yaml
    gitless trust explain oci://ghcr.io/acme/shop:1.0 --key cosign.pub -o json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.explain_trust import explain_trust
    from pipeline.stages.trust import check_policy, require_passed

    warn_unverified(trust, terminal)
    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    result = explain_trust(parsed, registry, wiring.trust_ports(os.environ, terminal.reporter), trust)
    terminal.print_result(result)
    check_policy(trust)
    require_passed(result.verdict, trust)
