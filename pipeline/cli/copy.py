"""``gitless copy``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options_if_any, warn_unverified
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import check_tag, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification


@click.command()
@argument("source", envvar="from", metavar="FROM", shell_complete=completing.artifacts)
@argument("target", envvar="to", metavar="TO", shell_complete=completing.artifacts)
@option("-t", "--tag", "tags", multiple=True, help="Tag to set at the target besides TO's; repeatable.")
@trust_options_if_any
@registry_options
@talking(ci=True)
def command(
    *, source: str, target: str, tags: tuple[str, ...], trust: TrustPolicy | UnsafeSkipVerification | None,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Copy an artifact with its signatures and everything else that refers to it; digests stay what they are.

    FROM and TO are registries or layout folders. Where TO has no tag, FROM's is set. The registry options count for
    both sides. Where a policy is given, nothing is copied that it refuses.

    \b
    gitless copy oci://ghcr.io/acme/shop:1.0 oci://registry.internal/acme/shop
    gitless copy oci://ghcr.io/acme/shop:1.0 oci-layout:bundle    # into the air gap ...
    gitless copy oci-layout:bundle:1.0 oci://airgap.local/acme/shop --key cosign.pub    # ... and out of it
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.copy import copy
    from pipeline.stages.fetch import pin

    from_, to = parse_reference(source), parse_reference(target)
    if not (from_.tag or from_.digest):
        raise UsageError(f"{source} names no artifact", hint="say which: :TAG or @sha256:DIGEST")
    if to.digest is not None and to.digest != from_.digest:
        raise UsageError(f"{target} names a digest, but a copy has that of {source}", hint="give a tag, or none")
    own = to.tag or (from_.tag if to.digest is None else None)
    wanted = tuple(dict.fromkeys((*((own,) if own else ()), *tags)))
    for tag in wanted:
        check_tag(tag)
    source_registry = wiring.registry(from_.repository, registry_options, os.environ, terminal.reporter)
    target_registry = wiring.registry(to.repository, registry_options, os.environ, terminal.reporter)
    artifact = pin(from_, source_registry)
    warn_unverified(trust, terminal)
    result = copy(
        artifact,
        source_registry,
        target_registry,
        policy=trust,
        trust=wiring.trust_ports(os.environ, terminal.reporter),
        tags=wanted,
        reporter=terminal.reporter,
    )
    terminal.print_result(result)
