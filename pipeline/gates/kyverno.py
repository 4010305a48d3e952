"""The Kyverno gate: the real ``kyverno apply``, without a cluster and without a network."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.gates.external import MAX_MESSAGE, required_tool
from pipeline.gates.kyverno_runs import KyvernoRun
from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Body, Manifests, Resource
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Severity
from pipeline.model.validation.kyverno import (
    GROUPS,
    Actions,
    LeftOut,
    Result,
    offline,
    policies_of,
    problem_of,
)
from pipeline.model.validation.secret_values import SecretValues
from pipeline.ports import Environment

GATE = "kyverno"


class KyvernoGate:
    """Holds manifests against Kyverno's policies.

    Args:
        policies: policies and exceptions, with whatever else is in their files.
        environment: where ``kyverno`` is found.
    """

    name = GATE

    def __init__(self, policies: Sequence[Resource], environment: Environment) -> None:
        self._policies, self._exceptions = policies_of(policies)
        self._environment = environment

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:  # noqa: ARG002 - the port's signature
        """Hold every object against every policy; Kyverno knows nothing of what was there before.

        Raises:
            ConfigurationError: there is no kyverno, there are no policies, or one is none.
            ToolError: kyverno failed.
        """
        program = required_tool(GATE, self._environment)
        if not self._policies:
            groups = " and ".join(sorted(GROUPS))
            raise ConfigurationError("no Kyverno policy was given", hint=f"expected objects of {groups}")
        for policy in self._policies:
            if problem := problem_of(policy):
                raise ConfigurationError(f"{policy}: {problem}")
        used, left_out = self._usable()
        results: list[Result] = []
        skipped: Mapping[str, str] = {}
        if used and len(manifests):
            with tempfile.TemporaryDirectory(prefix="gitless-kyverno-") as folder:
                run_ = KyvernoRun(program, self._environment, Path(folder))
                results, skipped = run_.apply(used, [each.body for each in self._exceptions], manifests)
        return self._checked(manifests, results, left_out, skipped)

    def _usable(self) -> tuple[list[Body], list[LeftOut]]:
        used: list[Body] = []
        left_out: list[LeftOut] = []
        for policy in self._policies:
            body, without = offline(policy)
            left_out += without
            if body is not None:
                used.append(body)
        return used, left_out

    def _checked(
        self, manifests: Manifests, results: Sequence[Result], left_out: Sequence[LeftOut], skipped: Mapping[str, str]
    ) -> Checked:
        secrets = SecretValues(manifests)
        origins = {policy.id.name: policy.origin for policy in self._policies}
        not_evaluated = [
            NotEvaluated(gate=GATE, rule=each.rule, reason=each.reason, origin=each.policy.origin) for each in left_out
        ]
        for name, reason in skipped.items():
            shown = printable(reason, MAX_MESSAGE)
            not_evaluated.append(NotEvaluated(gate=GATE, rule=name, reason=shown, origin=origins.get(name)))
        findings, failed = _sorted_out(manifests, results, Actions(self._policies), secrets)
        return Checked(
            gate=GATE,
            objects=len(manifests),
            findings=tuple(sorted(dict.fromkeys(findings), key=_order)),
            not_evaluated=(*not_evaluated, *failed),
            subject=f"{len(self._policies)} {'policy' if len(self._policies) == 1 else 'policies'}",
        )


def _sorted_out(
    manifests: Manifests, results: Sequence[Result], actions: Actions, secrets: SecretValues
) -> tuple[list[Finding], list[NotEvaluated]]:
    objects = {_key(resource): resource for resource in manifests}
    findings: list[Finding] = []
    failed: list[NotEvaluated] = []
    skips: Counter[tuple[str, str]] = Counter()
    for result in results:
        version, kind, namespace, name = result.object_key
        # Kyverno puts objects without a namespace into "default", cluster-wide ones as well.
        resource = objects.get(result.object_key) or objects.get((version, kind, "" if namespace else namespace, name))
        message = printable(secrets.hidden(result.message), MAX_MESSAGE)
        if result.outcome in ("fail", "warn"):
            severity = Severity.WARNING if result.outcome == "warn" else actions.severity(result)
            findings.append(_finding(result, severity, message, resource))
        elif result.outcome == "skip":
            skips[result.rule_id, message] += 1
        elif result.outcome != "pass":
            identity, origin = (resource.id, resource.origin) if resource else (None, None)
            reason = message or f"kyverno says {result.outcome}"
            failed.append(
                NotEvaluated(gate=GATE, rule=result.rule_id, reason=reason, object_id=identity, origin=origin)
            )
    for (rule, reason), number in skips.items():
        told = f"kyverno skipped it for {number} {'object' if number == 1 else 'objects'}: {reason}"
        failed.append(NotEvaluated(gate=GATE, rule=rule, reason=told))
    return findings, failed


def _finding(result: Result, severity: Severity, message: str, resource: Resource | None) -> Finding:
    return Finding(
        gate=GATE,
        rule=result.rule_id,
        severity=severity,
        message=message or f"the policy '{result.policy}' is not met",
        object_id=resource.id if resource else None,
        api_version=resource.api_version if resource else "",
        path=result.path,
        origin=resource.origin if resource else None,
    )


def _order(finding: Finding) -> tuple[str, str, str]:
    """Kyverno's own order is another one each time."""
    return str(finding.object_id or ""), finding.rule, finding.message


def _key(resource: Resource) -> tuple[str, str, str, str]:
    return resource.api_version, resource.id.kind, resource.id.namespace, resource.id.name
