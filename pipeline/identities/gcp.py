"""Google's Artifact Registry and Container Registry: an access token of Google Cloud, by google-auth (extra ``gcp``).

Whose: ``GOOGLE_APPLICATION_CREDENTIALS`` (a service account's key, or what says how a token is federated); or the CI's
own token and ``GITLESS_GCP_WORKLOAD_IDENTITY_PROVIDER``, with a service account to impersonate in
``GITLESS_GCP_SERVICE_ACCOUNT``; or the machine's, from its metadata server. Sources: "Authenticating to Artifact
Registry" (access token), AIP-4117 (external accounts), RFC 8693, the IAM Credentials API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from pipeline.errors import IdentityError, RegistryError
from pipeline.identities import subject_tokens
from pipeline.identities.discretion import Discretion
from pipeline.identities.exchanging import Answer, check_address, exchange
from pipeline.identities.libraries import require
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import is_gcp
from pipeline.ports import Environment

PROVIDER_VARIABLE = "GITLESS_GCP_WORKLOAD_IDENTITY_PROVIDER"
ACCOUNT_VARIABLE = "GITLESS_GCP_SERVICE_ACCOUNT"
_FILE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
_USER = "oauth2accesstoken"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_PROVIDER = re.compile(
    r"(?://iam\.googleapis\.com/|https://iam\.googleapis\.com/)?"
    r"(projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+)"
)
_ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+")
_OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
"""gcloud's own, for private endpoints."""
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_MAX_FILE = 256 * 1024
_METADATA_TIMEOUT = 3.0
_ADDRESSES = ("token_url", "service_account_impersonation_url", "token_uri")
_WHO = "Google Cloud"
_TOKENS = frozenset({"access_token", "accessToken", "id_token", "value"})
_TOKEN_BEGINS = "eyJ"  # noqa: S105 - what one begins with
"""So does every JWT, under whatever name it comes."""


class GcpIdentity:
    """An account of Google Cloud."""

    def __init__(self, environment: Environment, discretion: Discretion) -> None:
        self._environment = environment
        self._discretion = discretion

    def serves(self, host: str) -> bool:
        """Whether it is Artifact Registry or Container Registry."""
        return is_gcp(host)

    def credentials(self, host: str) -> Credentials:
        """An access token, as a password that is good for about an hour."""
        if not is_gcp(host):
            raise IdentityError(f"{host} is no registry of {_WHO}")
        require("google.auth", "gcp", f"the login to {host}")
        from google.auth.exceptions import GoogleAuthError

        try:
            account = self._account(host)
            account.refresh(self._request)
        except GoogleAuthError as error:
            said = self._discretion.said(" ".join(str(part) for part in error.args))
            raise RegistryError(
                f"{host}: {_WHO} gives no access token: {said}",
                hint="look at the workload identity provider's audience and condition, and at the account's rights",
                code="registry.denied",
            ) from None
        if not account.token:
            raise RegistryError(f"{host}: {_WHO} answered without an access token")
        token = self._discretion.keep(str(account.token))
        # google-auth has UTC without saying so.
        expires = account.expiry.replace(tzinfo=UTC).timestamp() if account.expiry else None
        return Credentials(_USER, token, expires=expires)

    def _account(self, host: str) -> Any:  # noqa: ANN401 - the library's several classes
        file = self._environment.get(_FILE_VARIABLE, "")
        if file:
            return self._from_file(file)
        if self._environment.get(PROVIDER_VARIABLE):
            return self._federated(federation(self._environment))
        return self._of_the_machine(host)

    def _from_file(self, file: str) -> Any:  # noqa: ANN401 - the same
        document = _read(file)
        for name in _ADDRESSES:
            if document.get(name):
                check_address(str(document[name]), self._environment, f"{name} of {file}")
        kind = document.get("type")
        try:
            if kind == "external_account":
                return self._federated(document, file)
            if kind == "service_account":
                from google.oauth2 import service_account

                self._discretion.keep(str(document.get("private_key", "")))
                return service_account.Credentials.from_service_account_info(dict(document), scopes=_SCOPES)  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise IdentityError(f"{_FILE_VARIABLE} is {file}, in which something is missing or wrong") from None
        raise IdentityError(
            f"{_FILE_VARIABLE} is {file}, whose type {ascii(kind)[:60]} cannot be used here",
            hint="expected external_account or service_account",
        )

    def _federated(self, document: Mapping[str, Any], file: str = "") -> Any:  # noqa: ANN401 - the same
        from google.auth import identity_pool

        for name in ("audience", "subject_token_type", "token_url"):
            if not isinstance(document.get(name), str):
                raise IdentityError(f"{_FILE_VARIABLE} is {file}, in which {name} is missing or wrong")
        source = document.get("credential_source")
        if source is None:
            return identity_pool.Credentials(  # type: ignore[no-untyped-call]
                audience=document["audience"],
                subject_token_type=document["subject_token_type"],
                token_url=document["token_url"],
                service_account_impersonation_url=document.get("service_account_impersonation_url"),
                subject_token_supplier=_supplier(self._environment, self._discretion),
                scopes=_SCOPES,
            )
        if not isinstance(source, dict) or not (source.get("file") or source.get("url")):
            raise IdentityError(
                f"{_FILE_VARIABLE} is {file}, whose credential_source cannot be used here",
                hint="expected one with file or url",
            )
        if source.get("url"):
            check_address(str(source["url"]), self._environment, f"credential_source of {file}")
        return identity_pool.Credentials.from_info(dict(document), scopes=_SCOPES)  # type: ignore[no-untyped-call]

    def _of_the_machine(self, host: str) -> Any:  # noqa: ANN401 - the same
        from google.auth import compute_engine

        server = self._environment.get("GCE_METADATA_HOST") or "metadata.google.internal"
        try:
            answer = exchange(
                f"http://{server}/",
                environment={"GCE_METADATA_HOST": server},
                who=_WHO,
                headers={"Metadata-Flavor": "Google"},
                timeout=_METADATA_TIMEOUT,
                tries=1,
            )
            is_there = answer.headers.get("metadata-flavor") == "Google"
        except (RegistryError, IdentityError):
            is_there = False
        if not is_there:
            raise IdentityError(
                f"{host}: there is no identity of {_WHO} here; looked for {_FILE_VARIABLE}, {PROVIDER_VARIABLE}"
                " and a metadata server",
                hint=f"set {PROVIDER_VARIABLE} in a job that has an identity token",
            )
        return compute_engine.Credentials(scopes=_SCOPES)  # type: ignore[no-untyped-call]

    def _request(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_more: object,
    ) -> Answer:
        """google-auth's way to the network (``google.auth.transport.Request``)."""
        from google.auth.exceptions import TransportError

        try:
            answer = exchange(
                url,
                environment=self._environment,
                who=_WHO,
                method=method,
                headers=headers,
                body=body,
                timeout=timeout or 20.0,
            )
        except (RegistryError, IdentityError) as error:
            raise TransportError(error.message) from None  # type: ignore[no-untyped-call]
        self._keep_what_is_secret(answer)
        return answer

    def _keep_what_is_secret(self, answer: Answer) -> None:
        text = answer.data.decode("utf-8", "replace").strip()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = {"": text}
        for name, value in document.items() if isinstance(document, dict) else ():
            if isinstance(value, str) and (name in _TOKENS or value.startswith(_TOKEN_BEGINS)):
                self._discretion.keep(value)


