"""Identity tokens: who issues them, and GitHub's endpoint that a job asks for one."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.platform.providers.serving import Request, Response, Served, as_json

GITHUB = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:acme/shop:ref:refs/heads/main"


class RefusedTokenError(Exception):
    """Why a token is not accepted."""


@dataclass(frozen=True)
class Issuer:
    """Signs tokens, and tells whether one is its own, for somebody and still good."""

    name: str = GITHUB

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    def issue(self, audience: str, *, subject: str = SUBJECT, lifetime: float = 300, **claims: str) -> str:
        """A token from now on."""
        now = int(time.time())
        document = {"iss": self.name, "sub": subject, "aud": audience, "iat": now, "exp": now + lifetime, **claims}
        return jwt.encode({**document, "jti": secrets.token_hex(8)}, self._key, algorithm="ES256")

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """What an accepted token says.

        Raises:
            RefusedTokenError: it is not accepted.
        """
        try:
            found: dict[str, Any] = jwt.decode(
                token, self._key.public_key(), algorithms=["ES256"], audience=audience, issuer=self.name
            )
        except jwt.InvalidTokenError as error:
            raise RefusedTokenError(str(error)) from None
        return found


@dataclass
class GitHubJob:
    """A job that may ask for identity tokens: ``GET URL&audience=…`` with the job's own bearer token."""

    issuer: Issuer
    bearer: str = "request-token-of-the-job"
    lifetime: float = 300
    given: list[str] = field(default_factory=list)

    def serve(self) -> Served:
        """Its server."""
        return Served(self._answer)

    def environment(self, served: Served) -> dict[str, str]:
        """What GitHub sets in a job with ``id-token: write``."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{served.url}/idtoken?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.bearer,
        }

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization", "").lower() != f"bearer {self.bearer}":
            return as_json({"message": "Bad credentials"}, 401)
        if request.method != "GET" or request.path != "/idtoken" or request.parameters.get("api-version") != "2.0":
            return Response(404)
        token = self.issuer.issue(request.parameters.get("audience", "acme"), lifetime=self.lifetime)
        self.given.append(token)
        return as_json({"value": token, "count": len(token)})
