"""The recording half of ``gitless apply`` and ``gitless run``: what became of it goes into a signed deploy record.

Whatever goes wrong with that is a warning. What is applied is applied, and the next apply records anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline import wiring
from pipeline.errors import PipelineError, TrustError
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.deployments.composing import hashes_of_manifests
from pipeline.model.deployments.naming import deployed_tag
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Clock, Cluster, Environment, Registry, Reporter

if TYPE_CHECKING:
    from pipeline.model.applying.options import ApplyOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Records what is applied to one cluster; ``options`` without a cluster's name record nothing."""

    options: RecordingOptions
    registry: RegistryOptions
    environment: Environment
    reporter: Reporter
    clock: Clock
    read_password: Callable[[], bytes] = field(repr=False)

    def applied(
        self,
        trusted: TrustedManifests,
        cluster: Cluster,
        options: ApplyOptions,
        result: Deployed = Deployed.APPLIED,
        *,
        message: str = "",
    ) -> None:
        """Everything was applied; ``message`` says what is wrong where it is not healthy.

        Never raises what is wrong with recording.
        """

        def said() -> _Said:
            inventory = cluster.load_inventory(options.namespace, options.inventory) or options.new_inventory()
            return _Said(
                result,
                message,
                (*_own_overrides(trusted, options), *inventory.overridden),
                hashes_of_manifests(trusted.manifests, inventory.applied),
            )

        self._try(trusted, options, said)

    def failed(self, trusted: TrustedManifests, options: ApplyOptions, error: PipelineError) -> None:
        """It was not applied, or not all of it, and nobody knows what is in the cluster now.

        What trust refuses was never going to be applied, and is no deployment. Servers quote values in their messages,
        so only the kind of the error is recorded. Never raises what is wrong with recording.
        """
        if not isinstance(error, TrustError):
            self._try(trusted, options, lambda: _Said(Deployed.FAILED, error.code))

    def _try(
        self,
        trusted: TrustedManifests,
        options: ApplyOptions,
        tell: Callable[[], _Said],
    ) -> None:
        if not self.options or options.dry_run:
            return
        artifact = trusted.reference
        if artifact is None:
            self.reporter.warn("there is no deploy record of a folder: it has no digest")
            return
        try:
            said = tell()
            record = DeployRecord(
                cluster=self.options.cluster,
                repository=str(artifact.repository),
                digest=artifact.digest,
                inventory=f"{options.kind} {options.namespace}/{options.inventory}",
                time=self.clock.now(),
                result=said.result,
                message=said.message,
                source=trusted.source,
                revision=trusted.revision,
                verified_by=tuple(signature.signer for signature in trusted.signatures),
                overrides=said.overrides,
                objects=said.objects,
            )
            self._write(record, artifact)
        except PipelineError as error:
            hint = f" ({error.hint})" if error.hint else ""
            self.reporter.warn(f"there is no deploy record of this: {error.message}{hint}")

    def _write(self, record: DeployRecord, artifact: PinnedReference) -> None:
        from pipeline.stages.attaching import read_subject
        from pipeline.stages.record_deployment import record_deployment

        named = self.options.repository
        repository = parse_reference(named).repository if named else artifact.repository
        records = wiring.record_registry(
            repository,
            self.registry,
            self.options.registry_config,
            self.environment,
            self.reporter,
            is_beside=repository == artifact.repository,
        )
        ports = wiring.record_ports(
            self.options, artifact, records, self.environment, self.reporter, self.read_password
        )
        subject = read_subject(artifact, self._open(artifact))
        done = record_deployment(record, subject, ports, keep=self.options.keep)
        what = "recorded" if done.written else "recorded before"
        self.reporter.info(f"{what} as {deployed_tag(record.cluster)} in {repository}", record=done.digest)
        if done.deleted:
            self.reporter.detail(f"{done.deleted} older deploy records deleted")

    def _open(self, artifact: PinnedReference) -> Registry:
        return wiring.registry(artifact.repository, self.registry, self.environment, self.reporter)


@dataclass(frozen=True, slots=True)
class _Said:
    """What became of an apply."""

    result: Deployed
    message: str = ""
    overrides: tuple[str, ...] = ()
    objects: Mapping[ObjectId, str] = field(default_factory=dict, hash=False)


def _own_overrides(trusted: TrustedManifests, options: ApplyOptions) -> tuple[str, ...]:
    """What was asked for that an apply refuses by itself."""
    asked = {
        "insecure-skip-verification": not trusted.is_verified,
        "allow-rollback": options.allow_rollback,
        "force-conflicts": options.force_conflicts,
        "take-ownership": options.take_ownership,
        "recreate": options.recreate,
    }
    return tuple(name for name, is_on in asked.items() if is_on)
