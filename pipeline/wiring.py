"""The composition root: options become adapters here and nowhere else; every adapter is imported when it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.environment import Provenance
from pipeline.errors import ToolError, TrustError, UsageError
from pipeline.model.artifact.reference import Repository, is_reference, parse_reference
from pipeline.model.attestation.materials import Material
from pipeline.model.attestation.provenance import BuildPlatform
from pipeline.model.flux.options import PullerOptions
from pipeline.model.kustomizing.sops_keys import SopsKeys
from pipeline.model.outcome.key_rotation import KeyRotationResult
from pipeline.model.outcome.keys import KeyConversionResult, KeyPairResult, KeyResult
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.sources import Source
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.evidence import CertificateIdentity, SignatureFormat
from pipeline.model.trust.key_forms import KeyForm, KeyType
from pipeline.model.trust.policy import PublicKey, TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import (
    ApiServer,
    Clock,
    Cluster,
    Decryptor,
    Environment,
    Expressions,
    Registry,
    Renderer,
    Reporter,
    SbomFormat,
    Signer,
    TreeBuilder,
    Verifier,
)

if TYPE_CHECKING:
    from pipeline.artifact_cache import ArtifactCache
    from pipeline.clusters.kubernetes.connection import Connection
    from pipeline.signers.cosign.key_rotation import Rotation
    from pipeline.signers.notation import NotationVerifier
    from pipeline.stages.trust import TrustPorts


def renderers(environment: Environment, reporter: Reporter) -> tuple[Renderer, ...]:
    """Every renderer, the most specific first: the first that recognises a folder renders it."""
    from pipeline.renderers.helm import HelmRenderer
    from pipeline.renderers.kustomize import KustomizeRenderer
    from pipeline.renderers.plain import PlainRenderer

    return (
        HelmRenderer(environment, reporter),
        KustomizeRenderer(environment, reporter),
        PlainRenderer(),
    )


def registry(
    repository: Repository, options: RegistryOptions, environment: Environment, reporter: Reporter
) -> Registry:
    """The store that a repository is in: a layout folder or a registry."""
    if repository.is_layout:
        from pipeline.registries.layout import LayoutRegistry

        return LayoutRegistry(repository)
    from pipeline.registries.oci import connect

    return connect(repository, options, environment, reporter)


def signer(
    options: SigningOptions, environment: Environment, reporter: Reporter, read_password: Callable[[], bytes]
) -> Signer:
    """Whoever signs: a private key, in a file or by URI, or the job's identity; only an encrypted key needs a password.

    Raises:
        ConfigurationError: the key cannot be used, or there is no identity token.
        UsageError: nothing to sign with was named.
    """
    if options.keyless:
        from pipeline.signers.keyless import keyless_signer

        return keyless_signer(options, environment, reporter)
    if options.key is None:
        raise UsageError("there is nothing to sign with", hint="give --key cosign.key, or --keyless")
    if "://" in options.key:
        from pipeline.signers.kms import open_signer

        return open_signer(options.key, SignatureFormat(options.format), environment)
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.from_file(options.key, SignatureFormat(options.format), read_password)


def stranger() -> Signer:
    """A signer with a key that was made just now and is kept nowhere, so that nobody can trust it."""
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.generated("a key made for this check")


def delete_manifest(registry: Registry, digest: str) -> bool:
    """Delete it where the store can; returns whether it is gone. Layout folders keep everything."""
    from pipeline.registries.oci.registry import OciRegistry

    return isinstance(registry, OciRegistry) and registry.delete_manifest(digest)


def verifier(environment: Environment, reporter: Reporter, *, cache_dir: str | None = None) -> Verifier:
    """The verifier for whatever is found beside an artifact, made with a key or without.

    ``cache_dir`` is for what TUF repositories serve; otherwise it is below ``XDG_CACHE_HOME``.
    """
    from pipeline.signers.verifier import SignatureVerifier

    return SignatureVerifier(environment, reporter, cache_dir)


def read_certificate(certificate: str | bytes) -> CertificateIdentity | None:
    """Whom a keyless certificate names, unchecked; ``None`` where it cannot be read."""
    from pipeline.signers.certificates import read_certificate

    return read_certificate(certificate)


def trust_ports(environment: Environment, reporter: Reporter, *, cache_dir: str | None = None) -> TrustPorts:
    """What every decision about trust needs; ``cache_dir`` as for :func:`verifier`."""
    from pipeline.stages.trust import TrustPorts

    return TrustPorts(verifier(environment, reporter, cache_dir=cache_dir), expressions(), clock())


def notation_verifier(environment: Environment) -> NotationVerifier:
    """The real notation."""
    from pipeline.signers.notation import NotationVerifier

    return NotationVerifier(environment)


def public_key(name: str) -> PublicKey:
    """A public key to trust, by file or by the URI of whoever keeps the private one.

    Raises:
        ConfigurationError: it cannot be read, or is none.
    """
    if "://" in name:
        from pipeline.signers.kms import read_public_key as fetch_public_key

        return fetch_public_key(name, os.environ)
    from pipeline.signers.cosign import read_public_key

    return read_public_key(name)


def trust_policy(options: TrustOptions) -> TrustPolicy:
    """The policy of the options and their document; every file is read, and everything in it checked, now.

    Keys and identities of the options take the place of the document's; its rules stay in force.

    Raises:
        ConfigurationError: a file cannot be read, or something in it is wrong.
    """
    from pipeline.trust_documents import trusted_root

    keys: tuple[PublicKey, ...] = ()
    policy = TrustPolicy()
    if options.keys:
        keys = tuple(public_key(name) for name in dict.fromkeys(options.keys))
    if options.policy_file:
        from pipeline.trust_documents import load_trust_policy

        policy = load_trust_policy(Path(options.policy_file), lambda uri: public_key(uri).pem)
    if keys or options.identities:
        policy = replace(policy, keys=keys, identities=options.identities)
    policy = replace(
        policy,
        trusted_root=trusted_root(options, policy.trusted_root),
        requires_log=policy.requires_log and not options.ignores_log,
    )
    check_trust_policy(policy)
    return policy


def check_trust_policy(policy: TrustPolicy) -> None:
    """See that every key of a policy can be used, and every regular expression and condition be compiled.

    Raises:
        ConfigurationError: one of them cannot; the message says which.
    """
    from pipeline.stages.policy_check import check_expressions

    if policy.every_signer.keys:
        from pipeline.signers.cosign import check_public_key

        for key in policy.every_signer.keys:
            check_public_key(key)
    check_expressions(policy, expressions)


def generate_key_pair(prefix: str, read_password: Callable[[], bytes], key_type: KeyType) -> KeyPairResult:
    """Write ``<prefix>.key`` and ``<prefix>.pub``."""
    from pipeline.signers.cosign import generate_key_pair

    return generate_key_pair(prefix, read_password, key_type)


def describe_key(name: str, read_password: Callable[[], bytes]) -> KeyResult:
    """What a key's file, in any form, or what is behind a key's URI holds."""
    from pipeline.signers.cosign.key_conversion import describe, describe_key

    if "://" in name:
        return describe(public_key(name).pem.encode(), name, read_password)
    return describe_key(name, read_password)


def convert_key(
    name: str, form: KeyForm, output: str, passwords: tuple[Callable[[], bytes], Callable[[], bytes]]
) -> KeyConversionResult:
    """A key, by file or URI, in another form; the passwords open it and encrypt the new one."""
    from pipeline.signers.cosign.key_conversion import convert, convert_key

    if "://" in name:
        return convert(public_key(name).pem.encode(), name, form, output, passwords)
    return convert_key(name, form, output, passwords)


def start_rotation(rotation: Rotation, read_password: Callable[[], bytes]) -> KeyRotationResult:
    """The first half of a change of keys: both are accepted."""
    from pipeline.signers.cosign.key_rotation import start_rotation

    return start_rotation(rotation, read_password)


def finish_rotation(
    rotation: Rotation,
    references: Sequence[str],
    options: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
) -> KeyRotationResult:
    """The second half: the old key goes, unless one of the artifacts is signed by nothing else.

    Raises:
        RefusedError: it is.
        RegistryError: that cannot be found out.
    """
    from pipeline.signers.cosign.key_rotation import finish_rotation
    from pipeline.stages.key_rotation import require_signed_by

    opened = [parse_reference(text) for text in references]
    return finish_rotation(
        rotation,
        lambda key: tuple(
            require_signed_by(
                reference,
                registry(reference.repository, options, environment, reporter),
                trust_ports(environment, reporter),
                key,
            )
            for reference in opened
        ),
    )


def cluster(options: ClusterOptions, environment: Environment, reporter: Reporter) -> Cluster:
    """The API server of the chosen context, or the one we run in."""
    from pipeline.clusters.kubernetes import connect

    return connect(options, environment, reporter)


def connection(
    options: ClusterOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> Connection:
    """What the clients of both ports are made from, sharing connections and credentials.

    ``observe`` is told method, status (0: no answer) and seconds of every exchange.
    """
    from pipeline.clusters.kubernetes import connections

    return connections(options, environment, reporter, observe=observe)


def remote_connection(
    kubeconfig: bytes,
    subject: str,
    environment: Environment,
    reporter: Reporter,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> Connection:
    """The cluster of a kubeconfig's text, which somebody else wrote; ``subject`` says where it is from."""
    from pipeline.clusters.kubernetes import remote_connections

    return remote_connections(kubeconfig, subject, environment, reporter, observe=observe)


