"""Tell what happens: headings, each command as a user would type it, and its output as it comes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class DemoError(Exception):
    """A step did not go as the demo promises."""


@dataclass
class Narrator:
    """Runs commands in one folder with one environment, and says so."""

    folder: Path
    environment: Mapping[str, str]
    started: float = field(default_factory=time.monotonic)
    step: int = 0

    def heading(self, text: str) -> None:
        """Begin a step."""
        self.step += 1
        seconds = time.monotonic() - self.started
        self._write(f"\n{self._paint('1;36', f'{self.step}. {text}')} {self._paint('2', f'({seconds:.0f} s)')}\n")

    def say(self, text: str) -> None:
        """A remark."""
        self._write(f"{text}\n")

    def run(self, *command: str, expect: int = 0, quiet: bool = False, lines: int = 40) -> str:
        """Run a command, show it and its output (cut to ``lines``), and return its stdout.

        Raises:
            DemoError: it ended with another exit code than expected.
        """
        self.show(*command)
        done = self._done(command)
        if not quiet:
            self._show(done.stdout.splitlines() + done.stderr.splitlines(), lines)
        if done.returncode != expect:
            self._show(done.stderr.splitlines(), 60)
            raise DemoError(f"`{shlex.join(command)}` ended with {done.returncode}, expected {expect}")
        if expect:
            self.say(self._paint("2", f"  (exit code {done.returncode}, as it should be)"))
        return done.stdout

    def show(self, *command: str) -> None:
        """A command line, as a user would type it."""
        typed = " ".join(word if word in {"&", ">"} else shlex.quote(word) for word in command)
        self._write(self._paint("1", f"$ {typed}") + "\n")

    def ask(self, *command: str) -> str:
        """Run a command without a word, and return its stdout.

        Raises:
            DemoError: it failed.
        """
        done = self._done(command)
        if done.returncode:
            raise DemoError(f"`{shlex.join(command)}` ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _done(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _show(self, output: Sequence[str], lines: int) -> None:
        for line in output[:lines]:
            self._write(f"  {line}\n")
        if len(output) > lines:
            self._write(self._paint("2", f"  … {len(output) - lines} more lines\n"))

    def _paint(self, style: str, text: str) -> str:
        plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR")
        return text if plain else f"\x1b[{style}m{text}\x1b[0m"

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
