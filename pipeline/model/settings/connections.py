"""How registries and clusters are reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """How registries are reached. ``password`` never leaves this value except into the transport."""

    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    plain_http: bool = False
    timeout: float = 30.0

    def __repr__(self) -> str:
        return f"RegistryOptions(username={self.username!r}, password=***)"


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Which cluster, and the namespace for the inventory and for objects that name none."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    timeout: float = 30.0
