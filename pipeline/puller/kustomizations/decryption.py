"""Which keys open the encrypted files of a Kustomization."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.flux.options import PullerOptions
from pipeline.ports import ApiServer, Decryptor, Environment


def decryptors(
    api_server: ApiServer, options: PullerOptions, environment: Environment
) -> Callable[[KustomizationSpec, str], Decryptor | None]:
    """What makes the decryptor of a Kustomization in a namespace; none where it asks for none."""
    del api_server, options, environment

    def decryptor(spec: KustomizationSpec, namespace: str) -> Decryptor | None:
        del spec, namespace
        return None

    return decryptor
