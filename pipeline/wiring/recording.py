"""Where deploy records are kept, who signs them, and who is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.providers import GENERIC
from pipeline.model.settings.recording import RecordingOptions, RecordReading
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Environment, Registry, Reporter
from pipeline.wiring.stores import delete_manifest, registry
from pipeline.wiring.surroundings import expressions
from pipeline.wiring.trusting import check_trust_policy, public_key, signer, trust_policy, verifier

if TYPE_CHECKING:
    from pipeline.stages.record_deployment import RecordPorts
    from pipeline.stages.signed_records import RecordTrust


def record_registry(
    repository: Repository,
    options: RegistryOptions,
    registry_config: str,
    environment: Environment,
    reporter: Reporter,
    *,
    is_beside: bool,
) -> Registry:
    """The repository with records; ``is_beside``: it is the artifact's own, for which ``options`` have the login.

    Another one is never shown that login: it has its own in ``registry_config``, or is in docker's configuration.
    """
    if registry_config:
        environment = {**environment, "REGISTRY_AUTH_FILE": registry_config}
        options = replace(options, provider=GENERIC)
    if registry_config or not is_beside:
        options = options.without_login()
    return registry(repository, options, environment, reporter)


def record_ports(
    options: RecordingOptions,
    artifact: PinnedReference,
    records: Registry,
    environment: Environment,
    reporter: Reporter,
    read_password: Callable[[], bytes],
) -> RecordPorts:
    """What recording needs.

    Raises:
        ConfigurationError: there is no key that could sign.
    """
    from pipeline.stages.record_deployment import RecordPorts

    return RecordPorts(
        registry=records,
        delete=lambda digest: delete_manifest(records, digest),
        signer=signer(options.signing, environment, reporter, read_password),
        verifier=verifier(environment, reporter),
        expressions=expressions(),
        reporter=reporter,
        artifact=artifact if records.repository == artifact.repository else None,
    )


def record_trust(reading: RecordReading, environment: Environment, reporter: Reporter) -> RecordTrust:
    """Whose records are believed: as options say, or where they name nobody, as the settings file's ``records``.

    Raises:
        ConfigurationError: a key cannot be read, or the file is wrong.
    """
    from pipeline.stages.signed_records import RecordTrust

    return RecordTrust(_policy(reading, environment), verifier(environment, reporter), expressions())


def _policy(reading: RecordReading, environment: Environment) -> TrustPolicy | UnsafeSkipVerification:
    trust = reading.trust
    if isinstance(trust, UnsafeSkipVerification):
        return trust
    if not trust.is_empty or not Path(reading.settings).is_file():
        return trust_policy(trust, environment)
    from pipeline.trust_documents import load_record_policy

    policy = load_record_policy(Path(reading.settings), lambda uri: public_key(uri, environment).pem)
    check_trust_policy(policy)
    return policy
