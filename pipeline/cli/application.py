"""The group of all commands; a command's module is imported only when that command runs."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

from pipeline import __version__

COMMANDS = {
    "init": "Write a commented gitless.yaml from what is found in a folder.",
    "run": "Run the whole chain, or a part of it, from gitless.yaml.",
    "image": "Build an application's image and push it by digest.",
    "build": "Render folders, kustomizations and Helm charts into canonical YAML.",
    "validate": "Hold manifests against schemas, policies and our own rules.",
    "matrix": "List the targets that a change touches, as jobs for a CI.",
    "images": "Lock images to digests, and keep their tags up to date by policies.",
    "package": "Pack a folder as an OCI artifact and push it.",
    "sign": "Sign an artifact's digest, with a key or without.",
    "attest": "State something about an artifact, signed, beside it: provenance, SBOM, plan.",
    "diff": "Show what would change between two sides, field by field.",
    "plan": "Show what would change and how far that reaches, and keep it as a plan.",
    "graph": "Draw what is in an artifact or cluster and how it hangs together.",
    "apply": "Apply an artifact or exactly a plan to a cluster, prune, and record the inventory.",
    "history": "Show what a cluster was given and when, by its deploy records.",
    "verify": "Prove that what runs is what was signed, and healthy.",
    "inspect": "Show an artifact, and what is signed and attested about it.",
    "trust": "Explain what a trust policy makes of an artifact, and prove that it is enforced.",
    "pull": "Verify and unpack an artifact into a folder.",
    "list": "List an artifact repository's tags.",
    "tag": "Point tags at a digest.",
    "copy": "Copy an artifact with its signatures and other referrers.",
    "login": "Log in to a registry, by password, helper or the CI's identity.",
    "logout": "Forget the login to a registry.",
    "promote": "Make a verified artifact the next environment's, by digest.",
    "rollback": "Move a tag back to what was good before, and lock it there.",
    "prune-registry": "Delete what no policy keeps from repositories, after showing it.",
    "install": "Install or upgrade the puller in a cluster.",
    "uninstall": "Take the puller away; what it applied goes on running.",
    "bootstrap": "Install, and let the cluster reconcile itself from an artifact.",
    "check": "Check whether cluster and puller are fit.",
    "create": "Create sources, Kustomizations and their Secrets.",
    "get": "Show OCIRepositories and Kustomizations and how they are.",
    "reconcile": "Have an OCIRepository or a Kustomization reconciled now, and wait for it.",
    "suspend": "Stop the reconciliation of OCIRepositories or Kustomizations.",
    "resume": "Let a suspended reconciliation go on.",
    "wait": "Wait until one very digest is applied and healthy in the cluster.",
    "tree": "Show what a Kustomization applied, as a tree.",
    "trace": "Tell who applies an object, and from which source and revision.",
    "events": "Show the Kubernetes Events about sources and Kustomizations.",
    "logs": "Show what the puller or Flux's controllers log.",
    "export": "Print sources or Kustomizations as manifests.",
    "delete": "Delete a source or a Kustomization.",
    "keys": "Make and show signing keys.",
    "schema": "Print the JSON Schema of gitless.yaml.",
    "puller": "Serve OCIRepositories and Kustomizations in a cluster.",
    "version": "Show this version, what it runs with, and whether there is a newer one.",
    "completion": "Print a shell completion script.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-liners, and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of the chain."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import ``pipeline.cli.<name>`` and take its ``command``."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"pipeline.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one, name the nearest."""
        near = get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near and not args[0].startswith("-"):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gitless", message="%(prog)s %(version)s")
def application() -> None:
    """Build, package, sign, diff, apply and verify Kubernetes manifests as OCI artifacts.

    \b
    gitless init                            # write a gitless.yaml for this folder
    gitless run --target staging            # the whole chain
    gitless COMMAND --help                  # each stage by itself

    \b
    Exit codes: 0 ok, 1 bug, 2 usage or configuration, 3 changes pending (--exit-code), 4 trust refused,
    5 registry, 6 cluster, 7 not healthy or verification failed, 8 render or tool failed,
    9 guard, policy or stale plan refused.
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
