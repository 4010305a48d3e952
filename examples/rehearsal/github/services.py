"""What GitHub offers to a job, on loopback: comments on a pull request, and identity tokens for Sigstore."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.platform.hosting.github import APP_TOKEN, GitHubApi
from tests.platform.hosting.server import Asked, Reply, Served, serving
from tests.platform.sigstore.deployment import SigstoreDeployment

REPOSITORY = "acme/shop"
NUMBER = 7
TOKEN = APP_TOKEN
"""What jobs have as ``github.token``."""


@dataclass
class IdentityTokens:
    """GitHub's endpoint for identity tokens, by its documentation; ``workflow`` is the one that runs now."""

    sigstore: SigstoreDeployment
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    workflow: str = "main.yml"
    ref: str = "refs/heads/main"
    commit: str = ""

    def answer(self, asked: Asked, base: str) -> Reply:
        """A token for the audience that is asked for."""
        del base
        if asked.headers.get("authorization", "").lower() != f"bearer {self.secret}":
            return Reply(401, {"message": "Bad credentials"})
        workflow = f"{REPOSITORY}/.github/workflows/{self.workflow}@{self.ref}"
        token = self.sigstore.token(
            subject=f"repo:{REPOSITORY}:ref:{self.ref}",
            aud=asked.query.get("audience", f"https://github.com/{REPOSITORY.partition('/')[0]}"),
            job_workflow_ref=workflow, workflow_ref=workflow, ref=self.ref, sha=self.commit, repository=REPOSITORY,
        )  # fmt: skip
        return Reply(200, {"count": len(token), "value": token})


@dataclass(frozen=True)
class GitHubServices:
    """Both, while they are served."""

    api: GitHubApi
    tokens: IdentityTokens
    api_served: Served
    tokens_served: Served

    @property
    def variables(self) -> dict[str, str]:
        """What a job finds in its environment; every job has the token here, with ``id-token: write`` or without."""
        return {
            "GITHUB_API_URL": self.api_served.url,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.tokens_served.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.tokens.secret,
        }


@contextmanager
def github_services(sigstore: SigstoreDeployment) -> Iterator[GitHubServices]:
    """Serve them."""
    api, tokens = GitHubApi(repository=REPOSITORY, number=NUMBER), IdentityTokens(sigstore)
    with serving(api) as api_served, serving(tokens) as tokens_served:
        yield GitHubServices(api, tokens, api_served, tokens_served)
