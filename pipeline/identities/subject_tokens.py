"""The token of the CI that a cloud trusts: who this job is, said to an audience."""

from __future__ import annotations

from pathlib import Path

from pipeline import ambient_tokens
from pipeline.errors import ConfigurationError, IdentityError
from pipeline.identities.discretion import Discretion
from pipeline.ports import Environment

TOKEN_VARIABLE = "GITLESS_REGISTRY_ID_TOKEN"  # noqa: S105 - its name
"""Where a CI hands its token over by itself, such as GitLab by ``id_tokens``."""
AUDIENCE_VARIABLE = "GITLESS_IDENTITY_AUDIENCE"
"""To be asked for instead of the provider's usual one."""
_MAX_BYTES = 64 * 1024


def is_given(environment: Environment) -> bool:
    """Whether this is somewhere that has such a token, or should have."""
    return bool(environment.get(TOKEN_VARIABLE) or environment.get("GITHUB_ACTIONS"))


def subject_token(environment: Environment, audience: str, discretion: Discretion) -> str:
    """The token for an audience.

    Raises:
        IdentityError: there is none.
    """
    given = environment.get(TOKEN_VARIABLE, "").strip()
    if given:
        return discretion.keep(given)
    try:
        token = ambient_tokens.github(environment, environment.get(AUDIENCE_VARIABLE) or audience)
    except ConfigurationError as error:
        hint = error.hint if "id-token" in (error.hint or "") else f"or hand a token over in {TOKEN_VARIABLE}"
        raise IdentityError(error.message, hint=hint) from None
    if token is None:
        raise IdentityError(
            f"there is no identity token here; looked for {TOKEN_VARIABLE} and GitHub Actions",
            hint=f"GitLab: `id_tokens: {TOKEN_VARIABLE}: aud: {audience}`",
        )
    return discretion.keep(token.strip())


def token_in(file: str, variable: str, discretion: Discretion) -> str:
    """The token in a file that a variable names; read anew each time, as it is replaced before it expires.

    Raises:
        IdentityError: it cannot be read.
    """
    try:
        with Path(file).open("rb") as stream:
            text = stream.read(_MAX_BYTES).decode("ascii").strip()
    except OSError as error:
        raise IdentityError(f"{variable} is {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise IdentityError(f"{variable} is {file}, which holds no token")
    return discretion.keep(text)
