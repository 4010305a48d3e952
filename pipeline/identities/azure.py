"""Azure Container Registry: a token of Microsoft Entra by azure-identity (extra ``azure``), exchanged at the registry.

Who: ``AZURE_TENANT_ID`` and ``AZURE_CLIENT_ID`` with a federated token, from ``AZURE_FEDERATED_TOKEN_FILE`` or the CI;
or else the machine's managed identity. The registry's ``/oauth2/exchange`` gives a refresh token for it, which is the
password of a user whose name is all zeroes. Source: "Azure Container Registry integration with Azure Active Directory".
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from pipeline.errors import IdentityError, RegistryError
from pipeline.identities import subject_tokens
from pipeline.identities.discretion import Discretion
from pipeline.identities.exchanging import Answer, exchange
from pipeline.identities.libraries import require
from pipeline.model.documents.jwt import unverified_claims
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import AzureCloud, azure_cloud, bare_host
from pipeline.ports import Environment

USER = "00000000-0000-0000-0000-000000000000"
_AUDIENCE = "api://AzureADTokenExchange"
_AUDIENCE_OF_CHINA = "api://AzureADTokenExchangeChina"
_FILE_VARIABLE = "AZURE_FEDERATED_TOKEN_FILE"
_LIFETIME = 3 * 3600.0
"""Seconds; of the registry's refresh tokens, where they do not say."""
_TIMEOUT = 15


class AzureIdentity:
    """An application or managed identity of Microsoft Entra."""

    def __init__(self, environment: Environment, discretion: Discretion, ca_file: str | None = None) -> None:
        self._environment = environment
        self._discretion = discretion
        self._ca_file = ca_file

    def serves(self, host: str) -> bool:
        """Whether it is a registry of Azure."""
        return azure_cloud(host) is not None

    def credentials(self, host: str) -> Credentials:
        """The registry's refresh token, as a password for some hours."""
        cloud = azure_cloud(host)
        if cloud is None:
            raise IdentityError(f"{host} is no registry of Azure")
        require("azure.identity", "azure", f"the login to {host}")
        token = self._entra_token(host, cloud)
        form = {"grant_type": "access_token", "service": bare_host(host), "access_token": token}
        tenant = self._environment.get("AZURE_TENANT_ID", "")
        answer = exchange(
            f"https://{host}/oauth2/exchange",
            environment=self._environment,
            who="Azure Container Registry",
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({**form, "tenant": tenant} if tenant else form),
            ca_file=self._ca_file,
        )
        refresh_token = self._refresh_token(host, answer)
        return Credentials(USER, refresh_token, expires=_expiry(refresh_token))

    def _entra_token(self, host: str, cloud: AzureCloud) -> str:
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.identity import CredentialUnavailableError

        try:
            token: str = self._account(host, cloud).get_token(cloud.scope).token
        except CredentialUnavailableError:
            raise self._nobody(host) from None
        except ClientAuthenticationError as error:
            raise RegistryError(
                f"{host}: Microsoft Entra refuses the identity: {self._discretion.said(error.message)}",
                hint="look at the application's federated credential: its issuer, subject and audience",
                code="registry.denied",
            ) from None
        except AzureError as error:
            # What the library says may repeat the request; its kind says enough.
            raise RegistryError(
                f"{host}: Microsoft Entra cannot be asked ({type(error).__name__})",
                hint="look at the network, and at AZURE_AUTHORITY_HOST",
                code="registry.unreachable",
            ) from None
        return self._discretion.keep(token)

    def _account(self, host: str, cloud: AzureCloud) -> Any:  # noqa: ANN401 - the library's several classes
        from azure.identity import ClientAssertionCredential, ManagedIdentityCredential

        environment = self._environment
        tenant, client = environment.get("AZURE_TENANT_ID", ""), environment.get("AZURE_CLIENT_ID", "")
        file = environment.get(_FILE_VARIABLE, "")
        # Few tries: who runs this waits for it.
        bounds = {"connection_timeout": _TIMEOUT, "read_timeout": _TIMEOUT, "retry_total": 2}
        if tenant and client and (file or subject_tokens.is_given(environment)):
            authority = environment.get("AZURE_AUTHORITY_HOST") or cloud.authority
            try:
                return ClientAssertionCredential(
                    tenant, client, lambda: self._assertion(file, cloud), authority=authority, **bounds
                )
            except ValueError:
                raise IdentityError(
                    f"{host}: AZURE_TENANT_ID or AZURE_AUTHORITY_HOST makes no sense; expected a tenant's id or domain,"
                    " and an https address"
                ) from None
        # The machine's own: it answers at once or is not there.
        return ManagedIdentityCredential(client_id=client or None, connection_timeout=3, retry_total=1)

    def _assertion(self, file: str, cloud: AzureCloud) -> str:
        if file:
            return subject_tokens.token_in(file, _FILE_VARIABLE, self._discretion)
        audience = _AUDIENCE_OF_CHINA if cloud.authority.endswith(".cn") else _AUDIENCE
        return subject_tokens.subject_token(self._environment, audience, self._discretion)

    def _nobody(self, host: str) -> IdentityError:
        return IdentityError(
            f"{host}: there is no identity of Azure here; looked for AZURE_TENANT_ID and AZURE_CLIENT_ID with a"
            f" federated token ({_FILE_VARIABLE}, {subject_tokens.TOKEN_VARIABLE}, GitHub Actions), and for a managed"
            " identity",
            hint="set AZURE_TENANT_ID and AZURE_CLIENT_ID in a job that has an identity token",
        )

    def _refresh_token(self, host: str, answer: Answer) -> str:
        try:
            document = json.loads(answer.data)
        except (ValueError, RecursionError):
            document = None
        token = document.get("refresh_token") if isinstance(document, dict) else None
        if answer.status == 200 and isinstance(token, str) and token.isascii() and token.isprintable():  # noqa: PLR2004 - OK
            return self._discretion.keep(token)
        if answer.status in {400, 401, 403}:
            said = self._discretion.said(answer.data.decode("utf-8", "replace"))
            raise RegistryError(
                f"{host}: the registry does not exchange the token (HTTP {answer.status}): {said}",
                hint="give the identity a role on the registry: AcrPull, AcrPush",
                code="registry.denied",
            )
        raise RegistryError(f"{host}: the registry answered the exchange with HTTP {answer.status} and no token")


def _expiry(token: str) -> float:
    """When the token says that it ends; where it does not say, some hours from now."""
    ends = (unverified_claims(token) or {}).get("exp")
    try:
        return float(ends) if isinstance(ends, int | float) else time.time() + _LIFETIME
    except OverflowError:
        return time.time() + _LIFETIME
