"""A token server for registries: the bearer-token dance of the distribution project.

A client without a token is sent here by the registry, says which scopes it wants,
and gets a signed token for them. Every request is recorded, so that a test can
tell whether a client asked for the right scopes.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from .certificates import Authority, KeyPair

SERVICE = "gitless-registry"
ISSUER = "gitless-tokens"
_LIFETIME = 300


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """One request for a token; ``granted`` is False for wrong credentials."""

    method: str
    service: str
    scopes: tuple[str, ...]
    account: str
    granted: bool


class TokenServer:
    """Serves tokens on loopback from a thread of this process."""

    def __init__(self, *, signer: KeyPair, bundle: Path, username: str, password: str, served: KeyPair | None) -> None:
        self.bundle = bundle
        self.requests: list[TokenRequest] = []
        self._signer = signer
        expected = f"{username}:{password}"
        self.accepts: Callable[[str, str], bool] = lambda user, word: secrets.compare_digest(
            f"{user}:{word}".encode(), expected.encode()
        )
        """Whether somebody may do everything; another rule can be put in its place."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if served is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(served.certificate, served.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if served else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}/token"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @classmethod
    def start(cls, directory: Path, *, username: str, password: str, served: KeyPair | None = None) -> Self:
        """Start one that grants every scope to this user and pulls to anybody.

        ``served`` is the certificate to serve TLS with: a client of a registry with TLS
        does not send its password to a token server without.
        """
        authority = Authority.create(directory, name=ISSUER)
        signer = authority.server("signer", [ISSUER])
        bundle = authority.certificate_file
        server = cls(signer=signer, bundle=bundle, username=username, password=password, served=served)
        server._thread.start()
        return server

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, query: str, authorization: str) -> tuple[HTTPStatus, dict[str, object]]:
        """The answer to a request with that query string (or form body)."""
        asked = parse_qs(query)
        # Scopes come as repeated parameters, or as one with spaces in between.
        scopes = tuple(scope for value in asked.get("scope", []) for scope in value.split())
        credentials = _credentials(asked, authorization)
        user, _, password = credentials.partition(":")
        known = self.accepts(user, password)
        granted = known or not credentials
        request = TokenRequest(
            method=method,
            service="".join(asked.get("service", [])[:1]),
            scopes=scopes,
            account=user,
            granted=granted,
        )
        self.requests.append(request)
        if not granted:
            return HTTPStatus.UNAUTHORIZED, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong credentials"}]}
        token = self._sign(request, [_access(scope, anonymous=not known) for scope in scopes])
        return HTTPStatus.OK, {"token": token, "access_token": token, "expires_in": _LIFETIME}

    def _sign(self, request: TokenRequest, access: Sequence[dict[str, object]]) -> str:
        certificate = x509.load_pem_x509_certificate(self._signer.certificate.read_bytes())
        chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": request.account,
            "aud": SERVICE,
            "iat": now,
            "nbf": now - 10,
            "exp": now + _LIFETIME,
            "jti": secrets.token_hex(8),
            "access": list(access),
        }
        signed = f"{_segment({'typ': 'JWT', 'alg': 'ES256', 'x5c': chain})}.{_segment(claims)}"
        key = serialization.load_pem_private_key(self._signer.key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("tokens are signed with an elliptic curve key")
        first, second = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        # A token carries the two numbers of the signature side by side, not as DER.
        return f"{signed}.{_base64url(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"


def _handler(server: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self._answer(self.rfile.read(length).decode())

        def _answer(self, query: str) -> None:
            status, document = server.answer(self.command, query, self.headers.get("Authorization", ""))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
            """Say nothing: the requests are recorded."""

    return Handler


def _credentials(asked: dict[str, list[str]], authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        return base64.b64decode(value).decode()
    if "username" in asked:
        return f"{asked['username'][0]}:{''.join(asked.get('password', []))}"
    return ""


def _access(scope: str, *, anonymous: bool) -> dict[str, object]:
    # A scope is kind:name:actions, where a name may hold a port and so a colon.
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    wanted = [action for action in actions.split(",") if action and (not anonymous or action == "pull")]
    return {"type": kind, "name": name, "actions": wanted}


def _segment(document: object) -> str:
    return _base64url(json.dumps(document, separators=(",", ":")).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
