"""``gitless plan``."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.comparing import Asked, comparing, end, live_result
from pipeline.cli.options import cluster_options, option, registry_options
from pipeline.cli.record_options import warn_unverified_records
from pipeline.cli.report_context import changing, deployed_history
from pipeline.cli.sides import read_side, read_sides
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options_if_any, warn_unverified
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import is_reference
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.recording import RecordReading
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests

if TYPE_CHECKING:
    from pipeline.stages.fetch import Part
    from pipeline.stages.succession import StatedRollback

_Trust = TrustPolicy | UnsafeSkipVerification | None


@click.command()
@comparing
@option("--allow-rollback", is_flag=True, help="As apply would: an artifact signed before the recorded one.")
@option("--save", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="Keep the plan, to be read, attested, or applied exactly: gitless apply --plan FILE.")  # fmt: skip
@trust_options_if_any
@registry_options
@cluster_options
@talking("text", "json", "markdown", "html", reports=True)
def command(
    *, asked: Asked, allow_rollback: bool, save: Path | None, trust: _Trust, registry_options: RegistryOptions,
    cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Show what has to change for FROM to become TO, how far that reaches, and keep it.

    The sides are those of diff. Beside each change the plan tells which workloads restart, which Services lose
    endpoints, and what data goes with what is deleted. Saved and leading from live to an artifact it can be applied
    exactly; for that it holds who signed the artifact, which the trust options say.

    \b
    gitless plan live oci://ghcr.io/acme/shop:1.1 -n shop --key cosign.pub --save plan.json
    gitless apply --plan plan.json --key cosign.pub
    gitless plan oci://ghcr.io/acme/shop:1.0 deploy/ --report plan.html
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    warn_unverified(trust, terminal)
    if save is not None and not save.name:
        raise UsageError("--save is empty", hint="is a variable unset?")
    sources = _Sources(trust, asked.records, registry_options, terminal)
    if asked.is_live:
        asked.inventory_name()
        if save is not None and trust is None and is_reference(asked.wanted):
            raise UsageError(
                "--save keeps who must have signed the artifact, and nobody is named",
                hint="name the signer as for apply: --key cosign.pub, --certificate-identity, --trust-policy FILE; or"
                " say --insecure-skip-verification",
            )
        result, old, new = _against_live(asked, sources, cluster_options, allow_rollback=allow_rollback)
    else:
        result, old, new = _between(asked, sources)
    if save is not None:
        result = _saved(result, save, terminal)
    history = deployed_history(asked, registry_options, terminal)
    terminal.print_result(result, changing(result.diff.plan, old, new, terminal, history))
    end(result.diff, fail_on=asked.fail_on)


class _Sources:
    """Reads sides; what is to be applied is verified where somebody was named."""

    def __init__(self, trust: _Trust, records: RecordReading, options: RegistryOptions, terminal: Terminal) -> None:
        self.terminal = terminal
        self._trust = trust
        self._records = records
        self._options = options

    def read(self, name: str, other: str = "", part: Part | None = None) -> tuple[Manifests, Side]:
        """A side that is only looked at; deploy records are beside the other one where nothing else is said."""
        return read_side(name, self._options, self.terminal, self._records, other=other, part=part)

    def read_verified(self, name: str, other: str = "", part: Part | None = None) -> tuple[Manifests, Side]:
        """The same, verified where somebody is trusted."""
        manifests, side, _ = self.read_wanted(name, other, part)
        return manifests, side

    def read_wanted(
        self, name: str, other: str = "", part: Part | None = None
    ) -> tuple[Manifests, Side, TrustedManifests | None]:
        """The side that is to be applied, and the same as it may be applied, where that is known."""
        if self._trust is None or not is_reference(name):
            return *self.read(name, other, part), None
        from pipeline import wiring

        found = wiring.trusted_manifests(
            name, self._trust, self._options, os.environ, self.terminal.reporter, part=part
        )
        side = Side(name=name, artifact=found.reference, source=found.source, revision=found.revision)
        return found.manifests, side, found

    def stated(self, trusted: TrustedManifests | None) -> StatedRollback | None:
        """Finds signed statements that one goes back to it, where anybody's word counts."""
        if trusted is None or self._trust is None:
            return None
        from pipeline import wiring
        from pipeline.carrying_out import stated_rollback

        environment, reporter = os.environ, self.terminal.reporter
        open_registry = partial(wiring.registry, options=self._options, environment=environment, reporter=reporter)
        return stated_rollback(trusted, self._trust, open_registry, environment, reporter)


def _against_live(
    asked: Asked, sources: _Sources, cluster_options: ClusterOptions, *, allow_rollback: bool
) -> tuple[PlanResult, Manifests, Manifests]:
    from pipeline.stages.plan import plan_live

    manifests, side, trusted = sources.read_wanted(asked.wanted)
    cluster, options = asked.against(cluster_options, sources.terminal, allow_rollback=allow_rollback)
    is_stated = sources.stated(trusted)
    planned = plan_live(manifests, cluster, options, trusted=trusted, is_full=asked.is_full, is_stated=is_stated)
    diff = live_result(planned.live, side, cluster, is_full=asked.is_full)
    return PlanResult(diff=diff, radius=planned.radius, basis=planned.basis), manifests, manifests


def _between(asked: Asked, sources: _Sources) -> tuple[PlanResult, Manifests, Manifests]:
    from pipeline.stages.diff import diff
    from pipeline.stages.plan import reach_of

    warn_unverified_records(asked.records, sources.terminal)
    (old, old_side), (new, new_side) = read_sides(asked.before, asked.after, sources.read, sources.read_verified)
    plan = diff(old, new, is_full=asked.is_full)
    notes = (*old_side.notes, *new_side.notes)
    result = DiffResult(before=old_side, after=new_side, plan=plan, notes=notes, is_full=asked.is_full)
    return PlanResult(diff=result, radius=reach_of(plan, old, new)), old, new


def _saved(result: PlanResult, file: Path, terminal: Terminal) -> PlanResult:
    from pipeline.model.attestation.given import MAX_PREDICATE_BYTES
    from pipeline.model.planning.saved_plan import plan_document
    from pipeline.whole_files import write_whole

    document = plan_document(result)
    content = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    write_whole(file, content)
    if len(content) > MAX_PREDICATE_BYTES:
        terminal.reporter.warn(
            f"{file} has {len(content)} bytes: it can be applied, but is too large to be attested and so to be approved"
        )
    return replace(result, file=str(file), digest=str(document["digest"]))