def expressions() -> Expressions:
    """CEL."""
    from pipeline.expressions.cel import CelExpressions

    return CelExpressions()


def sops_decryptor(keys: SopsKeys, environment: Environment) -> Decryptor:
    """The real sops with these keys."""
    from pipeline.decryptors.sops import SopsDecryptor

    return SopsDecryptor(keys, environment)


def tree_builder(environment: Environment, *, allow_remote_bases: bool) -> TreeBuilder:
    """The real kustomize over files in memory."""
    from pipeline.renderers.kustomize_tree import KustomizeTreeBuilder

    return KustomizeTreeBuilder(environment, allow_remote_bases=allow_remote_bases)


def api_server(options: ClusterOptions, environment: Environment, reporter: Reporter) -> ApiServer:
    """The same API server, seen through single objects and streams."""
    from pipeline.clusters.kubernetes import connect_api

    return connect_api(options, environment, reporter)


def provenance(path: Path, environment: Environment, reporter: Reporter) -> Provenance:
    """Source and revision of what is at the path, from Git and the CI's variables."""
    from pipeline.environment import detect_provenance, is_in_checkout

    def git(arguments: Sequence[str]) -> str:
        # Starting a program takes longer than everything else that packaging does on its own.
        if not is_in_checkout(path, environment):
            raise ToolError(f"{path} is in no checkout")
        from pipeline.command import find_tool, run

        program = find_tool("git", environment)
        # Looking must not touch the index, which a build beside us may be using.
        argv = [str(program), "--no-optional-locks", *arguments]
        return run(argv, environment=environment, timeout=30).stdout.decode(errors="replace")

    return detect_provenance(path, environment, git, reporter)


