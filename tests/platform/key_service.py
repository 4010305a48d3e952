"""AWS KMS on loopback: moto's server, corrected where it signs otherwise than AWS does."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

REGION = "eu-central-1"


@dataclass(frozen=True)
class KeyService:
    """Where it listens, and how to log in."""

    address: str

    @property
    def environment(self) -> dict[str, str]:
        """For the AWS SDKs of any language; nothing of the machine's own configuration."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:  # noqa: ANN401 - botocore makes its classes as it runs
        import boto3

        return boto3.session.Session("test", "test", region_name=REGION).client(
            "kms", endpoint_url=f"http://{self.address}"
        )

    def make_key(self, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY", alias: str = "") -> str:
        """Create a key; returns its ARN."""
        client = self.client()
        arn: str = client.create_key(KeyUsage=usage, KeySpec=spec)["KeyMetadata"]["Arn"]
        if alias:
            client.create_alias(AliasName=f"alias/{alias}", TargetKeyId=arn)
        return arn


@contextmanager
def key_service() -> Iterator[KeyService]:
    """Serve until the end of the block."""
    from moto.kms.models import kms_backends
    from moto.kms.responses import KmsResponse
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    original = KmsResponse.sign
    with patch.object(KmsResponse, "sign", lambda self: _sign(self, original)):
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield KeyService(f"{host}:{port}")
        finally:
            server.stop()
            # It keeps its keys in the process, where the next one would find them.
            for _, _, backend in kms_backends.iter_backends():
                backend.reset()


def _sign(self: Any, original: Any) -> str:  # noqa: ANN401 - moto has no types
    """AWS signs a digest as it is; moto would hash it once more."""
    if self._get_param("MessageType") != "DIGEST":
        answer: str = original(self)
        return answer
    key_id, algorithm = self._get_param("KeyId"), self._get_param("SigningAlgorithm")
    self._validate_key_id(key_id)
    # moto checks usage, state and algorithm, and its own signature is thrown away.
    arn, _, _ = self.kms_backend.sign(key_id=key_id, message=b"checked", signing_algorithm=algorithm)
    private = self.kms_backend.describe_key(key_id).private_key.private_key
    digest = self._get_param("Message")
    digest = digest if isinstance(digest, bytes) else base64.b64decode(digest)
    hashed = Prehashed(SHA256())
    if isinstance(private, ec.EllipticCurvePrivateKey):
        signature = private.sign(digest, ec.ECDSA(hashed))
    else:
        signature = private.sign(digest, padding.PKCS1v15(), hashed)
    encoded = base64.b64encode(signature).decode()
    return json.dumps({"KeyId": arn, "Signature": encoded, "SigningAlgorithm": algorithm})
