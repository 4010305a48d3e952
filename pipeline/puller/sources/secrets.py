"""Reading Secrets and service accounts that a source names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.flux.api import SECRETS, SERVICE_ACCOUNTS
from pipeline.ports import ApiServer


class SecretError(ConfigurationError):
    """A Secret or service account is missing, or does not hold what it should; never with any of its values."""

    code = "configuration.secret"


def read_secret(api: ApiServer, namespace: str, name: str) -> Mapping[str, bytes]:
    """The decoded data of a Secret.

    Raises:
        SecretError: it is not there, or is malformed.
        ClusterError: it cannot be read.
    """
    body = api.read(SECRETS, namespace, name)
    if body is None:
        raise SecretError(f"secret '{namespace}/{name}' not found")
    data = body.get("data")
    entries: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    return {key: _decoded(value, key, f"{namespace}/{name}") for key, value in entries.items()}


def pull_secrets(api: ApiServer, namespace: str, account: str) -> tuple[str, ...]:
    """The names of a service account's ``imagePullSecrets``.

    Raises:
        SecretError: there is no such service account.
        ClusterError: it cannot be read.
    """
    body = api.read(SERVICE_ACCOUNTS, namespace, account)
    if body is None:
        raise SecretError(f"serviceaccount '{namespace}/{account}' not found")
    listed = body.get("imagePullSecrets") or ()
    return tuple(str(entry["name"]) for entry in listed if isinstance(entry, Mapping) and entry.get("name"))


def _decoded(value: object, key: str, name: str) -> bytes:
    try:
        return base64.b64decode(str(value or ""), validate=True)
    except binascii.Error:
        raise SecretError(f"secret '{name}': '{key}' is not base64") from None
