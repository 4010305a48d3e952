"""Identity tokens: where they come from, and whether one can be used; what a token says is never shown.

A token is believed by the authority that it is sent to, not here: what is checked is only what would make that fail
without a reason that helps. Sources, by each system's own documentation: a file; ``SIGSTORE_ID_TOKEN``, which is also
how GitLab's ``id_tokens`` hand one over; GitHub Actions; Buildkite; CircleCI; a projected service account token, where
Tekton and Kubernetes mount it for cosign; Google Cloud's metadata server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import ambient_tokens
from pipeline.errors import ConfigurationError
from pipeline.model.documents.jwt import unverified_claims
from pipeline.model.documents.printable import printable
from pipeline.ports import Environment

AUDIENCE = "sigstore"
VARIABLE = "SIGSTORE_ID_TOKEN"
MAX_TOKEN_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token, and where it is from for messages."""

    text: str = field(repr=False)
    source: str


def find_token(file: str | None, environment: Environment, now: Callable[[], float] = time.time) -> FoundToken:
    """The token to sign with, known to be one that can be used.

    Raises:
        ConfigurationError: there is none, it cannot be had, has expired, or is for somebody else.
    """
    found = _found(file, environment)
    if found is None:
        raise ConfigurationError(
            f"no identity token was found; looked for {VARIABLE}, {ambient_tokens.LOOKED_FOR}",
            hint="give --identity-token-file, or let the CI job have one: `permissions: id-token: write` (GitHub), "
            f"`id_tokens: {VARIABLE}: aud: {AUDIENCE}` (GitLab)",
            code="configuration.identity-token",
        )
    _check(found, now())
    return found


def _found(file: str | None, environment: Environment) -> FoundToken | None:
    if file is not None:
        return FoundToken(_from_file(file), f"identity token file {file}")
    if environment.get(VARIABLE):
        return FoundToken(environment[VARIABLE].strip(), VARIABLE)
    for name, ask in ambient_tokens.SYSTEMS:
        token = ask(environment, AUDIENCE)
        if token is not None:
            return FoundToken(token.strip(), f"the identity token of {name}")
    return None


def _from_file(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(MAX_TOKEN_BYTES + 1)
        if len(content) > MAX_TOKEN_BYTES:
            raise ConfigurationError(f"identity token file {file} is larger than {MAX_TOKEN_BYTES} bytes")
        return content.decode("ascii").strip()
    except OSError as error:
        raise ConfigurationError(f"identity token file {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"identity token file {file} holds no token") from None


def _check(found: FoundToken, now: float) -> None:
    claims = _claims(found)
    audiences = claims.get("aud")
    if AUDIENCE not in (audiences if isinstance(audiences, list) else [audiences]):
        raise ConfigurationError(
            f"{found.source} is for {printable(str(audiences), 80)}, expected the audience {AUDIENCE}",
            hint=f"ask for one with the audience {AUDIENCE}",
            code="configuration.identity-token",
        )
    expires, begins = claims.get("exp"), claims.get("nbf")
    if isinstance(expires, int | float) and expires <= now:
        raise ConfigurationError(
            f"{found.source} has expired {int(now - expires)} s ago",
            hint="ask for a new one just before signing; most are good for a few minutes",
            code="configuration.identity-token",
        )
    if isinstance(begins, int | float) and begins > now:
        raise ConfigurationError(
            f"{found.source} is not valid for another {int(begins - now) + 1} s",
            hint="set the clock of this machine",
            code="configuration.identity-token",
        )


def _claims(found: FoundToken) -> Mapping[str, Any]:
    claims = unverified_claims(found.text)
    if claims is None:
        raise ConfigurationError(
            f"{found.source} is no OIDC identity token (a JWT)", code="configuration.identity-token"
        )
    return claims