def federation(environment: Environment) -> dict[str, Any]:
    """What the variables say about federation, as the document of an external account.

    Raises:
        IdentityError: they name no provider or no account.
    """
    match = _PROVIDER.fullmatch(environment.get(PROVIDER_VARIABLE, "").strip())
    if match is None:
        raise IdentityError(
            f"{PROVIDER_VARIABLE} names no workload identity provider",
            hint="expected projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
        )
    account = environment.get(ACCOUNT_VARIABLE, "").strip()
    if account and _ACCOUNT.fullmatch(account) is None:
        raise IdentityError(f"{ACCOUNT_VARIABLE} is no e-mail address of a service account")
    document: dict[str, Any] = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{match[1]}",
        "subject_token_type": _JWT,
        "token_url": f"{_endpoint(environment, 'sts')}/v1/token",
    }
    if account:
        place = f"v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        document["service_account_impersonation_url"] = f"{_endpoint(environment, 'iamcredentials')}/{place}"
    return document


def _endpoint(environment: Environment, service: str) -> str:
    return environment.get(_OVERRIDE + service.upper(), "").rstrip("/") or f"https://{service}.googleapis.com"


def _supplier(environment: Environment, discretion: Discretion) -> Any:  # noqa: ANN401 - google-auth's abstract class
    from google.auth import identity_pool

    class CiToken(identity_pool.SubjectTokenSupplier):
        def get_subject_token(self, context: Any, request: object) -> str:  # noqa: ANN401 - google-auth's signature
            del request
            # What Google's own action asks for; the provider accepts it unless it is told which audiences to allow.
            return subject_tokens.subject_token(environment, f"https:{context.audience}", discretion)

    return CiToken()


def _read(file: str) -> Mapping[str, Any]:
    try:
        with Path(file).open("rb") as stream:
            document = json.loads(stream.read(_MAX_FILE))
    except OSError as error:
        raise IdentityError(f"{_FILE_VARIABLE} is {file}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        # Nothing of the text is quoted: it holds keys.
        raise IdentityError(f"{_FILE_VARIABLE} is {file}, which is no JSON object")
    return document
