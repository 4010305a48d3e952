"""The Kyverno gate: the real ``kyverno apply``, without a cluster and without a network.

Kyverno's command says nothing of policies that it cannot compile, and then of no other one either. So a policy and an
object of ours go along: only a report that has them is believed.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.command import run
from pipeline.errors import ConfigurationError, ToolError
from pipeline.gates.external import MAX_MESSAGE, PATIENCE, bounded, required_tool
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
    read_results,
    skipped_policies,
)
from pipeline.model.validation.secret_values import SecretValues
from pipeline.ports import Environment

GATE = "kyverno"
_CANARY = "gitless-canary"
_CANARY_OBJECT: Body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _CANARY, "namespace": "default"}}
_CANARY_KEY = ("v1", "ConfigMap", "default", _CANARY)
_CANARY_POLICY: Body = {
    "apiVersion": "kyverno.io/v1",
    "kind": "ClusterPolicy",
    "metadata": {"name": _CANARY},
    "spec": {
        "rules": [
            {
                "name": _CANARY,
                "match": {"any": [{"resources": {"kinds": ["ConfigMap"], "names": [_CANARY]}}]},
                "validate": {"message": "it has a name", "pattern": {"metadata": {"name": "?*"}}},
            }
        ]
    },
}
_OPTIONS = ("--policy-report", "--output-format", "json", "--continue-on-fail", "--remove-color")
_REPORT = re.compile(r'\{"kind":"(?:Cluster)?(?:Policy)?Report",')
_DONE = (0, 1)
"""1 says that something failed, which the report says better."""
_MAX_SEARCHED = 50


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
                run_ = _Run(program, self._environment, Path(folder))
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


class _Run:
    """Runs kyverno with files in a private folder, where it also looks for its own settings."""

    def __init__(self, program: Path, environment: Environment, folder: Path) -> None:
        self._program = program
        self._environment = {**environment, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self._folder = folder

    def apply(
        self, policies: Sequence[Body], exceptions: Sequence[Body], manifests: Manifests
    ) -> tuple[list[Result], dict[str, str]]:
        """All results but our own, and which policies it passed over.

        Raises:
            ConfigurationError: a policy cannot be compiled.
            ToolError: kyverno failed.
        """
        objects = self._write("objects.yaml", [*(resource.body for resource in manifests), _CANARY_OBJECT])
        options = ["--exceptions", self._write("exceptions.yaml", exceptions)] if exceptions else []
        results, said = self._report([*policies, _CANARY_POLICY], objects, options)
        if results is None:
            self._complain(policies)
        theirs = [
            each
            for each in results or ()
            if each.policy != _CANARY and each.object_key != _CANARY_KEY and not each.is_foreign
        ]
        return theirs, skipped_policies(said)

    def _complain(self, policies: Sequence[Body]) -> None:
        """Find out which policy keeps kyverno from telling anything."""
        objects = self._write("objects.yaml", [_CANARY_OBJECT])
        for policy in policies[:_MAX_SEARCHED]:
            if self._report([_everywhere(policy), _CANARY_POLICY], objects, [])[0] is None:
                name = policy["metadata"]["name"]
                raise ConfigurationError(
                    f"kyverno cannot use {policy['kind']} {name}",
                    hint="'kyverno apply POLICY --resource FILE -v 4' says why, an expression perhaps",
                )
        raise ToolError("kyverno wrote no report", hint="'kyverno apply ... -v 4' says why", code="tool.failed")

    def _report(
        self, policies: Sequence[Body], objects: str, options: Sequence[str]
    ) -> tuple[list[Result] | None, str]:
        """The results, or ``None`` where ours is not among them; and what else was said."""
        files = self._write("policies.yaml", policies)
        argv: list[str | Path] = [
            self._program,
            "apply",
            files,
            "--resource",
            objects,
            *_OPTIONS,
            "--output",
            self._mutated(),
            *options,
        ]
        output = run(argv, environment=self._environment, cwd=self._folder, timeout=PATIENCE, accepting=_DONE)
        text = bounded(output.stdout, GATE)
        reports, said = _reports(text)
        try:
            results = [result for report in reports for result in read_results(report)]
        except (AttributeError, TypeError):
            raise ToolError("kyverno's report cannot be read", code="tool.failed") from None
        return (results if any(each.policy == _CANARY for each in results) else None), said

    def _mutated(self) -> str:
        """Where objects go that policies change, which would stand in the middle of the report otherwise."""
        path = self._folder / "mutated.yaml"
        path.touch(mode=0o600)
        return str(path)

    def _write(self, name: str, bodies: Sequence[Body]) -> str:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_text("\n---\n".join(json.dumps(body) for body in bodies) + "\n")
        return str(path)


def _reports(text: str) -> tuple[list[dict[str, Any]], str]:
    """The reports in what kyverno wrote, and the rest of it.

    There is one for all policies of the cluster and one for each of a namespace, not always on a line of its own.
    """
    found: list[dict[str, Any]] = []
    rest = ""
    end = 0
    for start in _REPORT.finditer(text):
        if start.start() >= end:
            rest += text[end : start.start()]
            try:
                report, end = json.JSONDecoder().raw_decode(text, start.start())
            except ValueError:
                raise ToolError("kyverno's report cannot be read; expected JSON", code="tool.failed") from None
            found.append(report)
    return found, rest + text[end:]


def _everywhere(policy: Body) -> Body:
    """The policy about ConfigMaps too, so that kyverno has to compile it for ours."""
    spec = policy.get("spec") or {}
    if "matchConstraints" not in spec:
        return policy
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    return {**policy, "spec": {**spec, "matchConstraints": {"resourceRules": [rule]}}}
