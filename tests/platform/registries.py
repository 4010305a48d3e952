"""Two registries on loopback: one with the referrers API, and Debian's without it.

Both answer ``.address`` (``127.0.0.1:PORT``) and stop with their context. Debian's
docker-registry 2.8 can ask for credentials (``auth="basic"`` or ``"token"``) and
serve TLS with a certificate of its own authority.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from .binaries import binary
from .certificates import Authority, KeyPair
from .ports import free_port, listens
from .processes import ProcessGroup, Running
from .tokens import ISSUER, SERVICE, TokenRequest, TokenServer

Auth = Literal["none", "basic", "token"]
_SECONDS = 120.0


@dataclass(kw_only=True)
class _Registry(Running):
    directory: Path
    address: str
    logs: Path
    _processes: ProcessGroup = field(repr=False)

    def check(self) -> None:
        """Raise when the registry has ended by itself."""
        self._processes.check()

    def stop(self) -> None:
        """Stop the registry; its files stay."""
        self._processes.stop()


@dataclass(kw_only=True)
class ReferrersRegistry(_Registry):
    """Answers the referrers API; no credentials, plain HTTP, manifests in memory."""

    @classmethod
    def start(cls, directory: Path, *, detached: bool = False) -> Self:
        """Start an empty registry and return once it listens."""
        program = binary("registry")
        directory = directory.absolute()
        port_file = directory / "port"
        port_file.unlink(missing_ok=True)
        processes = ProcessGroup(directory, detached=detached)
        blobs = f"--directory={directory / 'blobs'}"
        processes.start("registry", [program, blobs, f"--port-file={port_file}"])
        try:
            processes.wait(port_file.exists, seconds=_SECONDS, what="the referrers registry")
        except BaseException:
            processes.stop()
            raise
        address = f"127.0.0.1:{port_file.read_text().strip()}"
        return cls(directory=directory, address=address, logs=processes.logs, _processes=processes)


@dataclass(kw_only=True)
class DebianRegistry(_Registry):
    """docker-registry 2.8: no referrers API, deletion allowed."""

    username: str
    password: str = field(repr=False)
    ca_file: Path | None
    _tokens: TokenServer | None = field(default=None, repr=False)

    @classmethod
    def start(cls, directory: Path, *, auth: Auth = "none", tls: bool = False, detached: bool = False) -> Self:
        """Start an empty registry and return once it listens.

        ``auth="token"`` cannot be detached: its token server is a thread of this process.
        """
        if detached and auth == "token":
            raise ValueError("a registry with token authentication cannot be detached")
        program = binary("docker-registry")
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(directory / "data", ignore_errors=True)
        address = f"127.0.0.1:{free_port()}"
        configuration = _configuration(directory, address)
        username, password = ("", "") if auth == "none" else ("gitless", "throw-away")
        authority = served = None
        if tls:
            authority, served = _serve_tls(directory, configuration)
        tokens = None
        if auth == "basic":
            _ask_for_password(directory, configuration, username, password)
        elif auth == "token":
            tokens = _ask_for_token(directory, configuration, username, password, served)
        config = directory / "config.json"
        config.write_text(json.dumps(configuration, indent=2))
        processes = ProcessGroup(directory, detached=detached)
        started = cls(
            directory=directory,
            address=address,
            logs=processes.logs,
            username=username,
            password=password,
            ca_file=authority.certificate_file if authority else None,
            _processes=processes,
            _tokens=tokens,
        )
        started._serve(program, config)
        return started

    def _serve(self, program: Path, config: Path) -> None:
        try:
            self._processes.start("docker-registry", [program, "serve", config])
            self._processes.wait(lambda: listens(self.address), seconds=_SECONDS, what="Debian's registry")
        except BaseException:
            self.stop()
            raise

    @property
    def token_requests(self) -> list[TokenRequest]:
        """What the token server was asked for so far, in order."""
        return [] if self._tokens is None else list(self._tokens.requests)

    def accept(self, accepts: Callable[[str, str], bool]) -> None:
        """Have the token server decide by this rule who may do everything, instead of by the one user."""
        if self._tokens is None:
            raise ValueError("this registry asks for no tokens")
        self._tokens.accepts = accepts

    def stop(self) -> None:
        """Stop the registry and its token server."""
        super().stop()
        if self._tokens is not None:
            self._tokens.stop()


def _configuration(directory: Path, address: str) -> dict[str, object]:
    storage = {"filesystem": {"rootdirectory": str(directory / "data")}, "delete": {"enabled": True}}
    # JSON is YAML, which is what the registry reads.
    return {"version": 0.1, "log": {"level": "warn"}, "storage": storage, "http": {"addr": address}}


def _serve_tls(directory: Path, configuration: dict[str, object]) -> tuple[Authority, KeyPair]:
    authority = Authority.create(directory / "certificates", name="gitless-registry")
    served = authority.server("registry", ["localhost", "127.0.0.1"])
    http = configuration["http"]
    assert isinstance(http, dict)
    http["tls"] = {"certificate": str(served.certificate), "key": str(served.key)}
    return authority, served


def _ask_for_password(directory: Path, configuration: dict[str, object], username: str, password: str) -> None:
    import bcrypt  # The rest of the platform works without it.

    # The registry reads no other kind of hash. Four rounds: it checks it on every request.
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4, prefix=b"2a")).decode()
    path = directory / "htpasswd"
    path.write_text(f"{username}:{hashed}\n")
    configuration["auth"] = {"htpasswd": {"realm": "gitless test registry", "path": str(path)}}


def _ask_for_token(
    directory: Path, configuration: dict[str, object], username: str, password: str, served: KeyPair | None
) -> TokenServer:
    tokens = TokenServer.start(directory / "tokens", username=username, password=password, served=served)
    token = {"realm": tokens.url, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(tokens.bundle)}
    configuration["auth"] = {"token": token}
    return tokens
