"""The composition root: options become adapters here and nowhere else; every adapter is imported when it is needed."""

from __future__ import annotations

from pipeline.model.connections import ClusterOptions, RegistryOptions
from pipeline.model.reference import Repository
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


def cosign_signer(key_file: str, signature_format: str, read_password: object) -> Signer:
    """A signer with a cosign private key; the password is asked for only when the key is opened."""
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.from_file(key_file, signature_format, read_password)


def cosign_verifier() -> Verifier:
    """The verifier for cosign key signatures in either format."""
    from pipeline.signers.cosign import CosignVerifier

    return CosignVerifier()


def cluster(options: ClusterOptions, environment: Environment, reporter: Reporter) -> Cluster:
    """The API server of the chosen context, or the one we run in."""
    from pipeline.clusters.kubernetes import connect

    return connect(options, environment, reporter)
