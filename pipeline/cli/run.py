"""``gitless run``."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from pipeline.cli import completing, presence
from pipeline.cli.guard_options import guard_options
from pipeline.cli.images_lock_options import Changing, images_lock_options
from pipeline.cli.options import cluster_options, option, registry_options
from pipeline.cli.override_options import override_options
from pipeline.cli.passwords import key_password
from pipeline.cli.plan_options import PlanOptions, plan_options
from pipeline.cli.record_options import recording_options
from pipeline.cli.report_context import carried_out
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import given_trust, warn_unverified, with_roots
from pipeline.errors import ConfigurationError, PipelineError, UsageError
from pipeline.model.applying.live_plan import obstacle_error
from pipeline.model.chain_stages import STAGES
from pipeline.model.outcome import Result
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import VerifyResult
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.guards import GuardSettings
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.settings.values import Settings, TargetSettings
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.carrying_out import Order
    from pipeline.chain import ChainOptions
    from pipeline.model.settings.overrides import Overrides

_STAGES = click.Choice(STAGES)


@click.command()
@option("-f", "--file", type=click.Path(dir_okay=False, path_type=Path), default="gitless.yaml", show_default=True,
        help="The settings file.")  # fmt: skip
@option("--target", shell_complete=completing.targets,
        help="Which of the file's targets; may be left out where there is only one.")  # fmt: skip
@option("--from", "first", type=_STAGES, default=STAGES[0], show_default=True,
        help="First stage; image is only there where the file has images to build.")  # fmt: skip
@option("--to", "last", type=_STAGES, default="verify", show_default=True, help="Last stage.")
@override_options
@images_lock_options
@guard_options
@plan_options
@recording_options
@given_trust
@registry_options
@cluster_options
@talking("text", "json", "markdown", "html", reports=True)
def command(
    *, file: Path, target: str | None, first: str, last: str, terminal: Terminal, recording: RecordingOptions,
    planning: PlanOptions, pinning: Changing,
    trust: TrustOptions | UnsafeSkipVerification, registry_options: RegistryOptions, cluster_options: ClusterOptions,
    overrides: Overrides, guards: GuardSettings,
) -> None:  # fmt: skip
    """Run the whole chain, or a part of it, from gitless.yaml.

    The artifact is pushed by digest, signed and attested, and all of that is verified before any tag moves. An option
    wins over a GITLESS_… variable, that over the file.

    \b
    gitless run --target staging
    gitless run --target staging --to diff                         # publish, and see what applying would change
    gitless run --target production --to attest --results-dir out  # one CI job publishes ...
    gitless run --target production --from diff --results-dir out  # ... another one applies
    gitless run --target production --from apply --results-dir out --plan plan.json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.chain import ChainOptions
    from pipeline.config import load_settings
    from pipeline.image_pinning import PinningOptions
    from pipeline.model.settings.overrides import check_names, choose_target

    if STAGES.index(first) > STAGES.index(last):
        raise UsageError(f"--from {first} --to {last}: {first} comes after {last}", hint=f"stages: {', '.join(STAGES)}")
    settings = load_settings(file)
    policy = trust if isinstance(trust, UnsafeSkipVerification) else _policy(trust, settings)
    warn_unverified(policy, terminal)
    given = replace(overrides, signing=with_roots(overrides.signing, trust), guards=guards)
    chosen = given.of_target(choose_target(settings, target))
    order = _order(planning, policy, (settings.file, chosen.name), first, last)
    chosen = replace(chosen, deploy_record=recording.over(chosen.deploy_record))
    settings = given.of_settings(settings.for_target(chosen))
    check_names(settings, chosen)
    options = ChainOptions(
        settings=settings,
        target=chosen,
        registry=_registry(registry_options, settings),
        cluster=_cluster(cluster_options, chosen),
        trust=policy,
        first=first,
        last=last,
        order=order,
        pinning=pinning(PinningOptions.of(settings.images)),
        results=Path(terminal.results_dir) if terminal.results_dir else None,
        read_password=key_password(settings.signing.password_file if settings.signing else None),
        read_record_password=key_password(_record_signing(chosen, settings).password_file),
    )
    _run(options, terminal)


def _run(options: ChainOptions, terminal: Terminal) -> None:
    """Run the stages and show what becomes of each, and of them all."""
    from pipeline import wiring
    from pipeline.chain import Chain

    names = (options.settings.name, options.target.name)
    terminal = replace(terminal, label=terminal.label or ", ".join(filter(None, names)))
    telling = _Telling(terminal, *names)
    try:
        outcome = Chain(options, os.environ, terminal.reporter, wiring.clock()).run(telling.stage, presence.fold)
    except PipelineError as error:
        telling.report_so_far(terminal, error)
        raise
    presence.unfold()
    terminal.print_result(outcome, carried_out(outcome, terminal))
    telling.require_verified()


