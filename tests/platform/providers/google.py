"""Google Cloud on loopback, as far as a login needs it: the token service, IAM credentials, a metadata server."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.platform.providers.identity_tokens import Issuer, RefusedTokenError
from tests.platform.providers.serving import Request, Response, Served, as_json

PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/ci/providers/github"
ACCOUNT = "publisher@acme.iam.gserviceaccount.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_OWN = "/computeMetadata/v1/instance/service-accounts"


@dataclass
class Google:
    """One workload identity pool that trusts the issuer, and an account that its subjects may impersonate."""

    issuer: Issuer
    lifetime: float = 3600
    is_denied: bool = False
    federated: dict[str, float] = field(default_factory=dict)
    access_tokens: dict[str, float] = field(default_factory=dict)

    def serve(self) -> Served:
        """Its server."""
        return Served(self._answer)

    @property
    def secrets(self) -> list[str]:
        """Every token that was given out."""
        return [*self.federated, *self.access_tokens]

    def credentials_file(self, served: Served, folder: Path, source: dict[str, object], *, account: bool) -> Path:
        """What ``gcloud iam workload-identity-pools create-cred-config`` writes, with addresses on loopback."""
        document = {
            "type": "external_account",
            "audience": f"//iam.googleapis.com/{PROVIDER}",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"{served.url}/v1/token",
            "credential_source": source,
        }
        if account:
            place = f"/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
            document["service_account_impersonation_url"] = f"{served.url}{place}"
        file = folder / "google.json"
        file.write_text(json.dumps(document))
        return file

    def accepts(self, username: str, password: str) -> bool:
        """Whether the registry takes this login now."""
        return username == "oauth2accesstoken" and self.access_tokens.get(password, 0) > time.time()

    def _answer(self, request: Request) -> Response:
        if request.path == "/v1/token" and request.method == "POST":
            return self._exchange(request.form)
        if request.path == f"/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken":
            return self._impersonate(request)
        return self._metadata(request)

    def _exchange(self, form: dict[str, str]) -> Response:
        expected = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": f"//iam.googleapis.com/{PROVIDER}",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        }
        for name, value in expected.items():
            if form.get(name) != value:
                return _oauth_error("invalid_request", f"{name} is {form.get(name)}")
        if not form.get("scope"):
            return _oauth_error("invalid_scope", "no scope")
        try:
            self.issuer.claims(form.get("subject_token", ""), f"https://iam.googleapis.com/{PROVIDER}")
        except RefusedTokenError as error:
            # It repeats what it was sent, as the worst that a client must expect.
            return _oauth_error("invalid_grant", f"{error}: {form.get('subject_token')}")
        token = f"ya29.d.{secrets.token_hex(40)}"
        self.federated[token] = time.time() + self.lifetime
        # Without an account to impersonate this is what the registry gets.
        self.access_tokens[token] = self.federated[token]
        return as_json(
            {
                "access_token": token,
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "token_type": "Bearer",
                "expires_in": int(self.lifetime),
            }
        )

    def _impersonate(self, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.method != "POST" or self.federated.get(bearer, 0) < time.time():
            return as_json({"error": {"code": 401, "message": "invalid authentication credentials"}}, 401)
        if self.is_denied or json.loads(request.body).get("scope") != [_SCOPE]:
            what = "Permission 'iam.serviceAccounts.getAccessToken' denied"
            return as_json({"error": {"code": 403, "message": what}}, 403)
        token = f"ya29.c.{secrets.token_hex(40)}"
        self.access_tokens[token] = time.time() + self.lifetime
        del self.access_tokens[bearer]
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.access_tokens[token]))
        return as_json({"accessToken": token, "expireTime": until})

    def _metadata(self, request: Request) -> Response:
        flavor = {"Metadata-Flavor": "Google"}
        if request.headers.get("metadata-flavor") != "Google":
            return Response(403)
        if request.path == "/":
            return Response(200, b"computeMetadata/\n", flavor)
        if request.path == f"{_OWN}/default/":
            body = json.dumps({"email": ACCOUNT, "scopes": [_SCOPE], "aliases": ["default"]}).encode()
            return Response(200, body, {**flavor, "Content-Type": "application/json"})
        if request.path == f"{_OWN}/default/token":
            token = f"ya29.m.{secrets.token_hex(40)}"
            self.access_tokens[token] = time.time() + self.lifetime
            given = {"access_token": token, "expires_in": int(self.lifetime), "token_type": "Bearer"}
            return Response(200, json.dumps(given).encode(), {**flavor, "Content-Type": "application/json"})
        return Response(404, b"", flavor)


def _oauth_error(code: str, description: str) -> Response:
    return as_json({"error": code, "error_description": description}, 400)
