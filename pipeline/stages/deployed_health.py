"""What clusters' deploy records say about the health of an artifact; for who promotes it or goes back to it."""

from __future__ import annotations

from pipeline.errors import ArtifactNotFoundError, VerificationError
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.promotion.health import NOT_HEALTHY, Health, require_deployed, require_healthy
from pipeline.ports import Registry
from pipeline.stages.deployed import newest_record
from pipeline.stages.signed_records import RecordTrust, SignedRecord


def healthy_on(
    name: DeployedName, digest: str, records: Registry, trust: RecordTrust, *, now: float, min_age: float = 0.0
) -> Health:
    """The newest record, if it is about this very digest and says that it is healthy, for ``min_age`` seconds.

    Raises:
        VerificationError: it says something else, or there is none.
        RefusedError: it is not healthy for long enough.
        TrustError: it is not by whom we believe, or not the newest.
        RegistryError: it could not be read.
    """
    try:
        found = newest_record(name, records, trust)
    except ArtifactNotFoundError as error:
        raise VerificationError(
            f"nothing says that {digest} is healthy on {name}: {error.message}", hint=error.hint, code=NOT_HEALTHY
        ) from None
    require_healthy(name, found.record, digest, now=now, min_age=min_age)
    return Health(
        cluster=found.record.cluster,
        inventory=found.record.inventory,
        since=found.record.time,
        signer=found.signer,
        record_digest=found.listed.descriptor.digest,
    )


def deployed_on(name: DeployedName, records: Registry, trust: RecordTrust) -> SignedRecord:
    """The newest record, if what it is about was applied.

    Raises:
        VerificationError: it failed.
        ArtifactNotFoundError: there is none.
        TrustError: it is not by whom we believe, or not the newest.
        RegistryError: it could not be read.
    """
    found = newest_record(name, records, trust)
    require_deployed(name, found.record)
    return found
