"""Identity tokens that a CI system or cluster offers; each asks only where the environment says that it is at home.

Each function returns ``None`` where it is not, and raises ConfigurationError where it is and no token is to be had.
The library that sigstore asks reads the process's own environment and lets programs write to the terminal, so it is
not used; Google's impersonation of another account (``GOOGLE_SERVICE_ACCOUNT_NAME``) is left to ``gcloud``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from pipeline.command import find_tool, run
from pipeline.environment import proxy_of
from pipeline.errors import ConfigurationError, ToolError
from pipeline.ports import Environment

Ask = Callable[[Environment, str], str | None]

PROJECTED_FILE = Path("/var/run/sigstore/cosign/oidc-token")
"""Where cosign expects the token that Kubernetes projects into a pod."""
_PRODUCT_FILE = Path("/sys/class/dmi/id/product_name")
_GOOGLE = frozenset({"Google", "Google Compute Engine"})
_GOOGLE_URL = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity"
_TIMEOUT = 30.0
_MAX_ANSWER = 128 * 1024

LOOKED_FOR = (
    "GitHub Actions (ACTIONS_ID_TOKEN_REQUEST_URL), Buildkite (BUILDKITE), CircleCI (CIRCLECI), "
    f"{PROJECTED_FILE} and Google Cloud"
)


def github(environment: Environment, audience: str) -> str | None:
    """GitHub Actions, and Gitea and Forgejo, which offer the same."""
    if not environment.get("GITHUB_ACTIONS"):
        return None
    url, secret = environment.get("ACTIONS_ID_TOKEN_REQUEST_URL"), environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not url or not secret:
        raise _none(
            "GitHub Actions lets this job have no identity token",
            "give the job `permissions: id-token: write`; pull requests from forks never have it",
        )
    joined = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode({'audience': audience})}"
    answer = _get(joined, {"Authorization": f"bearer {secret}"}, environment, "GitHub Actions")
    try:
        token = json.loads(answer)["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        token = None
    if not isinstance(token, str):
        raise _none("GitHub Actions answers without an identity token")
    return token


def buildkite(environment: Environment, audience: str) -> str | None:
    """Buildkite's agent, which asks its server."""
    if not environment.get("BUILDKITE"):
        return None
    arguments = ["oidc", "request-token", "--audience", audience]
    return _said_by("buildkite-agent", arguments, environment, "Buildkite", ("BUILDKITE_",))


def circleci(environment: Environment, audience: str) -> str | None:
    """CircleCI's command line, which is there in every job."""
    if not environment.get("CIRCLECI"):
        return None
    arguments = ["run", "oidc", "get", "--claims", json.dumps({"aud": audience}), "--root-issuer"]
    return _said_by("circleci", arguments, environment, "CircleCI", ("CIRCLE", "TASK_"))


def projected(environment: Environment, audience: str) -> str | None:
    """The service account token that a pod was given for this audience."""
    del environment, audience  # the pod's manifest says it all
    try:
        return PROJECTED_FILE.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise _none(f"the projected token {PROJECTED_FILE} cannot be read") from None


def google(environment: Environment, audience: str) -> str | None:
    """Google Cloud's metadata server, for the machine's own service account."""
    try:
        if _PRODUCT_FILE.read_text("ascii").strip() not in _GOOGLE:
            return None
    except (OSError, UnicodeDecodeError):
        return None
    query = urlencode({"audience": audience, "format": "full"})
    return _get(f"{_GOOGLE_URL}?{query}", {"Metadata-Flavor": "Google"}, environment, "Google Cloud")


SYSTEMS: tuple[tuple[str, Ask], ...] = (
    ("GitHub Actions", github),
    ("Buildkite", buildkite),
    ("CircleCI", circleci),
    ("this pod", projected),
    ("Google Cloud", google),
)


def _said_by(
    program: str, arguments: list[str], environment: Environment, system: str, passing: tuple[str, ...]
) -> str:
    try:
        argv = [str(find_tool(program, environment)), *arguments]
        said = run(argv, environment=environment, timeout=_TIMEOUT, passing=passing).stdout
    except ToolError as error:
        raise _none(f"{system} gives no identity token: {error.message}") from None
    return said[:_MAX_ANSWER].decode("ascii", "replace")


def _get(url: str, headers: Mapping[str, str], environment: Environment, system: str) -> str:
    import urllib3

    proxy = proxy_of(url, environment)
    try:
        with urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager() as pool:
            answer = pool.request(
                "GET", url, headers=headers, timeout=_TIMEOUT, retries=2, redirect=False, preload_content=False
            )
            content = answer.read(_MAX_ANSWER)
            answer.close()
    except (urllib3.exceptions.HTTPError, ValueError):
        # The error's own text may hold the address with what is secret in it.
        raise _none(
            f"{system} cannot be asked for an identity token: {urlsplit(url).hostname} does not answer"
        ) from None
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise _none(f"{system} gives no identity token: its answer is HTTP {answer.status}")
    return content.decode("utf-8", "replace")


def _none(message: str, hint: str | None = None) -> ConfigurationError:
    return ConfigurationError(
        message, hint=hint or "or give one with --identity-token-file", code="configuration.identity-token"
    )
