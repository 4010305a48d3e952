"""The OPA gate: the real ``opa eval``, all objects in one run, without a network."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.command import run
from pipeline.errors import ConfigurationError, ToolError
from pipeline.gates.external import MAX_MESSAGE, PATIENCE, bounded, required_tool
from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Manifests
from pipeline.model.validation.finding import Checked, Finding
from pipeline.model.validation.rego import Said, judging_packages, query, read_answers, review
from pipeline.model.validation.secret_values import SecretValues
from pipeline.ports import Environment

GATE = "opa"
_REGO = ".rego"
_TESTS = "_test.rego"
_MAX_FILE = 4 * 1024 * 1024
_FORBIDDEN = frozenset({"http.send", "net.lookup_ip_addr", "opa.runtime"})
_PARSE_ERROR = "rego_parse_error"
_DONE = (0, 1, 2)
"""Errors are told on standard output, as JSON."""


class OpaGate:
    """Holds manifests against policies in Rego.

    Args:
        policies: files and folders with Rego, and with JSON or YAML for ``data``.
        environment: where ``opa`` is found.
    """

    name = GATE

    def __init__(self, policies: Sequence[Path], environment: Environment) -> None:
        self._policies = policies
        self._environment = environment

    def check(self, manifests: Manifests, previous: Manifests | None) -> Checked:  # noqa: ARG002 - the port's signature
        """Ask every package with rules named deny, violation or warn about every object.

        Raises:
            ConfigurationError: there is no opa, there are no such rules, or a policy cannot be compiled.
            ToolError: opa failed.
        """
        program = required_tool(GATE, self._environment)
        texts = [_text(file) for file in self._files()]
        packages = judging_packages(texts)
        if not packages:
            raise ConfigurationError(
                f"no policy in {', '.join(map(str, self._policies)) or 'no file'}",
                hint="expected packages in .rego files with rules named deny, violation or warn",
            )
        secrets = SecretValues(manifests)
        said = self._ask(program, packages, texts, manifests) if len(manifests) else []
        return Checked(
            gate=GATE,
            objects=len(manifests),
            findings=tuple(dict.fromkeys(_finding(each, manifests, secrets) for each in said)),
            subject=", ".join(packages),
        )

    def _files(self) -> Iterator[Path]:
        for path in self._policies:
            if not path.exists():
                raise ConfigurationError(f"{path} does not exist", hint="expected a file or a folder with Rego")
            found = sorted(path.rglob(f"*{_REGO}")) if path.is_dir() else [path]
            yield from (file for file in found if file.is_file() and not file.name.endswith(_TESTS))

    def _ask(self, program: Path, packages: Sequence[str], texts: Sequence[str], manifests: Manifests) -> list[Said]:
        bodies = [resource.body for resource in manifests]
        document = json.dumps({"objects": bodies, "reviews": [review(body) for body in bodies]}).encode()
        with tempfile.TemporaryDirectory(prefix="gitless-opa-") as folder:
            runner = _Run(program, self._environment, Path(folder), self._policies)
            return runner.ask(query(packages, texts), document, len(bodies))


class _Run:
    """Runs opa with nothing but its policies: no host to speak to, and none of our environment to read."""

    def __init__(self, program: Path, environment: Environment, folder: Path, policies: Sequence[Path]) -> None:
        self._program = program
        self._environment = {**environment, "HOME": str(folder)}
        self._capabilities = folder / "capabilities.json"
        self._policies = [option for path in policies for option in ("--data", str(path.absolute()))]

    def ask(self, asked: str, document: bytes, objects: int) -> list[Said]:
        """The query's answers.

        Raises:
            ConfigurationError: a policy cannot be compiled, or fails.
            ToolError: opa failed.
        """
        self._capabilities.write_text(json.dumps(self._allowed()))
        answer = self._evaluate(asked, document, ())
        if _PARSE_ERROR in _codes(answer):
            # Written for an opa before 1.0, as most policies for conftest and Gatekeeper are.
            older = self._evaluate(asked, document, ("--v0-compatible",))
            answer = answer if _PARSE_ERROR in _codes(older) else older
        if errors := answer.get("errors"):
            raise _failure(errors)
        try:
            return list(read_answers(answer["result"][0]["expressions"][0]["value"], objects))
        except (KeyError, IndexError, TypeError, AttributeError):
            raise ToolError("opa's answer cannot be read; expected a result", code="tool.failed") from None

    def _allowed(self) -> dict[str, Any]:
        output = run([self._program, "capabilities", "--current"], environment=self._environment)
        found: dict[str, Any] = json.loads(output.stdout)
        builtins = [each for each in found.get("builtins", ()) if each.get("name") not in _FORBIDDEN]
        return {**found, "builtins": builtins, "allow_net": []}

    def _evaluate(self, asked: str, document: bytes, options: Sequence[str]) -> dict[str, Any]:
        argv: list[str | Path] = [self._program, "eval", "--format", "json", "--stdin-input"]
        argv += ["--capabilities", self._capabilities, *self._policies, "--ignore", f"*{_TESTS}", *options, asked]
        output = run(argv, environment=self._environment, stdin=document, timeout=PATIENCE, accepting=_DONE)
        try:
            answer = json.loads(bounded(output.stdout, GATE))
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            shown = printable(output.stderr.strip().rpartition("\n")[2], MAX_MESSAGE)
            raise ToolError(f"opa failed: {shown or 'it said nothing'}", code="tool.failed")
        return answer


def _codes(answer: dict[str, Any]) -> set[str]:
    errors = answer.get("errors")
    return {str(error.get("code", "")) for error in errors} if isinstance(errors, list) else set()


def _failure(errors: Sequence[dict[str, Any]]) -> ConfigurationError:
    first = errors[0]
    place = first.get("location") or {}
    where = f"{place.get('file')}:{place.get('row')}: " if isinstance(place, dict) and place.get("file") else ""
    message = printable(str(first.get("message", "")), MAX_MESSAGE)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    hint = "policies may not use the network: http.send and net.lookup_ip_addr are not there"
    return ConfigurationError(f"{where}opa: {message}{more}", hint=hint if "undefined function" in message else None)


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()[: _MAX_FILE + 1]
        if len(content) > _MAX_FILE:
            raise ConfigurationError(f"{file} is larger than {_MAX_FILE} bytes")
        return content.decode()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is no text; expected Rego") from None


def _finding(said: Said, manifests: Manifests, secrets: SecretValues) -> Finding:
    resource = manifests.resources[said.index]
    return Finding(
        gate=GATE,
        rule=said.rule_id,
        severity=said.severity,
        message=printable(secrets.hidden(said.message), MAX_MESSAGE),
        object_id=resource.id,
        api_version=resource.api_version,
        path=printable(said.path, MAX_MESSAGE),
        origin=resource.origin,
    )
