"""Logging in to a registry the way it asks: Basic, or the distribution project's token protocol.

Tokens are kept per scope and asked for with exactly the scopes that a request needs, plus whatever the registry's own
challenge names. Protocol: "Token Authentication" of the distribution project (GET), and its OAuth 2 form (POST).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from pipeline.errors import RegistryError
from pipeline.model.settings.credentials import Credentials
from pipeline.ports import Clock, FindLogin
from pipeline.registries.oci.challenges import (
    Challenge,
    Scopes,
    covers,
    format_scopes,
    merge_scopes,
    parse_challenges,
    parse_scopes,
)
from pipeline.registries.oci.endpoints import Endpoint, is_loopback, without_query

CLIENT_ID = "gitless"
_DEFAULT_LIFETIME = 60.0
_MARGIN = 5.0
_REMEMBERED = 16
"""Secrets of logins that were used before are looked for in answers as well."""
_NO_SUCH_METHOD = frozenset({404, 405})
_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What a token server said."""

    status: int
    body: bytes = field(repr=False)


class AskTokenServer(Protocol):
    """Sends one request to a token server; without ``form`` it is a GET."""

    def __call__(self, url: str, *, authorization: str | None, form: Mapping[str, str] | None) -> TokenAnswer:
        """Return the answer whatever its status."""
        ...


@dataclass(frozen=True, slots=True)
class _Token:
    scopes: Scopes = field(hash=False)
    authorization: str = field(repr=False)
    good_until: float


