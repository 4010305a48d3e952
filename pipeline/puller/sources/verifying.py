"""Whom an OCIRepository's ``spec.verify`` believes; what we cannot judge is refused, never passed."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import ConfigurationError
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.flux.oci_repository import Verification
from pipeline.model.trust.notation import NotationTrust, read_notation_trust
from pipeline.model.trust.policy import Identity, PublicKey, TrustedRoot, TrustPolicy
from pipeline.ports import ApiServer
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.secrets import SecretError, read_secret

COSIGN, NOTATION = "cosign", "notation"
_ROOT_KEY = "trusted_root.json"
_MAX_KEYS = 64
_MAX_IDENTITIES = 64
_LONGEST_PATTERN = 1024
_ANYBODY = Identity(subject_regexp=".*", issuer_regexp=".*")


def provider_name(verification: Verification) -> str:
    """The provider as source-controller's messages have it."""
    is_keyless = verification.provider == COSIGN and not verification.secret
    return f"{verification.provider}{' keyless' if is_keyless else ''}"


def accepts_anybody(verification: Verification) -> bool:
    """Whether any identity that the authority knows is enough, which is as Flux reads an empty list of identities."""
    return verification.provider == COSIGN and not verification.secret and not verification.identities


def cosign_policy(verification: Verification, namespace: str, deps: SourceDependencies) -> TrustPolicy:
    """Any of the Secret's keys; or without a Secret, any of the identities.

    Raises:
        SecretError: the keys, or the trusted root, are missing or malformed.
        ExpressionError: an identity is no regular expression.
        ClusterError: a Secret cannot be read.
    """
    root = _trusted_root(verification, namespace, deps.api)
    if verification.secret:
        return TrustPolicy(_keys(verification.secret, namespace, deps.api), trusted_root=root)
    return TrustPolicy(identities=_identities(verification, deps), trusted_root=root)


def notation_trust(verification: Verification, namespace: str, api: ApiServer) -> NotationTrust:
    """Trust policy and certificates of the Secret.

    Raises:
        SecretError: there is no such Secret.
        TrustError: it lacks one of both, or the policy cannot be read.
        ClusterError: the Secret cannot be read.
    """
    name = verification.secret
    return read_notation_trust(read_secret(api, namespace, name), f"secret '{namespace}/{name}'")


def _keys(secret: str, namespace: str, api: ApiServer) -> tuple[PublicKey, ...]:
    data = read_secret(api, namespace, secret)
    where = f"secret '{namespace}/{secret}'"
    keys = sorted(name for name in data if name.endswith(".pub"))
    if not keys:
        raise SecretError(f"{where} has no public key; expected a key named *.pub")
    if len(keys) > _MAX_KEYS:
        raise SecretError(f"{where} has {len(keys)} public keys; expected at most {_MAX_KEYS}")
    return tuple(PublicKey(data[key].decode("utf-8", "replace"), f"{key} of {where}") for key in keys)


def _identities(verification: Verification, deps: SourceDependencies) -> tuple[Identity, ...]:
    wanted = verification.identities
    if len(wanted) > _MAX_IDENTITIES:
        raise ConfigurationError(
            f"spec.verify.matchOIDCIdentity has {len(wanted)} entries; expected at most {_MAX_IDENTITIES}"
        )
    for number, item in enumerate(wanted):
        for field, pattern in (("issuer", item.issuer), ("subject", item.subject)):
            if len(pattern) > _LONGEST_PATTERN:
                raise ConfigurationError(
                    f"spec.verify.matchOIDCIdentity[{number}].{field} is longer than {_LONGEST_PATTERN} characters"
                )
            # One that makes no sense is told even where there is nothing to look at.
            deps.matching(pattern, ())
    return tuple(Identity(subject_regexp=item.subject, issuer_regexp=item.issuer) for item in wanted) or (_ANYBODY,)


def _trusted_root(verification: Verification, namespace: str, api: ApiServer) -> TrustedRoot | None:
    name = verification.trusted_root_secret
    if not name:
        return None
    where = f"secret '{namespace}/{name}'"
    data: Mapping[str, bytes] = read_secret(api, namespace, name)
    if not data.get(_ROOT_KEY):
        raise SecretError(f"{where} has no '{_ROOT_KEY}'")
    source = f"{_ROOT_KEY} of {where}"
    parse_object(data[_ROOT_KEY], source)
    return TrustedRoot(source, data[_ROOT_KEY].decode("utf-8", "replace"))
