"""Whether an artifact is still accepted when only the new key is."""

from __future__ import annotations

from pipeline.errors import RefusedError, TrustError
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.ports import Registry
from pipeline.stages.trust import TrustPorts, require_trust


def require_signed_by(reference: Reference, registry: Registry, ports: TrustPorts, key: PublicKey) -> str:
    """The artifact, by digest, if the key has signed it.

    Raises:
        RefusedError: it has not.
        RegistryError: the registry could not be asked, or there is no such artifact.
    """
    digest = reference.digest or registry.resolve(reference.tag or "latest").digest
    artifact = PinnedReference(reference.repository, digest, reference.tag)
    try:
        require_trust(artifact, registry, ports, TrustPolicy((key,)))
    except TrustError as error:
        raise RefusedError(
            f"the old key must stay: {error.message}",
            hint=f"sign it with the new key first: gitless sign {reference.repository}@{digest} --key …",
            code="refused.key-needed",
        ) from None
    return f"{reference.repository}@{digest}"
