"""GitLab's REST API (v4), where the job's variables say that it is: gitlab.com or a server of one's own."""

from __future__ import annotations

from pipeline.ci.api import Api
from pipeline.ports import Clock, Environment

TOKEN = "GITLESS_GITLAB_TOKEN"  # noqa: S105 - the variable's name


def gitlab_api(token: str, environment: Environment, clock: Clock) -> Api:
    """The API with a token; whoever opens it closes it.

    Raises:
        UntoldError: its address cannot be used.
    """
    return Api(
        environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4",
        {"PRIVATE-TOKEN": token, "Accept": "application/json"},
        environment,
        clock,
        ca_file=environment.get("CI_SERVER_TLS_CA_FILE", ""),
        may_be_plain=environment.get("CI_SERVER_PROTOCOL") == "http",
    )
