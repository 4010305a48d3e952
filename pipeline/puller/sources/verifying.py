"""Whether an artifact is signed by whom its source trusts; what we cannot judge is refused, never passed."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.model.flux.api import SOURCE_VERIFIED
from pipeline.model.flux.oci_repository import Verification
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.ports import Registry
from pipeline.puller.sources.choosing import Chosen
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.failing import VERIFICATION_ERROR, Again, SourceError
from pipeline.puller.sources.secrets import SecretError, read_secret
from pipeline.stages.trust import require_trust

_COSIGN = "cosign"
_MAX_KEYS = 64


def check_provider(verification: Verification) -> None:
    """Refuse what this puller cannot verify.

    Raises:
        SourceError: the provider is another one than cosign with keys.
    """
    if verification.provider != _COSIGN:
        raise _unsupported(
            f"verification by '{verification.provider}' is not supported; expected spec.verify.provider 'cosign' with "
            "public keys in spec.verify.secretRef"
        )
    if not verification.secret:
        raise _unsupported(
            "keyless verification by cosign is not supported; expected public keys (*.pub) in spec.verify.secretRef"
        )


def verify(
    verification: Verification, chosen: Chosen, registry: Registry, namespace: str, deps: SourceDependencies
) -> None:
    """Accept the artifact if any of the Secret's keys signed it.

    Raises:
        SourceError: none did, the keys cannot be had, or the registry could not be asked.
    """
    try:
        policy = _policy(verification.secret, namespace, deps)
        require_trust(chosen.pinned, registry, deps.trust, policy)
    except PipelineError as error:
        raise SourceError(
            f"failed to verify the signature using provider '{_COSIGN}': {error.message}",
            reason=VERIFICATION_ERROR,
            condition=SOURCE_VERIFIED,
        ) from error


def _policy(secret: str, namespace: str, deps: SourceDependencies) -> TrustPolicy:
    data = read_secret(deps.api, namespace, secret)
    where = f"secret '{namespace}/{secret}'"
    keys = sorted(name for name in data if name.endswith(".pub"))
    if not keys:
        raise SecretError(f"{where} has no public key; expected a key named *.pub")
    if len(keys) > _MAX_KEYS:
        raise SecretError(f"{where} has {len(keys)} public keys; expected at most {_MAX_KEYS}")
    return TrustPolicy(tuple(PublicKey(data[key].decode("utf-8", "replace"), f"{key} of {where}") for key in keys))


def _unsupported(message: str) -> SourceError:
    return SourceError(message, reason=VERIFICATION_ERROR, condition=SOURCE_VERIFIED, again=Again.WHEN_CHANGED)
