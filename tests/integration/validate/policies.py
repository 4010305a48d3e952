"""Policies in a real API server, and what it says when objects are sent to it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.platform.binaries import binary

_WARNING = re.compile(r"^Warning: (Validation failed for .*)$", re.MULTILINE)
_PATIENCE = 30.0


class PolicyServer:
    """Speaks to the API server as kubectl's users do."""

    def __init__(self, kubeconfig: Path, namespace: str = "") -> None:
        self._program = [str(binary("kubectl")), "--kubeconfig", str(kubeconfig)]
        if namespace:
            self._program += ["--namespace", namespace]
        self.namespace = namespace

    def create(self, *bodies: dict[str, Any]) -> None:
        """Create them for good; an error says what the server said."""
        done = self._run(["create", "-f", "-"], bodies)
        assert done.returncode == 0, done.stderr

    def delete(self, *bodies: dict[str, Any]) -> None:
        """Delete them."""
        self._run(["delete", "--ignore-not-found", "--wait=false", "-f", "-"], bodies)

    def refusal_of_definition(self, body: dict[str, Any]) -> str:
        """Why the server would not have this policy or definition; empty: it would."""
        done = self._run(["create", "--dry-run=server", "-f", "-"], [body])
        return done.stderr if done.returncode else ""

    def held(self, body: dict[str, Any]) -> dict[str, Any]:
        """The object as the server would keep it."""
        done = self._run(["create", "--dry-run=server", "--output=json", "-f", "-"], [body])
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def create_answer(self, body: dict[str, Any]) -> tuple[list[str], str]:
        """Warnings and the refusal, if it was one, of a creation that is only tried."""
        return _answer(self._run(["create", "--dry-run=server", "-f", "-"], [body]))

    def update_answer(self, body: dict[str, Any]) -> tuple[list[str], str]:
        """The same of an update of what is there."""
        return _answer(self._run(["replace", "--dry-run=server", "-f", "-"], [body]))

    def delete_answer(self, body: dict[str, Any]) -> tuple[list[str], str]:
        """The same of a deletion of what is there."""
        return _answer(self._run(["delete", "--dry-run=server", "-f", "-"], [body]))

    def wait_until_heeded(self, body: dict[str, Any], sign: str) -> None:
        """Policies count a moment after they were created: wait until creating this object shows the sign."""
        until = time.monotonic() + _PATIENCE
        while True:
            warnings, refusal = self.create_answer(body)
            if any(sign in text for text in (*warnings, refusal)):
                return
            assert time.monotonic() < until, f"no {sign} in {warnings} {refusal}"
            time.sleep(0.3)

    def wait_until_served(self, body: dict[str, Any]) -> None:
        """Kinds are served a moment after their definition was created: wait until this object would be taken."""
        until = time.monotonic() + _PATIENCE
        while refusal := self.create_answer(body)[1]:
            assert time.monotonic() < until, refusal
            time.sleep(0.3)

    def _run(self, arguments: Sequence[str], bodies: Sequence[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
        text = "\n---\n".join(map(json.dumps, bodies))
        return subprocess.run([*self._program, *arguments], input=text, capture_output=True, text=True, check=False)


def _answer(done: subprocess.CompletedProcess[str]) -> tuple[list[str], str]:
    return _WARNING.findall(done.stderr), done.stderr if done.returncode else ""


def policy(name: str, **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a policy
    """A policy over Deployments, unless it says otherwise."""
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["deployments"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, **spec},
    }


def binding(name: str, namespace: str, *, actions: Sequence[str] = ("Deny",), **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    """A binding of the policy of the same name, for that namespace alone."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": list(actions),
            "matchResources": {"namespaceSelector": selector},
            **spec,
        },
    }


def placed(body: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The object in that namespace."""
    return {**body, "metadata": {**body["metadata"], "namespace": namespace}}
