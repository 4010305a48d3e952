"""Writes one deploy record for the puller: its own key, its own login, and the artifact only to be read."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import wiring
from pipeline.errors import ConfigurationError, PipelineError
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.deployments.composing import hashes_of_entries
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.flux.api import CONFIG_MAPS, SOURCE_VERIFIED
from pipeline.model.flux.conditions import Conditions
from pipeline.model.flux.oci_repository import read_oci_repository
from pipeline.model.manifests import Body
from pipeline.model.settings.signing import SigningOptions
from pipeline.ports import Expressions, Signer, Verifier
from pipeline.puller.deployments import Deployment
from pipeline.puller.keys import OCI_REPOSITORY, Key
from pipeline.puller.sources.access import access_to, login_for
from pipeline.puller.sources.dependencies import SourceDependencies
from pipeline.puller.sources.secrets import SecretError, read_secret
from pipeline.puller.store import ObjectStore
from pipeline.stages.attaching import read_subject
from pipeline.stages.record_deployment import RecordPorts, record_deletion, record_deployment

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
        if deployment.result is Deployed.DELETED:
            self._write_deletion(deployment, source)
            return
        if source is None:
            raise _gone(deployment)
        spec = read_oci_repository(source)
        artifact = parse_reference(f"{spec.url}@{deployment.digest}").pinned()
        access = access_to(artifact.repository, spec, deployment.source[0], deps)
        registry = deps.connect(artifact.repository, access.options, access.environment)
        record = self._record(deployment, artifact, source)
        record_deployment(record, read_subject(artifact, registry), self._ports(artifact), keep=options.keep_records)

    def _write_deletion(self, deployment: Deployment, source: Body | None) -> None:
        """By what was recorded last: source and artifact may be gone, too."""
        options = self.deps.options
        if options.record_repository:
            ports = self._ports(None)
        elif source is not None:
            ports = self._ports(parse_reference(f"{read_oci_repository(source).url}@{deployment.digest}").pinned())
        else:
            raise _gone(deployment)
        record_deletion(
            deployment.cluster,
            _inventory(deployment),
            deployment.time,
            ports,
            message=deployment.message,
            stays=deployment.stays,
            keep=options.keep_records,
        )

    def _ports(self, artifact: PinnedReference | None) -> RecordPorts:
        """Where records are kept: in a repository of their own, or else in the artifact's."""
        options, deps = self.deps.options, self.deps
        named = options.record_repository
        if named:
            repository = parse_reference(named).repository
        elif artifact is not None:
            repository = artifact.repository
        else:
            raise PipelineError("a deploy record without a repository")
        records = deps.connect(repository, login_for(repository, options.record_registry_secret, deps), {})
        return RecordPorts(
            registry=records,
            delete=lambda digest: wiring.delete_manifest(records, digest),
            signer=self._signer(),
            verifier=self.verifier,
            expressions=self.expressions,
            reporter=deps.reporter,
            artifact=artifact if artifact is not None and repository == artifact.repository else None,
        )

    def _record(self, deployment: Deployment, artifact: PinnedReference, source: Body) -> DeployRecord:
        applied = deployment.applied
        return DeployRecord(
            cluster=deployment.cluster,
            repository=str(artifact.repository),
            digest=artifact.digest,
            inventory=_inventory(deployment),
            time=deployment.time,
            result=deployment.result,
            message=deployment.message[:_LONGEST_MESSAGE],
            source=deployment.origin,
            revision=deployment.revision,
            verified_by=verified_by(source, artifact.digest),
            path=deployment.path,
            overrides=deployment.overrides,
            objects={}
            if applied is None
            else hashes_of_entries(applied, has_secret_inputs=deployment.has_secret_inputs),
        )

    def _signer(self) -> Signer:
        options, deps = self.deps.options, self.deps
        if not options.record_key_secret:
            signing = SigningOptions(
                key=options.record_signing_key or None,
                keyless=options.record_keyless,
                signing_config=self._sigstore_file("signing_config.json"),
                trusted_root=self._sigstore_file("trusted_root.json"),
            )
            return wiring.signer(signing, deps.environment, deps.reporter, lambda: b"")
        return self._signer_of_secret()

    def _sigstore_file(self, name: str) -> str | None:
        """One of the private Sigstore's documents, as a file; ``None`` where the public one signs."""
        namespace, config_map = self.deps.options.namespace, self.deps.options.record_sigstore
        if not config_map:
            return None
        body = self.deps.api.read(CONFIG_MAPS, namespace, config_map)
        text = ((body or {}).get("data") or {}).get(name)
        if not isinstance(text, str):
            found = "not found" if body is None else f"has no '{name}'"
            raise ConfigurationError(f"configmap '{namespace}/{config_map}' {found}")
        return self.deps.files.path_of(text.encode())

    def _signer_of_secret(self) -> Signer:
        namespace, name = self.deps.options.namespace, self.deps.options.record_key_secret
        # Read each time, so that another key counts at once.
        data = read_secret(self.deps.api, namespace, name)
        where = f"secret '{namespace}/{name}'"
        if _KEY not in data:
            raise SecretError(f"{where} has no '{_KEY}'; expected a private key made by `gitless keys generate`")
        return wiring.signer_of(data[_KEY], f"{_KEY} of {where}", data.get(_PASSWORD, b""))


def _inventory(deployment: Deployment) -> str:
    return f"{deployment.key.kind} {deployment.key.namespace}/{deployment.key.name}"


def _gone(deployment: Deployment) -> SecretError:
    return SecretError(f"its source OCIRepository {'/'.join(deployment.source)} is gone")


def verified_by(source: Body, digest: str) -> tuple[str, ...]:
    """By what the source accepted the signatures of this very digest: a trust policy, or its own ``spec.verify``."""
    condition = Conditions.of(source).get(SOURCE_VERIFIED)
    if condition is None or not condition.is_true or digest not in condition.message:
        return ()
    said = condition.message.partition(digest)[2].strip().removeprefix("by ")
    metadata = source["metadata"]
    return (said[:_LONGEST_MESSAGE] or f"spec.verify of OCIRepository {metadata['namespace']}/{metadata['name']}",)
