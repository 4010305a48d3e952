"""GitHub's container registry by the token of the job: ``ghcr.io``, and ``containers.HOST`` of an enterprise server."""

from __future__ import annotations

from urllib.parse import urlsplit

from pipeline.errors import IdentityError
from pipeline.identities.discretion import Discretion
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import bare_host
from pipeline.ports import Environment

TOKENS = ("GITLESS_GITHUB_TOKEN", "GITHUB_TOKEN")
_REGISTRY = "ghcr.io"


class GitHubIdentity:
    """The job's token is the password; it ends with the job, and no other is to be had."""

    def __init__(self, environment: Environment, discretion: Discretion) -> None:
        self._environment = environment
        self._discretion = discretion

    def serves(self, host: str) -> bool:
        """Whether it is GitHub's registry, or that of the server this job runs on."""
        server = urlsplit(self._environment.get("GITHUB_SERVER_URL", "")).hostname or ""
        own = f"containers.{server}" if server not in {"", "github.com"} else _REGISTRY
        return bare_host(host) in {_REGISTRY, own}

    def credentials(self, host: str) -> Credentials:
        """The job's token."""
        if not self.serves(host):
            raise IdentityError(f"{host} is no registry of GitHub")
        token = next((self._environment[name] for name in TOKENS if self._environment.get(name)), "").strip()
        if not token:
            raise IdentityError(
                f"{host}: there is no token of a GitHub job; looked for {' and '.join(TOKENS)}",
                hint="hand it over: `env: GITHUB_TOKEN: ${{ github.token }}`, with `permissions: packages: write`",
            )
        # GitHub looks at the token alone; its documentation names the actor as the user.
        user = self._environment.get("GITHUB_ACTOR") or "x-access-token"
        return Credentials(user, self._discretion.keep(token))
