"""Writes one deploy record for the puller: its own key, its own login, and the artifact only to be read."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import wiring
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.deployments.composing import hashes_of_entries
from pipeline.model.deployments.record import DeployRecord
from pipeline.model.flux.api import SOURCE_VERIFIED
from pipeline.model.flux.conditions import Conditions
from pipeline.model.flux.oci_repository import read_oci_repository
from pipeline.model.manifests import Body
from pipeline.ports import Expressions, Signer, Verifier
from pipeline.puller.deployments import Deployment
from pipeline.puller.keys import OCI_REPOSITORY, Key
from pipeline.puller.sources.access import access_to, login_for
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.secrets import SecretError, read_secret
from pipeline.puller.store import ObjectStore
from pipeline.stages.attaching import read_subject
from pipeline.stages.record_deployment import RecordPorts, record_deployment

_KEY, _PASSWORD = "cosign.key", "cosign.password"
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentWriter:
    """Everything that recording in a cluster needs; ``verifier`` checks our own records alone."""

    sources: ObjectStore
    deps: SourceDependencies
    verifier: Verifier
    expressions: Expressions

    def write(self, deployment: Deployment) -> None:
        """Record it.

        Raises:
            PipelineError: the key or a login is missing, or a registry could not be read or written.
        """
        options, deps = self.deps.options, self.deps
        source = self.sources.get(Key(OCI_REPOSITORY, *deployment.source))
        if source is None:
            raise SecretError(f"its source OCIRepository {'/'.join(deployment.source)} is gone")
        spec = read_oci_repository(source)
        artifact = parse_reference(f"{spec.url}@{deployment.digest}").pinned()
        named = options.record_repository
        repository = parse_reference(named).repository if named else artifact.repository
        records = deps.connect(repository, login_for(repository, options.record_registry_secret, deps), {})
        access = access_to(artifact.repository, spec, deployment.source[0], deps)
        registry = deps.connect(artifact.repository, access.options, access.environment)
        ports = RecordPorts(
            registry=records,
            delete=lambda digest: wiring.delete_manifest(records, digest),
            signer=self._signer(),
            verifier=self.verifier,
            expressions=self.expressions,
            reporter=deps.reporter,
            artifact=artifact if repository == artifact.repository else None,
        )
        record = self._record(deployment, artifact, source)
        record_deployment(record, read_subject(artifact, registry), ports, keep=options.keep_records)

    def _record(self, deployment: Deployment, artifact: PinnedReference, source: Body) -> DeployRecord:
        applied = deployment.applied
        return DeployRecord(
            cluster=self.deps.options.record_cluster,
            repository=str(artifact.repository),
            digest=artifact.digest,
            inventory=f"{deployment.key.kind} {deployment.key.namespace}/{deployment.key.name}",
            time=deployment.time,
            result=deployment.result,
            message=deployment.message[:_LONGEST_MESSAGE],
            source=deployment.origin,
            revision=deployment.revision,
            verified_by=_verified_by(source, artifact.digest),
            overrides=deployment.overrides,
            objects={}
            if applied is None
            else hashes_of_entries(applied, has_secret_inputs=deployment.has_secret_inputs),
        )

    def _signer(self) -> Signer:
        namespace, name = self.deps.options.namespace, self.deps.options.record_key_secret
        # Read each time, so that another key counts at once.
        data = read_secret(self.deps.api, namespace, name)
        where = f"secret '{namespace}/{name}'"
        if _KEY not in data:
            raise SecretError(f"{where} has no '{_KEY}'; expected a private key made by `gitless keys generate`")
        return wiring.signer_of(data[_KEY], f"{_KEY} of {where}", data.get(_PASSWORD, b""))


def _verified_by(source: Body, digest: str) -> tuple[str, ...]:
    """What the source says of the signatures of this very digest."""
    condition = Conditions.of(source).get(SOURCE_VERIFIED)
    is_about_it = condition is not None and condition.is_true and digest in condition.message
    return (condition.message[:_LONGEST_MESSAGE],) if is_about_it and condition is not None else ()
