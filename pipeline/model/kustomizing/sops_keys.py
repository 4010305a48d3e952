"""The keys of a decryption Secret, as ``sops`` takes them (kustomize-controller ``docs/spec/v1/kustomizations.md``)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ConfigurationError
from pipeline.model.documents.yaml_reading import read_documents

AWS, AZURE, GCP, VAULT = "sops.aws-kms", "sops.azure-kv", "sops.gcp-kms", "sops.vault-token"
_AZURE_CERTIFICATE = "azure-certificate"
# sops reads an old-style ring of private keys, which is nothing but their packets, by itself: gpg and the agent that
# it leaves behind are not needed.
_RING = "secring.gpg"
_SECRET_KEY_PACKET = 5


@dataclass(frozen=True, slots=True)
class SopsKeys:
    """Keys, none of which shows in a representation.

    Attributes:
        names: the entries of the Secret that were understood, for messages.
        variables: for sops's environment; ``{home}`` stands for the private folder.
        files: what goes into the private folder.
    """

    names: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def read_sops_keys(data: Mapping[str, bytes], *, age_only: bool = False) -> SopsKeys:
    """The keys in a Secret's decoded data; ``age_only`` for the puller's own, which serves everybody.

    Raises:
        ConfigurationError: an entry is not what its name says; the message has nothing of its content.
    """
    data = {name: value for name, value in sorted(data.items()) if not age_only or name.endswith(".agekey")}
    identities = [_age(name, value) for name, value in data.items() if name.endswith(".agekey")]
    ring = b"".join(_pgp(name, value) for name, value in data.items() if name.endswith(".asc"))
    variables = {"SOPS_AGE_KEY": "\n".join(identities)} if identities else {}
    files = {_RING: ring} if ring else {}
    for name in data.keys() & _CLOUDS.keys():
        variables.update(_CLOUDS[name](data[name], files))
    names = tuple(name for name in data if name in _CLOUDS or name.endswith((".agekey", ".asc")))
    return SopsKeys(names, variables, files)


def _age(name: str, value: bytes) -> str:
    text = _text(name, value)
    # A plugin's identity would have sops run whatever program is called age-plugin-….
    if "AGE-SECRET-KEY-" not in text or "AGE-PLUGIN-" in text:
        raise ConfigurationError(
            f"'{name}' of the decryption Secret holds no age identity", hint="expected the output of age-keygen"
        )
    return text


def _pgp(name: str, value: bytes) -> bytes:
    """The packets of the private keys, in ASCII armour or as they are (RFC 9580, 4.2 and 6)."""
    content = _without_armour(value) if value.lstrip()[:1] == b"-" else value
    first = content[0] if content else 0
    packet = first & 0x3F if first & 0x40 else (first & 0x3F) >> 2
    if not first & 0x80 or packet != _SECRET_KEY_PACKET:
        raise ConfigurationError(
            f"'{name}' of the decryption Secret holds no private PGP key",
            hint="expected the output of gpg --export-secret-keys --armor, of a key without passphrase",
        )
    return content


def _without_armour(value: bytes) -> bytes:
    parts: list[bytes] = []
    body: list[bytes] | None = None
    for line in map(bytes.strip, value.splitlines()):
        if line == b"-----BEGIN PGP PRIVATE KEY BLOCK-----":
            body = []
        elif line == b"-----END PGP PRIVATE KEY BLOCK-----" and body is not None:
            try:
                parts.append(base64.b64decode(b"".join(body), validate=True))
            except binascii.Error:
                return b""
            body = None
        elif body is not None and b":" not in line and not line.startswith(b"="):
            # What is left out are the headers and the checksum.
            body.append(line)
    return b"".join(parts)


def _aws(value: bytes, _: dict[str, bytes]) -> Mapping[str, str]:
    fields = _mapping(AWS, value)
    wanted = {
        "aws_access_key_id": "AWS_ACCESS_KEY_ID",
        "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
        "aws_session_token": "AWS_SESSION_TOKEN",
    }
    return {variable: fields[key] for key, variable in wanted.items() if fields.get(key)}


def _azure(value: bytes, files: dict[str, bytes]) -> Mapping[str, str]:
    if value[:2] in (b"\xff\xfe", b"\xfe\xff"):
        value = value.decode("utf-16", "replace").encode()
    fields = _mapping(AZURE, value)
    found = {
        "AZURE_TENANT_ID": fields.get("tenantId") or fields.get("tenant", ""),
        "AZURE_CLIENT_ID": fields.get("clientId") or fields.get("appId", ""),
        "AZURE_CLIENT_SECRET": fields.get("clientSecret") or fields.get("password", ""),
        "AZURE_AUTHORITY_HOST": fields.get("authorityHost", ""),
    }
    if fields.get("clientCertificate"):
        files[_AZURE_CERTIFICATE] = fields["clientCertificate"].encode()
        found["AZURE_CLIENT_CERTIFICATE_PATH"] = f"{{home}}/{_AZURE_CERTIFICATE}"
        found["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = fields.get("clientCertificatePassword", "")
        found["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"] = fields.get("clientCertificateSendChain", "")
    return {variable: text for variable, text in found.items() if text}


def _vault(value: bytes, _: dict[str, bytes]) -> Mapping[str, str]:
    return {"VAULT_TOKEN": _text(VAULT, value).strip()}


def _gcp(value: bytes, _: dict[str, bytes]) -> Mapping[str, str]:
    text = _text(GCP, value).strip("\n")
    try:
        json.loads(text)
    except ValueError:
        raise ConfigurationError(f"'{GCP}' of the decryption Secret is no JSON") from None
    return {"GOOGLE_CREDENTIALS": text}


_CLOUDS: Mapping[str, Callable[[bytes, dict[str, bytes]], Mapping[str, str]]] = {
    AWS: _aws,
    AZURE: _azure,
    GCP: _gcp,
    VAULT: _vault,
}
"""Entries by their whole name: each gives variables, and may add to the files."""


def _mapping(name: str, value: bytes) -> Mapping[str, str]:
    body: object = None
    try:
        body, _ = next(read_documents(value, name), (None, 1))
    except Exception:  # noqa: BLE001 - whatever a reader says may quote the content
        body = None
    if not isinstance(body, Mapping):
        raise ConfigurationError(f"'{name}' of the decryption Secret is no mapping", hint="expected YAML or JSON")
    return {
        key: ("true" if item else "false") if isinstance(item, bool) else str(item)
        for key, item in body.items()
        if isinstance(item, (str, int))
    }


def _text(name: str, value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigurationError(f"'{name}' of the decryption Secret is no text")
    return text
