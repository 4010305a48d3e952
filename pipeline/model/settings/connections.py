"""How registries and clusters are reached."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """How registries are reached. ``password`` and tokens never leave this value except into the transport.

    Attributes:
        identity_token: to be traded for access tokens, instead of a user and a password.
        access_token: to be sent as it is.
        proxy: the URL of the one proxy to use, whatever the environment says; may hold a password.
        verify_tls: whether the registry's certificate is checked; only who asked for it by name may do without.
        allow_plain_http: HTTPS, or plain HTTP where the registry speaks nothing else.
        provider: whose identity to log in with: ``auto``, ``generic`` (none) or one of ``PROVIDERS``.
        patient: whether trouble that may pass is waited out; who comes back by himself is told at once instead.
    """

    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    plain_http: bool = False
    timeout: float = 30.0
    identity_token: str | None = None
    access_token: str | None = None
    proxy: str | None = None
    verify_tls: bool = True
    allow_plain_http: bool = False
    patient: bool = True
    provider: str = "generic"

    def without_login(self) -> RegistryOptions:
        """The same for a registry that this login is not for."""
        return replace(self, username=None, password=None, identity_token=None, access_token=None)

    def __repr__(self) -> str:
        return f"RegistryOptions(username={self.username!r}, password=***)"


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Which cluster, and the namespace for the inventory and for objects that name none."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    timeout: float = 30.0
