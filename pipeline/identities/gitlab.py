"""GitLab's container registry and dependency proxy by the job's own token, in GitLab's predefined variables."""

from __future__ import annotations

from pipeline.errors import IdentityError
from pipeline.identities.discretion import Discretion
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import bare_host
from pipeline.ports import Environment

_JOB_USER = "gitlab-ci-token"
_REGISTRY = ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD")
_PROXY = ("CI_DEPENDENCY_PROXY_SERVER", "CI_DEPENDENCY_PROXY_USER", "CI_DEPENDENCY_PROXY_PASSWORD")


class GitLabIdentity:
    """The job's token is the password; it ends with the job, and no other is to be had."""

    def __init__(self, environment: Environment, discretion: Discretion) -> None:
        self._environment = environment
        self._discretion = discretion

    def serves(self, host: str) -> bool:
        """Whether it is the registry or the dependency proxy that GitLab's variables name."""
        return self._variables(host) is not None

    def credentials(self, host: str) -> Credentials:
        """The login that GitLab made for this job; where the registry's is missing, the job's own token."""
        variables = self._variables(host)
        if variables is None:
            raise IdentityError(
                f"{host} is not the registry of a GitLab job here; looked at CI_REGISTRY and {_PROXY[0]}",
                hint="in a job, the project's container registry must be switched on",
            )
        _, user_variable, password_variable = variables
        user, password = (self._environment.get(name, "").strip() for name in (user_variable, password_variable))
        if not (user and password):
            user, password = _JOB_USER, self._environment.get("CI_JOB_TOKEN", "").strip()
        if not password:
            raise IdentityError(
                f"{host}: there is no token of a GitLab job; looked for {password_variable} and CI_JOB_TOKEN"
            )
        return Credentials(user, self._discretion.keep(password))

    def _variables(self, host: str) -> tuple[str, str, str] | None:
        for variables in (_REGISTRY, _PROXY):
            named = self._environment.get(variables[0], "").strip()
            if named and bare_host(named.partition("/")[0]) == bare_host(host):
                return variables
        return None
