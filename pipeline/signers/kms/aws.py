"""Keys in AWS KMS, by the AWS SDK (extra ``aws``); its variables, profiles and roles decide who asks.

URIs are cosign's (``sigstore/sigstore``, ``pkg/signature/kms/aws``): ``awskms://[ENDPOINT]/ID``, where ID is a key's id
or ARN, or an alias' name or ARN.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.errors import ConfigurationError, ToolError, TrustError
from pipeline.signers.cosign import public_keys

if TYPE_CHECKING:
    from pipeline.signers.cosign.public_keys import VerifyingKey

SCHEME = "awskms"

_KEY = r"(?:mrk-)?[A-Fa-f0-9]{8}-?(?:[A-Fa-f0-9]{4}-?){3}[A-Fa-f0-9]{12}|mrk-[A-Fa-f0-9]{32}"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_URI = re.compile(
    r"awskms://(?P<endpoint>[A-Za-z0-9.:\[\]-]*)/"
    rf"(?P<key>(?P<arn>arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{{12}}:(?:key/)?)?(?:{_KEY}|{_ALIAS}))"
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TIMEOUT = 15
_ATTEMPTS = 4
_DENIED = frozenset({"AccessDeniedException", "AccessDenied"})
_LOGIN = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException", "InvalidSignatureException",
     "IncompleteSignature", "MissingAuthenticationToken"}
)  # fmt: skip
_STATE = frozenset({"DisabledException", "KMSInvalidStateException"})
_BUSY = frozenset({"ThrottlingException", "Throttling", "LimitExceededException", "RequestLimitExceeded"})


@dataclass(frozen=True, slots=True)
class AwsKeyReference:
    """Which key, asked for where."""

    uri: str
    key: str
    """A key's id or ARN, or an alias' name or ARN."""
    endpoint: str = ""
    """``HOST[:PORT]``; empty for the region's own."""
    region: str = ""
    """Named by the ARN; else the SDK's configuration says."""

    @classmethod
    def parse(cls, uri: str) -> AwsKeyReference:
        """Read a URI.

        Raises:
            ConfigurationError: it names no key.
        """
        match = _URI.fullmatch(uri)
        if match is None:
            raise ConfigurationError(
                f"{ascii(uri)[:160]} names no key of AWS KMS",
                hint="expected awskms:///alias/NAME, awskms:///KEY-ID or awskms:///ARN, "
                "with HOST[:PORT] after awskms:// for another endpoint",
            )
        return cls(uri, match["key"], match["endpoint"], match["region"] or "")

    @property
    def endpoint_url(self) -> str | None:
        """HTTPS, except on loopback, where emulators listen."""
        if not self.endpoint:
            return None
        scheme = "http" if urlsplit(f"//{self.endpoint}").hostname in _LOOPBACK else "https"
        return f"{scheme}://{self.endpoint}"


