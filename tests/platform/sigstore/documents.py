"""The two files that tell a client of Sigstore whom to ask and whom to believe.

Formats: ``trusted_root.json`` (version 0.1) and ``signing_config.json`` (version 0.2), the JSON of
``dev.sigstore.trustroot.v1`` in sigstore's protobuf-specs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
SIGNING_CONFIG = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
OPERATOR = "sigstore.mock"
TIMESTAMP_PATH = "/api/v1/timestamp"

State = dict[str, Any]
"""What the server wrote: for each authority its ``url`` and its ``certificates``, or its ``key`` and ``id``."""


def authority(state: State, name: str, *, valid_for: dict[str, str] | None = None) -> dict[str, Any]:
    """A certificate or timestamp authority as the trusted root lists it."""
    made = state[name]
    return {
        "subject": {"organization": "sigstore.mock", "commonName": name},
        "uri": made["url"],
        "certChain": {"certificates": [{"rawBytes": certificate} for certificate in made["certificates"]]},
        "validFor": valid_for or valid(),
    }


def log(state: State, name: str, *, url: str = "") -> dict[str, Any]:
    """A log as the trusted root lists it; the second version of Rekor signs with Ed25519."""
    made = state[name]
    details = "PKIX_ED25519" if name == "rekor2" else "PKIX_ECDSA_P256_SHA_256"
    # Certificate logs name themselves by their keys, and so does Rekor 1.
    return {
        "baseUrl": made.get("url", url),
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": made["key"], "keyDetails": details, "validFor": valid()},
        "logId": {"keyId": made["id"]},
    }


def trusted_root(
    *,
    authorities: Sequence[dict[str, Any]],
    certificate_logs: Sequence[dict[str, Any]] = (),
    logs: Sequence[dict[str, Any]] = (),
    timestamps: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """A trusted root of these entries."""
    return {
        "mediaType": TRUSTED_ROOT,
        "tlogs": list(logs),
        "certificateAuthorities": list(authorities),
        "ctlogs": list(certificate_logs),
        "timestampAuthorities": list(timestamps),
    }


def signing_config(state: State, *, fulcio: str, rekor: str = "", tsa: str = "") -> dict[str, Any]:
    """A signing configuration that names one of each kind, or none."""
    config: dict[str, Any] = {
        "mediaType": SIGNING_CONFIG,
        "caUrls": [_service(state[fulcio]["url"], 1)],
        "oidcUrls": [],
        "rekorTlogUrls": [_service(state[rekor]["url"], 2 if rekor == "rekor2" else 1)] if rekor else [],
        "tsaUrls": [_service(state[tsa]["url"] + TIMESTAMP_PATH, 1)] if tsa else [],
    }
    if rekor:
        config["rekorTlogConfig"] = {"selector": "ANY"}
    if tsa:
        config["tsaConfig"] = {"selector": "ANY"}
    return config


def valid(*, since_days: int = 30, until_days: int | None = None) -> dict[str, str]:
    """A time of validity around now, or before it with ``until_days`` below zero."""
    now = datetime.now(UTC)
    span = {"start": _text(now - timedelta(days=since_days))}
    if until_days is not None:
        span["end"] = _text(now + timedelta(days=until_days))
    return span


def _service(url: str, version: int) -> dict[str, Any]:
    return {"url": url, "majorApiVersion": version, "validFor": valid(), "operator": OPERATOR}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