def _order(
    planning: PlanOptions, policy: TrustPolicy | UnsafeSkipVerification, target: tuple[str, str], first: str, last: str
) -> Order | None:
    """The plan that apply is to carry out; who may approve one is nothing to the other stages.

    ``target`` is the settings file and the target's name in it.
    """
    if STAGES.index(first) <= STAGES.index("apply") <= STAGES.index(last):
        from pipeline import wiring

        return planning.order(policy, wiring.demanded_approvers(*target, os.environ))
    if planning.file is not None:
        raise UsageError(f"--plan {planning.file} is for apply, which --from {first} --to {last} leaves out")
    return None


def _record_signing(target: TargetSettings, settings: Settings) -> SigningOptions:
    """Who signs deploy records: whom they name, or else whoever signs artifacts.

    Raises:
        UsageError: nobody does, though records are asked for.
    """
    recording = target.deploy_record
    signing = recording.signing or settings.signing or SigningOptions()
    if recording and not signing:
        raise UsageError(
            f"nobody is named to sign the deploy records of {recording.cluster}",
            hint="give --record-signing-key or --record-keyless, or deployRecord.signing in the settings",
        )
    return signing


class _Telling:
    """What becomes of each stage's result: shown as it comes, kept, and judged."""

    def __init__(self, terminal: Terminal, name: str, target: str) -> None:
        # One comment and one set of reports for the whole run.
        self._terminal = replace(terminal, comment=False, reports=())
        self._verdict: VerifyResult | None = None
        self._so_far = RunResult(name=name, target=target, digest_url="", stages=())
        self._since = time.monotonic()
        presence.remember(terminal, lambda: self._so_far)

    def stage(self, stage: str, result: Result) -> None:
        """Show or keep the result; findings, or a diff that applying would be refused for, end the run here.

        Raises:
            PipelineError: what stands in the way.
        """
        is_text = self._terminal.output == "text"
        now = time.monotonic()
        done = StageRun(stage=stage, result=result, seconds=now - self._since)
        self._so_far = replace(self._so_far, stages=(*self._so_far.stages, done))
        self._since = now
        if is_text:
            click.secho(f"── {stage} ──", bold=self._terminal.color, color=self._terminal.color)
            self._terminal.print_result(result)
        else:
            self._terminal.keep_result(result)
        if isinstance(result, DiffResult) and result.obstacles:
            # As JSON the report only comes at the end of a whole run: the error itself has to name what is in the way.
            raise result.refusal() if is_text else obstacle_error(result.obstacles)
        if isinstance(result, ValidateResult) and not result.is_passed:
            raise result.refusal(names_findings=not is_text)
        if isinstance(result, VerifyResult):
            self._verdict = result

    def report_so_far(self, terminal: Terminal, failure: PipelineError) -> None:
        """Write reports about what was done before the run failed; that they cannot be is worth a warning."""
        try:
            terminal.write_reports(replace(self._so_far, failure=failure))
        except ConfigurationError as error:
            terminal.reporter.warn(error.message)
        else:
            presence.reported(terminal)

    def require_verified(self) -> None:
        """End with the verdict of verify, if it ran.

        Raises:
            VerificationError: something did not pass.
        """
        from pipeline.stages.verify import require_verified

        if self._verdict is not None:
            require_verified(self._verdict)


def _policy(options: TrustOptions, settings: Settings) -> TrustPolicy:
    """The file's policy, unless another is named; the options' keys and identities instead of its own."""
    from pipeline import wiring

    return wiring.trust_policy(replace(options, policy_file=options.policy_file or settings.file), os.environ)


def _registry(options: RegistryOptions, settings: Settings) -> RegistryOptions:
    """What the command line does not say about registries, the file says."""
    kept = settings.registry
    if bool(kept.cert_file) != bool(kept.key_file):
        raise ConfigurationError(f"{settings.file}: 'registry.certFile' and 'registry.keyFile' go together")
    is_default = click.get_current_context().get_parameter_source("registry_timeout") is ParameterSource.DEFAULT
    return replace(
        options,
        ca_file=options.ca_file or kept.ca_file or None,
        cert_file=options.cert_file or kept.cert_file or None,
        key_file=options.key_file or kept.key_file or None,
        plain_http=options.plain_http or kept.plain_http,
        timeout=kept.timeout if is_default else options.timeout,
    )


def _cluster(options: ClusterOptions, target: TargetSettings) -> ClusterOptions:
    """What the command line does not say about the cluster, the target says."""
    return ClusterOptions(
        options.kubeconfig or target.kubeconfig or None,
        options.context or target.context or None,
        options.namespace or target.namespace or None,
    )
