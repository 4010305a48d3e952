"""A container engine on a socket of its own: the real dockerd, without a bridge and without touching any other one.

dockerd needs root. A container's steps have the machine's network only where they ask for it.
"""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .binaries import binary
from .errors import PlatformError
from .processes import ProcessGroup, Running

_SECONDS = 120.0
_POLITELY = 20.0
"""What it needs to end its containers and to unmount their file systems."""
_LONGEST_SOCKET = 100
"""Bytes; Linux takes 107 for the path of a socket."""


@dataclass(kw_only=True)
class Engine(Running):
    """A running dockerd; images are in ``data``, which may outlive it."""

    url: str
    data: Path
    logs: Path
    _processes: ProcessGroup = field(repr=False)

    @classmethod
    def start(cls, directory: Path, *, data: Path | None = None) -> Self:
        """Start it and return once it answers; without ``data`` it has no images."""
        program = binary("dockerd")
        if os.geteuid() != 0:
            raise PlatformError("dockerd needs root", hint="run the tests as root, as in a container of a CI")
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        data = (data or directory / "data").absolute()
        socket = directory / "docker.sock"
        if len(os.fsencode(socket)) > _LONGEST_SOCKET:
            raise PlatformError(f"{socket} is too long for a socket", hint="choose a folder nearer to the root")
        processes = ProcessGroup(directory)
        # Loopback is insecure to dockerd by default: registries of tests speak HTTP.
        command: list[str | Path] = [
            program,
            f"--data-root={data}",
            f"--exec-root={directory / 'exec'}",
            f"--pidfile={directory / 'pid'}",
            f"--host=unix://{socket}",
            "--iptables=false",
            "--ip-forward=false",
            "--bridge=none",
            "--log-level=warn",
        ]
        processes.start("dockerd", command)
        started = cls(url=f"unix://{socket}", data=data, logs=processes.logs, _processes=processes)
        try:
            processes.wait(started._answers, seconds=_SECONDS, what="dockerd")
        except BaseException:
            started.stop()
            raise
        return started

    def docker(
        self, *arguments: str | Path, input_file: Path | None = None, variables: dict[str, str] | None = None
    ) -> str:
        """What Docker's own command line prints; the one of the same package, whatever else is on PATH."""
        command = [str(self._command), "--host", self.url, *map(str, arguments)]
        environment = {**os.environ, **(variables or {})}
        with (input_file or Path(os.devnull)).open("rb") as stream:
            done = subprocess.run(command, stdin=stream, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PlatformError(f"docker {' '.join(map(str, arguments))} failed:\n{done.stderr[-1500:]}")
        return done.stdout

    @property
    def _command(self) -> Path:
        beside = binary("dockerd").resolve().parent
        places = (beside / "docker", beside.parent / "bin" / "docker")
        return next(place for place in places if place.exists())

    def _answers(self) -> bool:
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            probe.settimeout(5)
            try:
                probe.connect(self.url.removeprefix("unix://"))
                probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in probe.recv(1024)
            except OSError:
                return False

    def stop(self) -> None:
        """Stop it with its containers."""
        with suppress(StopIteration):  # It has been stopped already.
            self._processes.end("dockerd", politely=_POLITELY)
        self._processes.stop()
        # It leaves the network namespace of steps that used the machine's, and whatever it was killed over.
        for place in reversed(_mounted_below(self.data, self.logs.parent)):
            subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)


def _mounted_below(*folders: Path) -> list[str]:
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return [place for place in places if any(Path(place).is_relative_to(folder) for folder in folders)]
