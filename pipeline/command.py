"""External programs: with ``threaded_command`` the only place that starts any.

Arguments are passed as a list, never through a shell. The streams go to unnamed temporary files, so that no amount of
output can block either side and a grandchild that keeps a stream open cannot make us wait. Each program leads a
session of its own, which is killed as a whole when the time is up or gitless is interrupted.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from threading import Timer
from typing import IO, TYPE_CHECKING, Self

from pipeline.errors import ToolError
from pipeline.ports import Environment

if TYPE_CHECKING:
    import sh

TIMEOUT = 300.0
_MAX_ERROR_CHARACTERS = 2000
_MAX_ERROR_LINES = 12

_PURPOSES = {
    "kustomize": ("renders kustomizations", "https://kubectl.docs.kubernetes.io/installation/kustomize/"),
    "kubectl": ("renders kustomizations where there is no kustomize", "https://kubernetes.io/docs/tasks/tools/"),
    "helm": ("renders Helm charts", "https://helm.sh/docs/intro/install/"),
    "sops": ("decrypts files", "https://github.com/getsops/sops/releases"),
    "kyverno": ("holds manifests against Kyverno's policies", "https://kyverno.io/docs/kyverno-cli/install/"),
    "opa": ("holds manifests against policies in Rego", "https://www.openpolicyagent.org/docs/#running-opa"),
    "notation": ("verifies Notary Project signatures", "https://github.com/notaryproject/notation/releases"),
    "dot": ("lays out pictures of graphs", "https://graphviz.org/download/"),
    "git": ("tells which revision is checked out", "https://git-scm.com/downloads"),
}

PROGRAMS = tuple(_PURPOSES)
"""Every program that gitless may call."""

# What programs need to find their files, the network and the user's language; tokens and passwords that gitless was
# given in its environment are none of their business.
_PASSED = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "SSL_CERT_FILE", "SSL_CERT_DIR",
     "SSH_AUTH_SOCK", "SSH_AGENT_PID", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "GOMAXPROCS",
     "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "HELM_REGISTRY_CONFIG",
     "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_TERMINAL_PROMPT", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL")
)  # fmt: skip
_PASSED_PREFIXES = ("LC_", "XDG_")

# Programs in Go print whole objects into their messages, Secrets among them.
_GO_VALUES = re.compile(r"map\[.*[\]}]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Output:
    """What a program that ended well has written."""

    stdout: bytes
    stderr: str
    """Warnings and the like, without blank lines at either end."""


def find_tool(name: str, environment: Environment) -> Path:
    """The program of that name: ``$GITLESS_<NAME>`` where it is set, else the first on PATH.

    Raises:
        ToolError: there is none; the message says what it is for and where to get it.
    """
    variable = f"GITLESS_{name.upper().replace('-', '_')}"
    chosen = environment.get(variable)
    if chosen:
        found = shutil.which(chosen, path=environment.get("PATH", os.defpath))
        if found is None:
            raise ToolError(
                f"{variable} is '{chosen}', which is no program that can be run",
                hint=f"correct {variable}, or unset it to use {name} from PATH",
                code="tool.missing",
            )
        return Path(found).absolute()
    found = shutil.which(name, path=environment.get("PATH", os.defpath))
    if found is None:
        purpose, address = _PURPOSES.get(name, ("is needed here", ""))
        where = f" ({address})" if address else ""
        raise ToolError(
            f"{name} is not installed; it {purpose}",
            hint=f"install it{where}, or set {variable} to its path",
            code="tool.missing",
        )
    return Path(found).absolute()


def run(
    argv: Sequence[str | PurePath],
    *,
    environment: Environment,
    cwd: PurePath | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
    passing: tuple[str, ...] = (),
    accepting: tuple[int, ...] = (0,),
) -> Output:
    """Run a program to its end; ``timeout`` in seconds.

    ``passing`` are beginnings of variables that this program needs beside those that every one is given; ``accepting``
    are the exit codes with which it has done its work.

    Raises:
        ToolError: it cannot be started, ended with another exit code, or ran out of time.
    """
    with start(argv, environment=environment, cwd=cwd, stdin=stdin, timeout=timeout, passing=passing) as running:
        return running.finish(accepting)


def start(
    argv: Sequence[str | PurePath],
    *,
    environment: Environment,
    cwd: PurePath | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
    passing: tuple[str, ...] = (),
) -> Running:
    """Start a program and leave it running while the caller does something else; to be used in a ``with``.

    Raises:
        ToolError: it cannot be started.
    """
    import sh

    program, *arguments = map(str, argv)
    name = Path(program).name
    if cwd is not None and not Path(cwd).is_dir():
        raise ToolError(f"{name} cannot be started in {cwd}, which is no folder")
    streams = _Streams.holding(stdin)
    try:
        process = sh.Command(program)(
            *arguments,
            _bg=True,
            _bg_exc=False,
            _new_session=True,
            _in=streams.stdin,
            _out=streams.stdout,
            _err=streams.stderr,
            _env=child_environment(environment, passing),
            _cwd=None if cwd is None else str(cwd),
            _encoding="utf-8",
        )
    except (sh.CommandNotFound, sh.ForkException, OSError, ValueError) as error:
        streams.close()
        reason = str(error).strip().splitlines()[-1:] or ["unknown reason"]
        raise ToolError(f"{program} cannot be started: {reason[0]}") from None
    return Running(name, process, streams, timeout)


class Running:
    """A program that was started; leaving the ``with`` kills whatever of it still runs."""

    def __init__(self, name: str, process: sh.RunningCommand, streams: _Streams, timeout: float) -> None:
        self._name = name
        self._process = process
        self._streams = streams
        self._timeout = timeout
        self._timed_out = False
        self._ended = False
        # sh's own timeouts look at the clock ten times a second, which would cost every run 50 ms on average.
        self._timer = Timer(timeout, self._time_is_up)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        if not self._ended:
            self._kill()
            self._wait()
        # No thread of ours may be alive when the next program is started by a fork.
        self._timer.join()
        self._streams.close()

    def finish(self, accepting: tuple[int, ...] = (0,)) -> Output:
        """Wait for the end.

        Raises:
            ToolError: the exit code is none of these, or the time is up.
        """
        exit_code = self._wait()
        self._timer.cancel()
        stderr = self._streams.errors()
        if self._timed_out or exit_code not in accepting:
            timeout = self._timeout if self._timed_out else None
            raise failure(self._name, stderr, exit_code=exit_code, timeout=timeout)
        return Output(self._streams.output(), stderr)

    def _wait(self) -> int:
        import sh

        try:
            self._process.wait()
        except sh.ErrorReturnCode as error:
            self._ended = True
            return int(error.exit_code)
        self._ended = True
        return 0

    def _time_is_up(self) -> None:
        self._timed_out = True
        self._kill()

    def _kill(self) -> None:
        try:
            # It leads its group, whose id stays valid for as long as any member lives.
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


@dataclass(frozen=True, slots=True)
class _Streams:
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    @classmethod
    def holding(cls, stdin: bytes) -> _Streams:
        streams = cls(*(tempfile.TemporaryFile(prefix="gitless-") for _ in range(3)))  # noqa: SIM115 - see close
        streams.stdin.write(stdin)
        streams.stdin.seek(0)
        return streams

    def output(self) -> bytes:
        self.stdout.seek(0)
        return self.stdout.read()

    def errors(self) -> str:
        """The end of what was said on stderr."""
        size = self.stderr.seek(0, os.SEEK_END)
        self.stderr.seek(max(0, size - 65536))
        return self.stderr.read().decode(errors="replace").strip()

    def close(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()


def child_environment(environment: Mapping[str, str], passing: tuple[str, ...] = ()) -> dict[str, str]:
    """What of our environment a program is given."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _PASSED or name.upper().startswith(_PASSED_PREFIXES + passing)
    }


def failure(name: str, stderr: str, *, exit_code: int, timeout: float | None = None) -> ToolError:
    """The error for a program that ended badly, or was stopped after ``timeout`` seconds, with its last words."""
    words = _last_words(stderr)
    if timeout is not None:
        said = f": {words}" if words else ""
        return ToolError(f"{name} did not end within {timeout:g} s and was stopped{said}", code="tool.timeout")
    return ToolError(f"{name} failed ({_how(exit_code)}): {words or 'it said nothing'}", code="tool.failed")


def _last_words(stderr: str) -> str:
    """The program's own error message: from its last line that begins with ``Error``, or else its last line."""
    lines = stderr.splitlines()
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].lower().startswith(("error", "fatal")):
            text = "\n".join(lines[index : index + _MAX_ERROR_LINES]).strip()
            break
    else:
        text = lines[-1].strip() if lines else ""
    text = _GO_VALUES.sub("map[...]", text)
    text = text.partition(": ")[2] if text.lower().startswith(("error: ", "fatal: ")) else text
    return text if len(text) <= _MAX_ERROR_CHARACTERS else text[:_MAX_ERROR_CHARACTERS] + " ..."


def _how(exit_code: int) -> str:
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
