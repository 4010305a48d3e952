"""Microsoft Entra's token endpoint on loopback, and what a registry of Azure exchanges its tokens for."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.platform.certificates import KeyPair
from tests.platform.providers.identity_tokens import SUBJECT, Issuer, RefusedTokenError
from tests.platform.providers.serving import Request, Response, Served, as_json

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
USER = "00000000-0000-0000-0000-000000000000"
_SCOPE = "https://containerregistry.azure.net/.default"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Azure:
    """One application with a federated credential for the issuer, and the registry that it has a role on."""

    issuer: Issuer
    registry: str
    audience: str = "api://AzureADTokenExchange"
    lifetime: float = 3 * 3600
    is_denied: bool = False
    entra: Issuer = field(default_factory=lambda: Issuer("https://sts.windows.net/"))
    acr: Issuer = field(default_factory=lambda: Issuer("Azure Container Registry"))
    secrets: list[str] = field(default_factory=list)

    def serve(self, certificate: KeyPair) -> Served:
        """Entra's server; the library speaks to none without TLS."""
        return Served(self._entra, certificate)

    def environment(self, served: Served) -> dict[str, str]:
        """What azure/login and the webhook of Kubernetes set as well."""
        return {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_AUTHORITY_HOST": served.url}

    def accepts(self, username: str, password: str) -> bool:
        """Whether the registry takes this login now."""
        try:
            self.acr.claims(password, self.registry)
        except RefusedTokenError:
            return False
        return username == USER

    def exchange(self, request: Request) -> Response:
        """``POST /oauth2/exchange`` of the registry."""
        form = request.form
        if request.method != "POST" or form.get("grant_type") != "access_token" or form.get("service") != self.registry:
            return _acr_error("UNSUPPORTED", "grant_type or service", 400)
        if form.get("tenant", TENANT) != TENANT:
            return _acr_error("UNAUTHORIZED", "another tenant", 401)
        try:
            self.entra.claims(form.get("access_token", ""), "https://containerregistry.azure.net")
        except RefusedTokenError as error:
            return _acr_error("UNAUTHORIZED", f"{error}: {form.get('access_token')}", 401)
        if self.is_denied:
            return _acr_error("DENIED", "retrieving permissions failed", 403)
        token = self.acr.issue(self.registry, subject=CLIENT, lifetime=self.lifetime, grant_type="refresh_token")
        self.secrets.append(token)
        return as_json({"refresh_token": token})

    def _entra(self, request: Request) -> Response:
        form = request.form
        if request.method != "POST" or request.path != f"/{TENANT}/oauth2/v2.0/token":
            return Response(404)
        is_whole = form.get("client_assertion_type") == _ASSERTION and form.get("grant_type") == "client_credentials"
        if not is_whole or form.get("client_id") != CLIENT:
            return _entra_error("AADSTS700016", "the application was not found")
        if form.get("scope") != _SCOPE:
            return _entra_error("AADSTS70011", f"the scope {form.get('scope')} is not valid")
        try:
            claims = self.issuer.claims(form.get("client_assertion", ""), self.audience)
        except RefusedTokenError as error:
            # It repeats what it was sent, as the worst that a client must expect.
            return _entra_error("AADSTS700211", f"{error}: {form.get('client_assertion')}")
        if claims["sub"] != SUBJECT:
            return _entra_error("AADSTS700213", "No matching federated identity record found for presented subject")
        token = self.entra.issue("https://containerregistry.azure.net", subject=CLIENT, lifetime=3600, tid=TENANT)
        self.secrets.append(token)
        return as_json({"token_type": "Bearer", "expires_in": 3600, "access_token": token})


def _entra_error(code: str, text: str) -> Response:
    return as_json({"error": "invalid_client", "error_description": f"{code}: {text}", "error_codes": [1]}, 401)


def _acr_error(code: str, text: str, status: int) -> Response:
    return as_json({"errors": [{"code": code, "message": text}]}, status)