def artifact_cache(options: PullerOptions) -> ArtifactCache:
    """Where the puller keeps artifacts.

    Raises:
        ConfigurationError: the folder cannot be used.
    """
    from pipeline.artifact_cache import ArtifactCache

    return ArtifactCache(Path(options.cache_dir) / "artifacts", options.cache_max_size)


def registry_pool(
    reporter: Reporter, clock: Clock, *, observe: Callable[[str, int, float], None] | None = None
) -> Callable[[Repository, RegistryOptions, Environment], Registry]:
    """Registries for a process that lives long: connections, logins and tokens are kept and shared.

    ``observe`` is told method, status (0: no answer) and seconds of every exchange.
    """
    from pipeline.registries.oci.pool import RegistryPool

    return RegistryPool(reporter, clock, observe=observe).connect


def matching_tags(expression: str, tags: Sequence[str]) -> Sequence[str]:
    """Those of the tags that match Go's regular expression; see ``expressions/regular.py``."""
    from pipeline.expressions.regular import matching

    return matching(expression, tags)


def clock() -> Clock:
    """The machine's time."""
    from pipeline.clock import SystemClock

    return SystemClock()


def writer(environment: Environment) -> str:
    """Who runs this, for the inventory: the CI job's address, or ``user@host``."""
    from pipeline.environment import running_as

    return running_as(environment)


def trusted_manifests(
    what: str,
    trust: TrustPolicy | UnsafeSkipVerification,
    options: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
) -> TrustedManifests:
    """What may be applied: an artifact whose signature holds, or a folder for who asked to skip verification.

    Raises:
        TrustError: no signature is accepted, or a folder is to be applied without the request to skip verification.
    """
    if is_reference(what):
        from pipeline.stages.fetch import fetch

        reference = parse_reference(what)
        store = registry(reference.repository, options, environment, reporter)
        return fetch(reference, store, trust_ports(environment, reporter), trust)
    if isinstance(trust, TrustPolicy):
        raise TrustError(
            f"{what} is a folder, and nobody can sign a folder",
            hint="publish it (package, sign) and apply the artifact, or say --insecure-skip-verification",
        )
    from pipeline.stages.build import build
    from pipeline.stages.fetch import trust_local

    found = provenance(Path(what), environment, reporter)
    built = build((Source(Path(what)),), renderers(environment, reporter))
    return trust_local(built.manifests, trust, source=found.source, revision=found.revision)


def sbom(name: str) -> SbomFormat:
    """The format of bills of materials of that name: ``cyclonedx`` or ``spdx``."""
    if name == "spdx":
        from pipeline.sboms.spdx import SpdxFormat

        return SpdxFormat()
    from pipeline.sboms.cyclonedx import CycloneDxFormat

    return CycloneDxFormat()


def build_platform(environment: Environment) -> BuildPlatform:
    """Where this process runs, in the words of SLSA provenance."""
    from pipeline.build_environment import detect_platform

    return detect_platform(environment)


def materials(sources: Sequence[Source], environment: Environment, reporter: Reporter) -> tuple[Material, ...]:
    """What the sources are made of beside themselves; nothing is rendered."""
    from pipeline.stages.build import materials_of

    return materials_of(sources, renderers(environment, reporter))