class AwsKey:
    """A private key that never leaves AWS KMS: it signs digests there, and hands out its public half."""

    def __init__(self, reference: AwsKeyReference) -> None:
        self._reference = reference

    @classmethod
    def open(cls, uri: str) -> AwsKey:
        """Name a key; nobody is asked before its public key or a signature is wanted.

        Raises:
            ConfigurationError: the URI names no key.
        """
        return cls(AwsKeyReference.parse(uri))

    def public_key(self) -> VerifyingKey:
        """The public half, fetched once.

        Raises:
            ConfigurationError: there is no such key, it may not be read, or it cannot sign here.
            ToolError: AWS KMS cannot be reached or is too busy.
        """
        return self._public_key

    def sign(self, content: bytes) -> bytes:
        """A signature over the content's SHA-256, checked with the public key.

        Raises:
            ConfigurationError: the key is gone, may not be used, or is not the one that its public half says.
            ToolError: AWS KMS cannot be reached or is too busy.
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        key = self._public_key
        made = self._ask(
            "Sign",
            KeyId=self._reference.key,
            # The content may be longer than the 4096 bytes that KMS would hash itself.
            Message=hashlib.sha256(content).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256" if isinstance(key, RSAPublicKey) else "ECDSA_SHA_256",
        )
        signature = bytes(made["Signature"])
        if not public_keys.is_signed_by(key, signature, content):
            raise ConfigurationError(
                f"{self._reference.uri} made a signature that its own public key does not accept",
                hint="if the alias has just been moved to another key, try again",
            )
        return signature

    @cached_property
    def _public_key(self) -> VerifyingKey:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        uri = self._reference.uri
        answer = self._ask("GetPublicKey", KeyId=self._reference.key)
        if not answer.get("SigningAlgorithms"):
            usage = ascii(answer.get("KeyUsage") or "another use")[1:80].rstrip("'")
            raise ConfigurationError(
                f"{uri} is a key for {usage}, not for signatures", hint="make one with KeyUsage SIGN_VERIFY"
            )
        try:
            key = public_keys.check_kind(load_der_public_key(answer["PublicKey"]), uri)
        except TrustError as error:
            raise ConfigurationError(error.message, hint="make one with KeySpec ECC_NIST_P256") from None
        except public_keys.unreadable():
            raise ConfigurationError(f"{uri}: AWS KMS sent a public key that cannot be read") from None
        if isinstance(key, EllipticCurvePublicKey) and key.curve.name != "secp256r1":
            # Flux and `cosign verify` check with SHA-256 alone, which KMS does not sign with on larger curves.
            raise ConfigurationError(
                f"{uri} is {public_keys.key_type(key)}, which AWS KMS signs with a hash that Flux does not check",
                hint="make one with KeySpec ECC_NIST_P256 or RSA_3072",
            )
        return key

    def _ask(self, operation: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - what the operation takes
        from botocore.exceptions import BotoCoreError, ClientError

        method = {"Sign": "sign", "GetPublicKey": "get_public_key"}[operation]
        try:
            answer: dict[str, Any] = getattr(self._client, method)(**request)
        except ClientError as error:
            raise _refused(self._reference.uri, operation, error.response) from None
        except BotoCoreError as error:
            raise _failed(self._reference.uri, error) from None
        return answer

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - botocore makes its classes as it runs
        _require_sdk()
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        reference = self._reference
        config = Config(
            connect_timeout=_TIMEOUT,
            read_timeout=_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )
        try:
            client = boto3.session.Session().client(
                "kms", region_name=reference.region or None, endpoint_url=reference.endpoint_url, config=config
            )
        except (BotoCoreError, ValueError) as error:
            raise _failed(reference.uri, error) from None
        # The SDK takes endpoints from variables and profiles as well.
        endpoint = urlsplit(client.meta.endpoint_url)
        if endpoint.scheme != "https" and endpoint.hostname not in _LOOPBACK:
            raise ConfigurationError(
                f"{reference.uri}: the endpoint {endpoint.scheme}://{endpoint.hostname} is not encrypted",
                hint="only loopback may be plain HTTP; look at AWS_ENDPOINT_URL and the AWS profile",
            )
        return client


def _require_sdk() -> None:
    try:
        import boto3  # noqa: F401 - only whether it is there
    except ImportError:
        raise ConfigurationError(
            "keys in AWS KMS need the AWS SDK, which is not installed",
            hint="pip install 'gitless-pipeline[aws]'",
            code="configuration.kms",
        ) from None


def _refused(uri: str, operation: str, response: dict[str, Any]) -> ConfigurationError | ToolError:
    code = str(response.get("Error", {}).get("Code", ""))
    said = ascii(str(response.get("Error", {}).get("Message", "")))[1:-1][:240]
    if code in _BUSY or code.startswith("5") or code in {"InternalFailure", "KMSInternalException"}:
        return ToolError(f"{uri}: AWS KMS is too busy ({code})", hint="try again later", code="tool.kms")
    return ConfigurationError(f"{uri}: {_reason(code, operation)}: {said}", hint=_hint(code, operation), code=_CODE)


_CODE = "configuration.kms"


def _reason(code: str, operation: str) -> str:
    if code in _DENIED:
        return f"AWS denies kms:{operation}"
    if code in _LOGIN:
        return "AWS does not accept the credentials"
    if code in _STATE:
        return "the key cannot be used now"
    if code == "NotFoundException":
        return "there is no such key"
    if code in {"InvalidKeyUsageException", "UnsupportedOperationException"}:
        return "the key is not for signatures"
    return f"AWS KMS refuses {operation} ({ascii(code)[1:-1][:60]})"


def _hint(code: str, operation: str) -> str | None:
    if code in _DENIED:
        return f"allow kms:{operation} on the key to whoever runs this (key policy or IAM)"
    if code in _LOGIN:
        return "look at AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or at the role of the job"
    if code in _STATE:
        return "enable it, or cancel its deletion"
    if code == "NotFoundException":
        return "look at the alias, the account and the region (AWS_REGION)"
    if code in {"InvalidKeyUsageException", "UnsupportedOperationException"}:
        return "make one with KeyUsage SIGN_VERIFY"
    return None


def _failed(uri: str, error: Exception) -> ConfigurationError | ToolError:
    name = type(error).__name__
    if name == "NoRegionError":
        return ConfigurationError(
            f"{uri} names no region", hint="set AWS_REGION, or name the key by its ARN", code=_CODE
        )
    if name in {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"}:
        return ConfigurationError(
            f"{uri}: there are no AWS credentials to ask with ({name})",
            hint="set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role",
            code=_CODE,
        )
    # What the SDK says may repeat a request; its kind says enough.
    return ToolError(
        f"{uri}: AWS KMS cannot be asked ({name})", hint="look at the endpoint and the network", code="tool.kms"
    )
