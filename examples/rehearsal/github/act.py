"""Running one workflow by act in host mode: no container, a home of its own, nothing that is not on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.platform.binaries import binary

_RUNNERS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04")
_SECONDS = 1200.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that ran, of an action as well; ``ids`` lead to it from the job's own step."""

    job: str
    ids: tuple[str, ...]
    name: str
    result: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """One workflow's run: what act said, line by line, and how it ended."""

    workflow: str
    event: str
    code: int
    log: Path
    lines: tuple[Mapping[str, Any], ...] = field(repr=False)

    @property
    def jobs(self) -> dict[str, str]:
        """The result of each job that ran, ``success`` or ``failure``."""
        ended = (line for line in self.lines if "jobResult" in line)
        return {_job(line): str(line["jobResult"]) for line in ended}

    @property
    def is_successful(self) -> bool:
        """Whether every job that ran succeeded, and any did."""
        return self.code == 0 and bool(self.jobs) and set(self.jobs.values()) == {"success"}

    @property
    def steps(self) -> tuple[Step, ...]:
        """What ended, in that order; an action comes after its own steps."""
        return tuple(self._steps())

    @property
    def text(self) -> str:
        """What the steps printed."""
        return "".join(str(line["msg"]) for line in self.lines if line.get("raw_output"))

    def commands(self, name: str) -> list[Mapping[str, Any]]:
        """What the runner was told by a command or a file of that name, such as ``set-output`` or ``error``."""
        return [line for line in self.lines if line.get("command") == name]

    def outputs(self, *ids: str) -> dict[str, str]:
        """The outputs of one step, which is found by the steps' ids that lead to it."""
        told = (line for line in self.commands("set-output") if tuple(line.get("stepID", ())) == ids)
        return {str(line["name"]): str(line["arg"]) for line in told}

    def _steps(self) -> Iterator[Step]:
        for line in self.lines:
            if line.get("stage") == "Main" and "stepResult" in line:
                name = str(line["msg"]).partition("Main ")[2].rpartition(" [")[0].strip().partition("\n")[0]
                yield Step(job=_job(line), ids=tuple(line["stepID"]), name=name, result=str(line["stepResult"]))


@dataclass(frozen=True, kw_only=True)
class Act:
    """act with everything that it keeps below one folder; ``path`` is what jobs find their programs on."""

    folder: Path
    path: Sequence[Path]
    environment: Mapping[str, str]
    """Variables of every job."""
    repositories: Mapping[str, Path]
    """Folders by ``OWNER/NAME@REF``, in the place of repositories of actions."""

    @property
    def cache(self) -> Path:
        """Where act keeps the jobs' folders and ``$RUNNER_TOOL_CACHE``."""
        return self.folder / "act"

    def run(
        self,
        checkout: Path,
        workflow: str,
        event: str,
        payload: Mapping[str, Any],
        *,
        secrets: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        name: str = "",
    ) -> Run:
        """Run ``.github/workflows/WORKFLOW`` of a checkout for an event; ``name`` is its log's."""
        home = self.folder / "home"
        for folder in (home, self.cache, self.folder / "logs", self.folder / "events"):
            folder.mkdir(parents=True, exist_ok=True)
        stem = name or workflow.rpartition(".")[0]
        log = self.folder / "logs" / f"{stem}.jsonl"
        files = {"event": self.folder / "events" / f"{stem}.json", "secrets": self.folder / f"{stem}-secrets.yml"}
        files["event"].write_text(json.dumps(payload))
        # JSON is YAML, which act reads where the file is named so: values of several lines survive.
        files["secrets"].touch(mode=0o600)
        files["secrets"].write_text(json.dumps(dict(secrets)))
        command = self._command(checkout, workflow, event, files, {**self.environment, **(variables or {})})
        log.touch(mode=0o600)
        try:
            with log.open("wb") as output:
                code = subprocess.run(
                    command, cwd=checkout, env=self._process_environment(home), stdin=subprocess.DEVNULL,
                    stdout=output, stderr=subprocess.STDOUT, timeout=_SECONDS, check=False,
                ).returncode  # fmt: skip
        finally:
            files["secrets"].unlink()
            _shield(log)
        return Run(workflow=workflow, event=event, code=code, log=log, lines=tuple(_lines(log)))

    def _command(
        self, checkout: Path, workflow: str, event: str, files: Mapping[str, Path], variables: Mapping[str, str]
    ) -> list[str]:
        command = [
            str(binary("act")), event, "--json", "--directory", str(checkout),
            "--workflows", f".github/workflows/{workflow}", "--eventpath", str(files["event"]),
            "--secret-file", str(files["secrets"]), "--actor", "octocat", "--defaultbranch", "main",
            "--action-cache-path", str(self.cache), "--action-offline-mode", "--pull=false", "--no-cache-server",
            "--cache-server-addr", "127.0.0.1", "--artifact-server-addr", "127.0.0.1", "--concurrent-jobs", "2",
        ]  # fmt: skip
        for runner in _RUNNERS:
            command += ["--platform", f"{runner}=-self-hosted"]
        for repository, folder in self.repositories.items():
            command += ["--local-repository", f"{repository}={folder}"]
        for variable, value in variables.items():
            command += ["--env", f"{variable}={value}"]
        return command

    def _process_environment(self, home: Path) -> dict[str, str]:
        """Jobs in host mode inherit all of it: nothing of the user's own."""
        path = os.pathsep.join([*map(str, self.path), "/usr/local/bin", "/usr/bin", "/bin"])
        return {
            "HOME": str(home),
            "PATH": path,
            "LANG": "C.UTF-8",
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_CONFIG_HOME": str(home / ".config"),
            # No engine is looked for.
            "DOCKER_HOST": "unix:///nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
        }


def _shield(log: Path) -> None:
    """Take what is to be masked out of the log: act repeats it there, where it is told to mask it."""
    texts = log.read_text(errors="replace").splitlines()
    log.write_text("".join(f"{_masked(text)}\n" for text in texts))


def _masked(text: str) -> str:
    try:
        line = json.loads(text)
    except ValueError:
        return text
    if not isinstance(line, dict) or line.get("command") != "add-mask":
        return text
    return json.dumps({**line, "arg": "***", "raw": "::add-mask::***"})


def _lines(log: Path) -> Iterator[Mapping[str, Any]]:
    for text in log.read_text(errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            line = {"level": "info", "msg": text}
        if isinstance(line, dict):
            yield line


def _job(line: Mapping[str, Any]) -> str:
    """The job's name; act puts the workflow's before it."""
    return str(line.get("job", "")).partition("/")[2].strip()
