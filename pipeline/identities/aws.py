"""AWS ECR, private and public: ``GetAuthorizationToken`` by the AWS SDK (extra ``aws``).

Who asks is decided by the SDK's variables, profiles and roles, ``AWS_WEB_IDENTITY_TOKEN_FILE`` among them; or by
``AWS_ROLE_ARN`` and the CI's token, which STS' ``AssumeRoleWithWebIdentity`` is given. Sources: the API references of
ECR, ECR Public and STS.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import IdentityError, PipelineError, RegistryError
from pipeline.identities import subject_tokens
from pipeline.identities.discretion import Discretion
from pipeline.identities.exchanging import is_loopback
from pipeline.identities.libraries import require
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import EcrHost, ecr_host
from pipeline.ports import Environment

_AUDIENCE = "sts.amazonaws.com"
_TIMEOUT = 15
_ATTEMPTS = 3
_OWN_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE")
"""Where these are set, somebody has decided already who this is."""
_NOBODY = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError", "SSOTokenLoadError",
     "UnauthorizedSSOTokenError", "CredentialRetrievalError"}
)  # fmt: skip
_BUSY = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalFailure", "ServerException"})


class AwsIdentity:
    """A role or user of AWS."""

    def __init__(self, environment: Environment, discretion: Discretion) -> None:
        self._environment = environment
        self._discretion = discretion

    def serves(self, host: str) -> bool:
        """Whether it is a registry of ECR."""
        return ecr_host(host) is not None

    def credentials(self, host: str) -> Credentials:
        """A login for twelve hours, as ECR decides."""
        registry = ecr_host(host)
        if registry is None:
            raise IdentityError(f"{host} is no registry of AWS ECR")
        require("boto3", "aws", f"the login to {host}")
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            given = self._authorization(host, registry)
        except ClientError as error:
            raise self._refused(host, error.response, error.operation_name) from None
        except BotoCoreError as error:
            raise _failed(host, error) from None
        return self._read(host, given)

    def _authorization(self, host: str, registry: EcrHost) -> dict[str, Any]:
        session = self._session(host, registry)
        if registry.is_public:
            public: dict[str, Any] = self._client(session, "ecr-public", registry, host).get_authorization_token()
            return dict(public["authorizationData"])
        answer = self._client(session, "ecr", registry, host).get_authorization_token()
        return dict(answer["authorizationData"][0])

    def _session(self, host: str, registry: EcrHost) -> Any:  # noqa: ANN401 - boto3 has no types
        import boto3

        environment = self._environment
        role = environment.get("AWS_ROLE_ARN", "")
        if not role or any(environment.get(name) for name in _OWN_KEYS) or not subject_tokens.is_given(environment):
            # Where the SDK itself exchanges a token, it asks the service of this region; it may be told of no other.
            return boto3.session.Session(region_name=registry.region)
        from botocore import UNSIGNED

        audience = f"{_AUDIENCE}.cn" if registry.is_china else _AUDIENCE
        token = subject_tokens.subject_token(environment, audience, self._discretion)
        nobody = boto3.session.Session(aws_access_key_id="", aws_secret_access_key="")
        answer = self._client(nobody, "sts", registry, host, signature_version=UNSIGNED).assume_role_with_web_identity(
            RoleArn=role,
            RoleSessionName=environment.get("AWS_ROLE_SESSION_NAME") or "gitless",
            WebIdentityToken=token,
        )["Credentials"]
        return boto3.session.Session(
            aws_access_key_id=answer["AccessKeyId"],
            aws_secret_access_key=self._discretion.keep(answer["SecretAccessKey"]),
            aws_session_token=self._discretion.keep(answer["SessionToken"]),
        )

    def _client(self, session: Any, service: str, registry: EcrHost, host: str, **config: Any) -> Any:  # noqa: ANN401 - botocore makes its classes as it runs
        from botocore.config import Config

        settings = Config(
            connect_timeout=_TIMEOUT,
            read_timeout=_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            **config,
        )
        try:
            client = session.client(service, region_name=registry.region, config=settings)
        except ValueError:
            raise IdentityError(f"{host}: an address of the AWS SDK is none; look at AWS_ENDPOINT_URL") from None
        # The SDK takes endpoints from variables and profiles as well.
        endpoint = urlsplit(client.meta.endpoint_url)
        if endpoint.scheme != "https" and not is_loopback(endpoint.hostname or ""):
            raise IdentityError(
                f"{host}: the endpoint {endpoint.scheme}://{endpoint.hostname} is not encrypted",
                hint="only loopback may be plain HTTP; look at AWS_ENDPOINT_URL and the AWS profile",
            )
        return client

    def _read(self, host: str, given: dict[str, Any]) -> Credentials:
        encoded = self._discretion.keep(str(given.get("authorizationToken", "")))
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = colon = password = ""
        if not colon or not password:
            raise RegistryError(f"{host}: AWS ECR answered without a login")
        expires = given.get("expiresAt")
        return Credentials(user, self._discretion.keep(password), expires=expires.timestamp() if expires else None)

    def _refused(self, host: str, response: dict[str, Any], operation: str) -> PipelineError:
        code = str(response.get("Error", {}).get("Code", ""))
        said = self._discretion.said(str(response.get("Error", {}).get("Message", "")))
        if code in _BUSY or code.startswith("5"):
            return RegistryError(
                f"{host}: AWS is too busy for {operation} ({ascii(code)[1:-1][:60]})", hint="try it later"
            )
        hint = "allow ecr:GetAuthorizationToken to whoever runs this"
        if operation == "AssumeRoleWithWebIdentity":
            hint = "look at AWS_ROLE_ARN and the role's trust policy: its provider, audience and subject"
        elif "GetAuthorizationToken" not in said:
            hint = "look at AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or at the role of the job"
        return RegistryError(
            f"{host}: AWS refuses {operation} ({ascii(code)[1:-1][:60]}): {said}", hint=hint, code="registry.denied"
        )


def _failed(host: str, error: Exception) -> PipelineError:
    # What the SDK says may repeat a request; its kind says enough.
    name = type(error).__name__
    if name in _NOBODY:
        return IdentityError(
            f"{host}: there are no AWS credentials to ask with ({name})",
            hint="set AWS_ROLE_ARN in a job that has an identity token, or AWS_PROFILE, or AWS_ACCESS_KEY_ID",
        )
    return RegistryError(
        f"{host}: AWS cannot be asked for a login ({name})",
        hint="look at the network, and at AWS_ENDPOINT_URL",
        code="registry.unreachable",
    )
