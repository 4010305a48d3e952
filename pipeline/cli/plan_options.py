"""Applying a saved plan: which one, and who must have approved it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from pipeline.cli.options import Decorated, option, with_options
from pipeline.cli.trust_options import KeyName
from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import Identity, TrustPolicy, UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.carrying_out import Order
    from pipeline.model.planning.saved_plan import SavedPlan

_DECIDED = ("inventory", "prune", "force_conflicts", "recreate", "take_ownership", "allow_rollback")
"""What the plan decides, so that the command line cannot."""
_GUARDS = ("max_prune", "protect", "override")
_OPTIONS = (
    option("--plan", "plan_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
           help="Do exactly what this plan says (gitless plan --save), or nothing where anything differs now."),
    option("--require-approval", is_flag=True,
           help="Apply the plan only where somebody of those named below has attested it."),
    option("--approved-by", multiple=True, type=KeyName(dir_okay=False), metavar="KEY",
           help="Public key (PEM, or a URI) of who may approve a plan; repeatable, any one is enough."),
    option("--approved-by-identity", metavar="SUBJECT", help="Who may approve without a key; needs an issuer."),
    option("--approved-by-issuer", metavar="URL", help="Issuer of that identity."),
    option("--approval-policy", type=click.Path(dir_okay=False), metavar="FILE",
           help="Trust policy whose keys and identities may approve, or a gitless.yaml with its approval."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The plan to apply, if any, and who may approve it."""

    file: Path | None
    is_approval_required: bool
    approvers: TrustOptions

    def _read(self, demanded: TrustPolicy | None) -> SavedPlan | None:
        """The plan, if one was named.

        Raises:
            UsageError: there is no such file, or something was said that only makes sense with a plan.
            ConfigurationError: it is no plan that can be read.
            RefusedError: it was changed after it was made.
        """
        if self.file is None:
            if demanded is not None:
                raise UsageError(
                    f"{demanded.source} demands an approved plan, and none is named",
                    hint="publish, plan that (gitless plan live REFERENCE --save FILE), have it attested by who may"
                    " approve, and name it: --plan FILE",
                )
            if self.is_approval_required:
                raise UsageError("only a plan can be approved", hint="name it: --plan FILE")
            return None
        if not self.file.name:
            raise UsageError("--plan is empty", hint="is a variable unset?")
        from pipeline.model.planning.saved_plan import MAX_PLAN_BYTES, read_plan

        _refuse_decided()
        try:
            with self.file.open("rb") as opened:
                content = opened.read(MAX_PLAN_BYTES + 1)
        except OSError as error:
            raise UsageError(f"--plan {self.file}: {error.strerror or error}") from None
        return read_plan(content, str(self.file))

    def order(self, trust: TrustPolicy | UnsafeSkipVerification, demanded: TrustPolicy | None = None) -> Order | None:
        """The plan with those who may approve it, if one was named.

        ``demanded`` are those whom the settings name; the options' own take their place, and the demand stays.

        Raises:
            PipelineError: the plan cannot be read or is for reading only, or nobody is named who may approve it.
        """
        plan = self._read(demanded)
        if plan is None:
            return None
        from pipeline.carrying_out import Order

        plan.require_appliable()
        return Order(plan=plan, approvers=self._approvers(trust, demanded))

    def _approvers(
        self, trust: TrustPolicy | UnsafeSkipVerification, demanded: TrustPolicy | None
    ) -> TrustPolicy | None:
        """Who may approve; ``None`` where nobody has to. Roots and logs are those of the trust policy.

        Raises:
            ConfigurationError: nobody is named, or a file cannot be read.
        """
        if not self.is_approval_required and demanded is None:
            return None
        policy = demanded
        if policy is None or not self.approvers.is_empty:
            from pipeline import wiring

            policy = wiring.approvers(self.approvers, os.environ)
        if not policy.signers:
            raise ConfigurationError(
                f"{policy.source or '--require-approval'}: nobody is named who may approve",
                hint="give --approved-by KEY, --approved-by-identity with --approved-by-issuer, or an"
                " --approval-policy with keys or identities",
            )
        if not isinstance(trust, TrustPolicy):
            return TrustPolicy(policy.keys, policy.identities, trusted_root=policy.trusted_root, source=policy.source)
        return TrustPolicy(
            policy.keys,
            policy.identities,
            trusted_root=policy.trusted_root or trust.trusted_root,
            requires_log=policy.requires_log and trust.requires_log,
            source=policy.source,
        )


def plan_options(command: Decorated) -> Callable[..., Any]:
    """``--plan`` and who approves; the command receives ``planning: PlanOptions``."""

    def wrapped(
        *,
        plan_file: Path | None,
        require_approval: bool,
        approved_by: tuple[str, ...],
        approved_by_identity: str | None,
        approved_by_issuer: str | None,
        approval_policy: str | None,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        if (approved_by_identity is None) != (approved_by_issuer is None):
            raise click.UsageError("--approved-by-identity and --approved-by-issuer go together")
        given = (approved_by_identity, approved_by_issuer, approval_policy)
        if any(value == "" for value in given):
            raise UsageError("an option that says who approves is empty", hint="is a variable unset?")
        identities = (
            (Identity(subject=approved_by_identity, issuer=approved_by_issuer),)
            if approved_by_identity and approved_by_issuer
            else ()
        )
        approvers = TrustOptions(keys=approved_by, identities=identities, policy_file=approval_policy or "")
        planning = PlanOptions(
            file=plan_file,
            is_approval_required=require_approval or not approvers.is_empty,
            approvers=approvers,
        )
        return command(planning=planning, **arguments)

    return with_options(_OPTIONS, wrapped, command)


def _refuse_decided() -> None:
    context = click.get_current_context()
    given = [name for name in (*_DECIDED, *_GUARDS, "namespace", "what") if _is_given(context, name)]
    if given:
        named = ", ".join("REFERENCE" if name == "what" else f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(
            f"--plan and {named} contradict each other: the plan says what is applied, and how",
            hint="plan again with these options",
        )


def _is_given(context: click.Context, name: str) -> bool:
    return context.params.get(name) is not None and context.get_parameter_source(name) is ParameterSource.COMMANDLINE
