"""The composition root: options become adapters here and nowhere else; every adapter is imported when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.environment import Provenance
from pipeline.model.connections import ClusterOptions, RegistryOptions
from pipeline.model.outcome.keys import KeyPairResult, KeyResult
from pipeline.model.reference import Repository
from pipeline.model.trust import SignatureFormat, TrustPolicy
from pipeline.ports import Cluster, Environment, Registry, Renderer, Reporter, Signer, Verifier


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


def cosign_signer(key_file: str, signature_format: SignatureFormat, read_password: Callable[[], bytes]) -> Signer:
    """A signer with a private key; the password is asked for only where the key is encrypted."""
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.from_file(key_file, signature_format, read_password)


def cosign_verifier() -> Verifier:
    """The verifier for cosign key signatures in either format."""
    from pipeline.signers.cosign import CosignVerifier

    return CosignVerifier()


def trust_policy(key_files: Sequence[str]) -> TrustPolicy:
    """Trust whoever holds one of these public keys; the files are read and checked now."""
    if not key_files:
        return TrustPolicy()
    from pipeline.signers.cosign import read_public_key

    return TrustPolicy(tuple(read_public_key(file) for file in dict.fromkeys(key_files)))


def generate_key_pair(prefix: str, read_password: Callable[[], bytes]) -> KeyPairResult:
    """Write ``<prefix>.key`` and ``<prefix>.pub``."""
    from pipeline.signers.cosign import generate_key_pair

    return generate_key_pair(prefix, read_password)


def describe_key(file: str, read_password: Callable[[], bytes]) -> KeyResult:
    """What a public or private key file holds."""
    from pipeline.signers.cosign import describe_key

    return describe_key(file, read_password)


def cluster(options: ClusterOptions, environment: Environment, reporter: Reporter) -> Cluster:
    """The API server of the chosen context, or the one we run in."""
    from pipeline.clusters.kubernetes import connect

    return connect(options, environment, reporter)


def provenance(path: Path, environment: Environment, reporter: Reporter) -> Provenance:
    """Source and revision of what is at the path, from Git and the CI's variables."""
    from pipeline.command import find_tool, run
    from pipeline.environment import detect_provenance

    def git(arguments: Sequence[str]) -> str:
        program = find_tool("git", environment)
        # Looking must not touch the index, which a build beside us may be using.
        surroundings = {**environment, "GIT_OPTIONAL_LOCKS": "0"}
        return run([program, *arguments], environment=surroundings, timeout=30).stdout.decode(errors="replace")

    return detect_provenance(path, environment, git, reporter)
