"""What went wrong, said for people: the host, what was being done, the registry's own words, and what to try."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pipeline.errors import ArtifactNotFoundError, RegistryError
from pipeline.registries.oci.endpoints import Endpoint

if TYPE_CHECKING:
    import ssl

_LONGEST_QUOTE = 200
# Masking every occurrence of less would garble the text, and so tell it.
_SHORTEST_SECRET = 4
_URL_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_SPOKE_HTTP_TO_HTTPS = re.compile(rb"HTTP request (?:to an HTTPS server|was sent to HTTPS port)", re.IGNORECASE)
_BAD_ADDRESS = frozenset({"InvalidURL", "LocationParseError", "InvalidSchema", "InvalidProxyURL"})
_KNOWN_STATUSES = frozenset(status.value for status in HTTPStatus)
_MARKUP = re.compile(rb"\s*<")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that is not what was asked for; ``asked_to_wait`` is in seconds.

    ``from_registry`` is False after a redirect: a storage service's errors may quote the signature we came with.
    """

    status: int
    body: bytes = field(repr=False)
    from_registry: bool = True
    asked_to_wait: float | None = None


class StatusError(RegistryError):
    """The registry answered, but not with what was asked for; ``status`` is HTTP's."""

    def __init__(self, message: str, *, status: int, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status


class LostConnectionError(RegistryError):
    """No answer came; ``may_retry`` where another try can end differently, ``speaks_tls`` where TLS is what failed."""

    def __init__(
        self, message: str, *, hint: str | None = None, may_retry: bool = False, speaks_tls: bool = False
    ) -> None:
        super().__init__(message, hint=hint, code="registry.unreachable")
        self.may_retry = may_retry
        self.speaks_tls = speaks_tls


def cleaned(text: str, secrets: Sequence[str] = ()) -> str:
    """Foreign text as it may be shown: one line, cut, without control characters, URL queries and known secrets."""
    for secret in secrets:
        if len(secret) < _SHORTEST_SECRET:
            continue
        text = text.replace(secret, "***")
    text = _URL_QUERY.sub(r"\1?…", _UNPRINTABLE.sub(" ", text)).strip()
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def registry_errors(body: bytes) -> tuple[tuple[str, str], ...]:
    """Code and message of each error in the distribution specification's error document; empty for anything else."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        return ()
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        return ()
    return tuple(
        (str(error.get("code") or ""), str(error.get("message") or "")) for error in errors if isinstance(error, dict)
    )


def refused(endpoint: Endpoint, what: str, answer: Answer, *, secrets: Sequence[str], logged_in: bool) -> RegistryError:
    """The error for an answer that is not what was asked for."""
    words = _own_words(answer.body, secrets) if answer.from_registry else " (from where the registry redirects to)"
    message = f"{endpoint.host}: cannot {what}: {_status_text(answer.status)}{words}"
    hint = _hint(endpoint, answer, logged_in=logged_in)
    if answer.status == HTTPStatus.NOT_FOUND:
        return ArtifactNotFoundError(message, hint=hint)
    denied = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and answer.from_registry
    return StatusError(message, status=answer.status, hint=hint, code="registry.denied" if denied else None)


def resting(endpoint: Endpoint, what: str) -> LostConnectionError:
    """The error for a registry that is not asked, because it did not answer others a moment ago."""
    return LostConnectionError(
        f"{endpoint.host}: cannot {what}: it did not answer a moment ago and is asked again soon"
    )


def unreachable(endpoint: Endpoint, what: str, error: BaseException, timeout: float, place: str) -> LostConnectionError:
    """The error for a connection that was not made or was lost; ``place`` is ``host[:port]`` of the other side."""
    import socket
    import ssl

    at = endpoint.host if place == endpoint.authority else f"{endpoint.host} (at {place})"
    causes = tuple(_causes(error))
    if any(isinstance(cause, UnicodeError) or type(cause).__name__ in _BAD_ADDRESS for cause in causes):
        return LostConnectionError(f"{at}: cannot {what}: that is no usable address", hint="is the address right?")
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _tls(at, what, cause)
    if any("Timeout" in type(cause).__name__ for cause in causes):
        return LostConnectionError(
            f"{at}: cannot {what}: no answer within {timeout:g} s", hint="is the address right? --registry-timeout"
        )
    if any(type(cause).__name__ == "ProxyError" for cause in causes):
        return LostConnectionError(
            f"{at}: cannot {what}: the proxy did not connect", hint="check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return LostConnectionError(f"{at}: cannot {what}: the host name is unknown", hint="is the address right?")
    system = next((cause for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    why = system.strerror if system is not None and system.strerror else "the connection broke"
    hint = "is the registry running, and the address right?" if isinstance(system, ConnectionRefusedError) else None
    return LostConnectionError(f"{at}: cannot {what}: {why.lower()}", hint=hint, may_retry=True)


def _tls(at: str, what: str, cause: ssl.SSLError) -> LostConnectionError:
    import ssl

    if isinstance(cause, ssl.SSLCertVerificationError):
        return LostConnectionError(
            f"{at}: cannot {what}: the registry's certificate is not trusted: {cause.verify_message}",
            hint="give the authority that signed it: --ca-file FILE",
            speaks_tls=True,
        )
    reason = cause.reason or ""
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}:
        return LostConnectionError(
            f"{at}: cannot {what}: the registry answers without TLS",
            hint="if that is meant to be so: --plain-http",
        )
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason or "BAD_CERTIFICATE" in reason:
        return LostConnectionError(
            f"{at}: cannot {what}: the registry refused the TLS connection ({reason.lower().replace('_', ' ')})",
            hint="it may ask for a client certificate: --cert-file and --key-file",
            speaks_tls=True,
        )
    why = reason.lower().replace("_", " ") or "no reason given"
    return LostConnectionError(f"{at}: cannot {what}: TLS failed: {why}", hint="--ca-file, --cert-file, --key-file")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was made of, however the libraries nested it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [getattr(cause, "reason", None), getattr(cause, "original_error", None), *cause.args]
        waiting += [cause.__cause__, cause.__context__]


def _status_text(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _own_words(body: bytes, secrets: Sequence[str]) -> str:
    errors = registry_errors(body)
    if errors:
        code, message = errors[0]
        words = cleaned(f"{code}: {message}" if code and message else code or message, secrets)
        return f" ({words})" if words else ""
    if not body or _MARKUP.match(body):
        return ""
    words = cleaned(body[: 2 * _LONGEST_QUOTE].decode(errors="replace"), secrets)
    return f" ({words})" if words else ""


def _hint(endpoint: Endpoint, answer: Answer, *, logged_in: bool) -> str | None:
    status, body = answer.status, answer.body
    if endpoint.scheme == "http" and _SPOKE_HTTP_TO_HTTPS.search(body):
        return "this registry speaks HTTPS: leave --plain-http away; on loopback give --ca-file FILE"
    if _MARKUP.match(body) and answer.from_registry:
        return f"{endpoint.host} answers with a web page; is it a registry, or is a proxy in between?"
    if answer.asked_to_wait is not None:
        return f"the registry asks to wait {answer.asked_to_wait:.0f} s before trying again"
    hints = {
        HTTPStatus.UNAUTHORIZED: (
            "the registry does not accept this login: check --username and the password, or `docker login`"
            if logged_in
            else f"log in: --username with --password-stdin, or `docker login {endpoint.host}`"
        ),
        HTTPStatus.FORBIDDEN: f"this login may not do that in {endpoint.path}; is the repository's name right?",
        HTTPStatus.TOO_MANY_REQUESTS: "the registry limits requests; try again later, or log in",
        HTTPStatus.NOT_FOUND: "is the name right, and was it pushed? Some registries hide what a login may not see",
    }
    return hints.get(HTTPStatus(status)) if answer.from_registry and status in _KNOWN_STATUSES else None
