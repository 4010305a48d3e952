"""``gitless trust check``."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import Duration, cluster_and_namespace, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import required_given_trust, warn_unverified
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Repository, parse_reference
from pipeline.model.outcome.trust_check import DoorTrial
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry

if TYPE_CHECKING:
    from pipeline.stages.trust_check import Bait


@click.command()
@option("-f", "--file", type=click.Path(dir_okay=False, path_type=Path), default="gitless.yaml", show_default=True,
        help="Settings file whose policy counts where no option names another; run always has it.")  # fmt: skip
@option("--repository", help="Lay the artifacts out in this oci:// repository, by digest; otherwise in a folder.")
@option(
    "--source",
    metavar="NAME",
    help="Try the puller too, by a source that is verified as this OCIRepository is; needs --repository.",
)
@option("--timeout", type=Duration(), default="1m", show_default=True, metavar="DURATION",
        help="How long to wait for the puller's verdict.")  # fmt: skip
@required_given_trust
@registry_options
@cluster_and_namespace("Namespace of --source.", "flux-system")
@talking()
def check(
    *, file: Path, repository: str | None, source: str | None, timeout: float, trust: TrustOptions,
    registry_options: RegistryOptions, cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Prove that trust is enforced: try what nobody trusted has signed at every door.

    An artifact without a signature, and one signed by a key that was made for it, are offered to verify, pull, copy,
    apply and run with the policy that is configured, and with --source to the puller in the cluster. Nothing is
    applied, no tag is moved, and all is deleted again as far as the registry lets us. Ends with 7 where a door
    accepts.

    \b
    gitless trust check
    gitless trust check --trust-policy trust.yaml --repository oci://ghcr.io/acme/shop
    gitless trust check --repository oci://ghcr.io/acme/shop --source shop -n apps
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.outcome.trust_check import TrustCheckResult, require_enforced

    if source and not repository:
        raise UsageError("--source needs --repository: the puller cannot read this machine's folders")
    policies, policy = _policies(trust, file)
    warn_unverified(policy, terminal)
    at_the_puller = _puller(cluster_options, source, terminal, timeout) if source else None
    trials, left = _tried(repository, registry_options, policies, at_the_puller, terminal)
    result = TrustCheckResult(
        policy=policy.source if policy else "",
        trials=trials,
        left=left,
        notes=tuple(_notes(policy, trust, repository, file)),
    )
    terminal.print_result(result)
    require_enforced(result)


def _tried(
    repository: str | None,
    registry_options: RegistryOptions,
    policies: Mapping[str, TrustPolicy | None],
    at_the_puller: Callable[[Bait], DoorTrial] | None,
    terminal: Terminal,
) -> tuple[tuple[DoorTrial, ...], tuple[str, ...]]:
    """Every bait at every door, and the digests that the registry would not delete again."""
    from pipeline import wiring
    from pipeline.stages.trust_check import clear_away, lay_bait, local_doors, try_door

    trials: list[DoorTrial] = []
    left: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gitless-trust-check-") as folder:
        place = parse_reference(repository).repository if repository else Repository("", f"{folder}/artifacts")

        def open_registry() -> Registry:
            return wiring.registry(place, registry_options, os.environ, terminal.reporter)

        registry = open_registry()
        ports = wiring.trust_ports(os.environ, terminal.reporter)
        scrap = wiring.registry(Repository("", f"{folder}/copied"), registry_options, os.environ, terminal.reporter)
        doors = local_doors(open_registry, scrap, ports, policies, terminal.reporter)
        for signer in (None, wiring.stranger()):
            bait = lay_bait(secrets.token_hex(8), registry, signer, ports.verifier, terminal.reporter)
            try:
                trials += [try_door(name, door, bait) for name, door in doors.items()]
                if at_the_puller is not None:
                    trials.append(at_the_puller(bait))
            finally:
                gone = clear_away(bait, registry, lambda digest: wiring.delete_manifest(registry, digest))
                left += gone if repository else ()
    return tuple(trials), tuple(left)


def _policies(options: TrustOptions, file: Path) -> tuple[dict[str, TrustPolicy | None], TrustPolicy | None]:
    """Each command's policy, as the command itself would have it, and the one that is told of."""
    from pipeline import wiring

    has_file = file.is_file()
    policy: TrustPolicy | None = None
    if options != TrustOptions():
        policy = wiring.trust_policy(options, os.environ)
    elif has_file:
        policy = wiring.trust_policy(replace(options, policy_file=str(file)), os.environ)
    policies: dict[str, TrustPolicy | None] = dict.fromkeys(("verify", "pull", "copy", "apply"), policy)
    if has_file:
        policies["run"] = wiring.trust_policy(
            replace(options, policy_file=options.policy_file or str(file)), os.environ
        )
    return policies, policy


def _notes(policy: TrustPolicy | None, options: TrustOptions, repository: str | None, file: Path) -> Iterator[str]:
    if policy is None:
        yield "nobody is trusted by any option or file; verify and apply refuse everything then, pull and copy nothing"
    elif options == TrustOptions():
        yield f"only run takes its policy from {file} by itself; the others need --trust-policy or GITLESS_TRUST_POLICY"
    if policy is not None and policy.rules and not repository:
        yield "the policy has rules for repositories; --repository tries them in one of these"


def _puller(
    cluster_options: ClusterOptions, source: str, terminal: Terminal, timeout: float
) -> Callable[[Bait], DoorTrial]:
    """The puller's door, tried by a source of the same kind as the one that is named."""
    from pipeline import wiring
    from pipeline.model.flux.api import OCI_REPOSITORIES
    from pipeline.operations.finding import read_existing
    from pipeline.operations.probe_source import probe_body, probe_source

    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    like = read_existing(server, OCI_REPOSITORIES, cluster_options.namespace or "", source)

    def offer(bait: Bait) -> DoorTrial:
        body = probe_body(like, bait.artifact, f"gitless-trust-check-{secrets.token_hex(4)}")
        terminal.reporter.info(f"waiting for the puller's verdict about what is {bait.name}")
        return probe_source(body, bait.name, server, wiring.clock(), timeout=timeout)

    return offer
