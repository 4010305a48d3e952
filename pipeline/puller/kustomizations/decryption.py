"""Which keys open the encrypted files of a Kustomization."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from pipeline import wiring
from pipeline.errors import PipelineError
from pipeline.model.flux import api
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.flux.options import PullerOptions
from pipeline.model.kustomizing.sops_keys import read_sops_keys
from pipeline.ports import ApiServer, Decryptor, Environment
from pipeline.puller.kustomizations.stops import StopError


def decryptors(
    api_server: ApiServer, options: PullerOptions, environment: Environment
) -> Callable[[KustomizationSpec, str], Decryptor | None]:
    """What makes the decryptor of a Kustomization in a namespace; none where it asks for none.

    What it makes raises ``StopError`` where the keys are missing or no keys.
    """

    def read(namespace: str, name: str) -> dict[str, bytes]:
        secret = api_server.read(api.SECRETS, namespace, name)
        if secret is None:
            raise StopError(api.BUILD_FAILED, f"Secret {namespace}/{name} with the decryption keys does not exist")
        try:
            data = secret.get("data") or {}
            return {key: base64.b64decode(value, validate=True) for key, value in data.items()}
        except (binascii.Error, ValueError):
            raise StopError(api.BUILD_FAILED, f"Secret {namespace}/{name}: its data are not base64") from None

    def decryptor(spec: KustomizationSpec, namespace: str) -> Decryptor | None:
        if spec.decryption is None:
            return None
        if spec.decryption.service_account:
            raise StopError(
                api.BUILD_FAILED,
                "spec.decryption.serviceAccountName asks for a cloud provider's login, which this puller does not have;"
                " expected keys in spec.decryption.secretRef",
                is_final=True,
            )
        keys: dict[str, bytes] = {}
        is_own = bool(spec.decryption.secret)
        if is_own:
            keys = read(namespace, spec.decryption.secret)
        elif options.sops_age_secret:
            keys = read(options.namespace, options.sops_age_secret)
        try:
            return wiring.sops_decryptor(read_sops_keys(keys, age_only=not is_own), environment)
        except PipelineError as error:
            raise StopError(api.BUILD_FAILED, error.message) from None

    return decryptor
