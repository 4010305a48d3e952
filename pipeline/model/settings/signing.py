"""How something is signed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningOptions:
    """By a key, or without one (``keyless``): never both, and neither where nothing is to be signed.

    Attributes:
        key: the private key's file, or a key management service's URI.
        keyless: whether a certificate is asked for with an identity token, instead of using a key.
        identity_token_file: where the token is; otherwise the environment is asked.
        trusted_root: file with the authorities and logs that our own signature is checked with.
        signing_config: file that names the services to ask for certificates, log entries and time stamps.
        tuf_url: a TUF repository that serves both instead; with neither it is Sigstore's public deployment.
        tuf_root: file with the ``root.json`` that the first contact with ``tuf_url`` is checked with.
        offline: take trusted root and signing configuration from the cache; signing itself needs the services.
        format: of signatures, as in :class:`~pipeline.model.trust.evidence.SignatureFormat`; attestations are bundles.
        password_file: file with the key's password; otherwise the environment or the terminal is asked.
    """

    key: str | None = None
    keyless: bool = False
    identity_token_file: str | None = None
    trusted_root: str | None = None
    signing_config: str | None = None
    tuf_url: str | None = None
    tuf_root: str | None = None
    offline: bool = False
    format: str = "bundle"
    password_file: str | None = None

    def __bool__(self) -> bool:
        return self.keyless or self.key is not None
