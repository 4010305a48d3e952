"""Runs the real ``kyverno apply`` over objects, several of it side by side.

Kyverno's command says nothing of policies that it cannot compile, and then of no other one either. So a policy and an
object of ours go along: only a report that has them is believed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import Any

from pipeline.command import Running, start
from pipeline.errors import ConfigurationError, ToolError
from pipeline.gates.external import PATIENCE, bounded
from pipeline.model.manifests import Body, Manifests
from pipeline.model.validation.kyverno import Result, read_results, skipped_policies
from pipeline.ports import Environment

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
_MOST_AT_ONCE = 8
_SMALLEST_BATCH = 250
"""Objects for which another kyverno is worth its start."""
_NAMESPACE = ("v1", "Namespace")


class KyvernoRun:
    """Runs kyverno with files in a private folder, where it also looks for its own settings."""

    def __init__(self, program: Path, environment: Environment, folder: Path) -> None:
        self._program = program
        self._environment = {**environment, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self._folder = folder

    def apply(
        self, policies: Sequence[Body], exceptions: Sequence[Body], manifests: Manifests
    ) -> tuple[list[Result], dict[str, str]]:
        """All results but our own, and which policies it passed over.

        Kyverno looks at one object after the other, so several of it share many objects. Namespaces go to each, for
        the objects in them.

        Raises:
            ConfigurationError: a policy cannot be compiled.
            ToolError: kyverno failed.
        """
        options = ["--exceptions", self._write("exceptions.yaml", exceptions)] if exceptions else []
        files = self._write("policies.yaml", [*policies, _CANARY_POLICY])
        results: list[Result] = []
        skipped: dict[str, str] = {}
        with ExitStack() as stack:
            begun = [
                stack.enter_context(self._start(files, f"objects-{number}.yaml", batch, options))
                for number, batch in enumerate(_batches(manifests))
            ]
            for number, running in enumerate(begun):
                found, said = _answer(running)
                if found is None:
                    self._complain(policies)
                results += [each for each in found or () if _is_theirs(each) and not (number and _is_namespace(each))]
                skipped |= skipped_policies(said)
        return results, skipped

    def _complain(self, policies: Sequence[Body]) -> None:
        """Find out which policy keeps kyverno from telling anything."""
        for policy in policies[:_MAX_SEARCHED]:
            files = self._write("policy.yaml", [_everywhere(policy), _CANARY_POLICY])
            with self._start(files, "canary.yaml", [], []) as running:
                is_usable = _answer(running)[0] is not None
            if not is_usable:
                name = policy["metadata"]["name"]
                raise ConfigurationError(
                    f"kyverno cannot use {policy['kind']} {name}",
                    hint="'kyverno apply POLICY --resource FILE -v 4' says why, an expression perhaps",
                )
        raise ToolError("kyverno wrote no report", hint="'kyverno apply ... -v 4' says why", code="tool.failed")

    def _start(self, policies: str, name: str, bodies: Sequence[Body], options: Sequence[str]) -> Running:
        """Objects that policies change go to a file, for they would stand in the middle of the report otherwise."""
        objects = self._write(name, [*bodies, _CANARY_OBJECT])
        changed = self._write(f"changed-{name}", [])
        files = ("apply", policies, "--resource", objects, "--output", changed)
        argv: tuple[str | PurePath, ...] = (self._program, *files, *_OPTIONS, *options)
        return start(argv, environment=self._environment, cwd=self._folder, timeout=PATIENCE)

    def _write(self, name: str, bodies: Sequence[Body]) -> str:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_text("\n---\n".join(json.dumps(body) for body in bodies) + "\n")
        return str(path)


def _batches(manifests: Manifests) -> list[list[Body]]:
    """The objects in as many parts as there are processors for, none of them small."""
    number = max(1, min(os.cpu_count() or 1, _MOST_AT_ONCE, len(manifests) // _SMALLEST_BATCH))
    namespaces = [each.body for each in manifests if (each.api_version, each.id.kind) == _NAMESPACE]
    others = [each.body for each in manifests if (each.api_version, each.id.kind) != _NAMESPACE]
    return [[*namespaces, *others[first::number]] for first in range(number)]


def _answer(running: Running) -> tuple[list[Result] | None, str]:
    """The results, or ``None`` where ours is not among them; and what else was said."""
    text = bounded(running.finish(_DONE).stdout, "kyverno")
    reports, said = _reports(text)
    try:
        results = [result for report in reports for result in read_results(report)]
    except (AttributeError, TypeError):
        raise ToolError("kyverno's report cannot be read", code="tool.failed") from None
    return (results if any(each.policy == _CANARY for each in results) else None), said


def _is_theirs(result: Result) -> bool:
    return result.policy != _CANARY and result.object_key != _CANARY_KEY and not result.is_foreign


def _is_namespace(result: Result) -> bool:
    return result.object_key[:2] == _NAMESPACE


def _reports(text: str) -> tuple[list[dict[str, Any]], str]:
    """The reports in what kyverno wrote, and the rest of it.

    There is one for all policies of the cluster and one for each of a namespace, not always on a line of its own.
    """
    found: list[dict[str, Any]] = []
    rest = ""
    end = 0
    for found_at in _REPORT.finditer(text):
        if found_at.start() >= end:
            rest += text[end : found_at.start()]
            try:
                report, end = json.JSONDecoder().raw_decode(text, found_at.start())
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