class Authentication:
    """Finds the ``Authorization`` for each request; safe in many threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        find: FindLogin,
        ask: AskTokenServer,
        clock: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._find = find
        self._ask = ask
        self._clock = clock
        self._lock = RLock()
        self._known: tuple[Credentials | None] | None = None
        self._secrets: deque[str] = deque(maxlen=_REMEMBERED)
        self._asks_for_basic = False
        self._challenge: Challenge | None = None
        self._tokens: list[_Token] = []

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be shown, as far as it is known by now."""
        tokens = (token.authorization.removeprefix("Bearer ") for token in self._tokens)
        return (*self._secrets, *tokens)

    @property
    def logged_in(self) -> bool:
        """Whether there are credentials, so that a refusal is about them and not about their absence."""
        return bool(self._known and self._known[0])

    def authorization(self, scopes: Scopes) -> str | None:
        """What to send at once, by what the registry asked for before."""
        with self._lock:
            if self._asks_for_basic:
                credentials = self._credentials()
                return credentials.basic if credentials is not None else None
            if self._challenge is None:
                return None
            return self._kept_token(scopes) or self._new_token(self._challenge, scopes)

    def respond(self, header: str, scopes: Scopes, refused: str | None) -> str | None:
        """What to send after a 401 with this ``WWW-Authenticate``; ``None`` where nothing new can be said."""
        with self._lock:
            challenges = {challenge.scheme: challenge for challenge in reversed(parse_challenges(header))}
            self._tokens = [token for token in self._tokens if token.authorization != refused]
            bearer = challenges.get("bearer")
            if bearer is not None and bearer.parameters.get("realm"):
                self._challenge = bearer
                wanted = merge_scopes(scopes, parse_scopes(bearer.parameters.get("scope", "")))
                # Another thread may have got it while this one was being refused.
                return self._kept_token(wanted) or self._new_token(bearer, wanted)
            credentials = self._credentials()
            if "basic" in challenges and credentials is not None and credentials.username:
                if refused == credentials.basic:
                    credentials = self._others(credentials)
                self._asks_for_basic = credentials is not None
                return credentials.basic if credentials is not None else None
            return None

    def another(self, refused: str) -> str | None:
        """What to send where a login that was kept from before is refused: an identity may have a new one."""
        with self._lock:
            credentials = self._credentials() if self._asks_for_basic else None
            if credentials is None or credentials.basic != refused:
                return None
            other = self._others(credentials)
            return other.basic if other is not None else None

    def _credentials(self) -> Credentials | None:
        known = self._known[0] if self._known else None
        has_ended = known is not None and known.expires is not None and known.expires - _MARGIN <= self._clock.now()
        if self._known is None or has_ended:
            self._remember(self._find(known if has_ended else None))
        return self._known[0] if self._known else None

    def _others(self, refused: Credentials) -> Credentials | None:
        """What an identity gives instead of a login that was refused before its time."""
        if refused.expires is None:
            return None
        other = self._find(refused)
        if other is None or other == refused:
            return None
        self._remember(other)
        return other

    def _remember(self, found: Credentials | None) -> None:
        self._known = (found,)
        self._secrets.extend(found.secrets if found is not None else ())

    def _kept_token(self, scopes: Scopes) -> str | None:
        now = self._clock.now()
        kept = (token for token in self._tokens if token.good_until > now and covers(token.scopes, scopes))
        return next((token.authorization for token in kept), None)

    def _new_token(self, challenge: Challenge, scopes: Scopes) -> str:
        credentials = self._credentials()
        if credentials is not None and credentials.access_token:
            return f"Bearer {credentials.access_token}"
        answer = self._request_token(challenge, scopes, credentials)
        if answer.status in _REFUSED and credentials is not None:
            other = self._others(credentials)
            answer = answer if other is None else self._request_token(challenge, scopes, other)
        self._check(challenge, answer)
        token, lifetime = _parse_token(answer.body, self._endpoint.host)
        good_until = self._clock.now() + max(lifetime - _MARGIN, lifetime / 2)
        found = _Token(scopes, f"Bearer {token}", good_until)
        self._tokens = [known for known in self._tokens if known.good_until > self._clock.now()]
        self._tokens.append(found)
        return found.authorization

    def _request_token(self, challenge: Challenge, scopes: Scopes, credentials: Credentials | None) -> TokenAnswer:
        realm = self._checked_realm(challenge.parameters["realm"])
        service = challenge.parameters.get("service", "")
        wanted = format_scopes(scopes)
        if credentials is not None and credentials.identity_token:
            grant = {"grant_type": "refresh_token", "refresh_token": credentials.identity_token}
            return self._post(realm, service, wanted, grant)
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in wanted]
        if credentials is not None:
            query.append(("account", credentials.username))
        separator = "&" if urlsplit(realm).query else "?"
        url = f"{realm}{separator}{urlencode(query)}" if query else realm
        answer = self._ask(url, authorization=credentials.basic if credentials else None, form=None)
        if answer.status in _NO_SUCH_METHOD and credentials is not None:
            grant = {"grant_type": "password", "username": credentials.username, "password": credentials.password}
            answer = self._post(realm, service, wanted, grant)
        return answer

    def _post(self, realm: str, service: str, scopes: Sequence[str], grant: Mapping[str, str]) -> TokenAnswer:
        form = {"service": service, "scope": " ".join(scopes), "client_id": CLIENT_ID, **grant}
        return self._ask(realm, authorization=None, form=form)

    def _checked_realm(self, realm: str) -> str:
        """The realm, unless credentials would travel to it in the clear where the registry itself uses TLS."""
        parts = urlsplit(realm)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise RegistryError(f"{self._endpoint.host}: the registry names a token server that is no HTTP address")
        if parts.scheme == "http" and self._endpoint.scheme == "https" and not is_loopback(parts.netloc):
            raise RegistryError(
                f"{self._endpoint.host}: the registry's token server {without_query(realm)} has no TLS; "
                "nothing was sent to it",
                hint="the registry's configuration must name its token server by https",
            )
        return realm

    def _check(self, challenge: Challenge, answer: TokenAnswer) -> None:
        if answer.status == 200:  # noqa: PLR2004 - HTTP's own number
            return
        server = without_query(challenge.parameters["realm"])
        if answer.status in _REFUSED:
            who = "the login" if self.logged_in else "access without a login"
            raise RegistryError(
                f"{self._endpoint.host}: the token server {server} refused {who} (HTTP {answer.status})",
                hint="check user and password: --username with --password-stdin, --provider, or `gitless login`",
                code="registry.denied",
            )
        raise RegistryError(f"{self._endpoint.host}: the token server {server} answered HTTP {answer.status}")


def _parse_token(body: bytes, host: str) -> tuple[str, float]:
    try:
        document: Any = json.loads(body)
    except ValueError:
        document = None
    token = (document.get("token") or document.get("access_token")) if isinstance(document, dict) else None
    # A token goes into a header: anything that could end the line there is no token.
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise RegistryError(f"{host}: the registry's token server answered without a token")
    lifetime = document.get("expires_in")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        return token, _DEFAULT_LIFETIME
    return token, float(lifetime)
