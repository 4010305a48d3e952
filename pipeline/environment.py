"""What the process's surroundings say: the CI's variables, the Git checkout, and proxies."""

from __future__ import annotations

import ipaddress
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import ConfigurationError, ToolError, UsageError
from pipeline.ports import Environment, Reporter

Git = Callable[[Sequence[str]], str]
"""Runs git with these arguments and returns its output; raises ToolError where it is missing or fails."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)([^/@]*)@", re.IGNORECASE)
_CHANGED = re.compile(r"^[12u] ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where content comes from: the repository's URL, and ``<branch|tag>@sha1:<commit>`` as Flux writes it."""

    source: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class _Checkout:
    url: str
    name: str
    commit: str

    def provenance(self) -> Provenance:
        return Provenance(without_credentials(self.url), revision_of(self.name, self.commit))


def detect_provenance(path: Path, environment: Environment, git: Git, reporter: Reporter) -> Provenance:
    """The source and revision of a path; empty where nothing is known.

    The CI's variables know branch and tag even where the checkout has none. They are believed only where they speak of
    the commit that is checked out at the path, or where there is no checkout.
    """
    from_ci = _from_ci(environment)
    from_git = _from_git(path, git, reporter)
    if from_ci is not None and from_git is not None and from_git.commit == from_ci.commit:
        return _Checkout(from_ci.url or from_git.url, from_ci.name or from_git.name, from_ci.commit).provenance()
    if from_ci is not None and from_git is None:
        return from_ci.provenance()
    return from_git.provenance() if from_git is not None else Provenance()


def is_in_checkout(path: Path, environment: Environment) -> bool:
    """Whether Git could know the path: it is in a checkout, or the environment names one."""
    return "GIT_DIR" in environment or checkout_root(path.resolve()) is not None


def checkout_root(path: Path) -> Path | None:
    """The nearest folder above the path, or itself, that has ``.git``; Git is not asked."""
    return next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), None)


def revision_of(name: str, commit: str) -> str:
    """``main@sha1:…``; without a branch or tag only ``sha1:…``; empty where the commit is none."""
    if _COMMIT.fullmatch(commit) is None:
        return ""
    hashed = f"{'sha1' if len(commit) == 40 else 'sha256'}:{commit}"  # noqa: PLR2004 - hexadecimal digits of SHA-1
    return f"{name}@{hashed}" if name else hashed


def without_credentials(url: str) -> str:
    """The URL without user, password, query and fragment, which may hold a token; ``ssh://git@`` keeps its user."""
    match = _USER_INFO.match(url)
    if match is None:
        return re.split(r"[?#]", url, maxsplit=1)[0] if "://" in url else url
    scheme, user = match[1], match[2].partition(":")[0]
    keep = f"{user}@" if "ssh" in scheme.lower() and user else ""
    return re.split(r"[?#]", f"{scheme}{keep}{url[match.end() :]}", maxsplit=1)[0]


def creation_time(asked: str | None, environment: Environment, now: Callable[[], float]) -> str:
    """RFC 3339 in UTC for ``now``, ``epoch``, a time, or nothing: then ``SOURCE_DATE_EPOCH``, or else the epoch.

    Raises:
        UsageError: the text is none of these.
        ConfigurationError: ``SOURCE_DATE_EPOCH`` is not a number of seconds.
    """
    if asked == "now":
        return _rfc3339(datetime.fromtimestamp(int(now()), UTC))
    if asked == "epoch":
        return _rfc3339(datetime.fromtimestamp(0, UTC))
    if asked:
        try:
            moment = datetime.fromisoformat(asked)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise UsageError(f"'{asked}' is not a time; expected now, epoch, or one like 2026-01-31T12:00:00Z")
        return _rfc3339(moment.astimezone(UTC))
    seconds = environment.get("SOURCE_DATE_EPOCH") or "0"
    try:
        return _rfc3339(datetime.fromtimestamp(int(seconds), UTC))
    except (ValueError, OverflowError, OSError):
        raise ConfigurationError(f"SOURCE_DATE_EPOCH is '{seconds}', not a number of seconds") from None


def _rfc3339(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _from_git(path: Path, git: Git, reporter: Reporter) -> _Checkout | None:
    folder = str(path if path.is_dir() else path.parent)
    try:
        status = git(
            [
                "-C",
                folder,
                "status",
                "--porcelain=v2",
                "--branch",
                "--untracked-files=no",
                "--ignore-submodules",
                "--",
                ".",
            ]
        )
    except ToolError as error:
        reporter.detail(f"no source and revision from git: {error.message}")
        return None
    facts = dict(re.findall(r"^# branch\.(\S+) (.*)$", status, re.MULTILINE))
    commit = facts.get("oid", "")
    if _COMMIT.fullmatch(commit) is None:
        return None
    if _CHANGED.search(status):
        reporter.warn(f"{path} differs from commit {commit[:12]}, which the artifact's revision will name")
    branch = facts.get("head", "")
    upstream = facts.get("upstream", "").partition("/")[0]
    if branch in {"", "(detached)"}:
        branch = _ask(git, ["-C", folder, "describe", "--tags", "--exact-match", "HEAD"])
    url = _ask(git, ["-C", folder, "remote", "get-url", upstream or "origin"])
    return _Checkout(url, branch, commit)


def _ask(git: Git, arguments: Sequence[str]) -> str:
    try:
        return git(arguments).strip()
    except ToolError:
        return ""


def _from_ci(environment: Environment) -> _Checkout | None:
    for read in _CI_SYSTEMS:
        found = read(environment)
        if found is not None and _COMMIT.fullmatch(found.commit):
            return found
    return None


def _github(variables: Mapping[str, str]) -> _Checkout | None:
    """GitHub Actions, and Gitea's and Forgejo's, which set the same."""
    if variables.get("GITHUB_ACTIONS") != "true":
        return None
    server, repository = variables.get("GITHUB_SERVER_URL", ""), variables.get("GITHUB_REPOSITORY", "")
    name = variables.get("GITHUB_HEAD_REF") or variables.get("GITHUB_REF_NAME", "")
    return _Checkout(f"{server}/{repository}" if server and repository else "", name, variables.get("GITHUB_SHA", ""))


def _plain(marker: str, url: str, names: Sequence[str], commit: str) -> Callable[[Mapping[str, str]], _Checkout | None]:
    """A system that says it all in one variable each; of ``names`` the first that is set counts, so tags come first."""

    def read(variables: Mapping[str, str]) -> _Checkout | None:
        if not variables.get(marker):
            return None
        name = next((variables[key] for key in names if variables.get(key)), "")
        return _Checkout(
            variables.get(url, ""), re.sub(r"^(refs/(heads|tags)/|origin/)", "", name), variables.get(commit, "")
        )

    return read


# Named by each system's own documentation of its predefined variables. Tekton sets none: its task hands on what Tekton
# Chains calls CHAINS-GIT_URL and CHAINS-GIT_COMMIT, which no branch belongs to.
_CI_SYSTEMS = (
    _github,
    _plain("GITLAB_CI", "CI_PROJECT_URL", ("CI_COMMIT_TAG", "CI_COMMIT_REF_NAME"), "CI_COMMIT_SHA"),
    _plain("BUILDKITE", "BUILDKITE_REPO", ("BUILDKITE_TAG", "BUILDKITE_BRANCH"), "BUILDKITE_COMMIT"),
    _plain("CIRCLECI", "CIRCLE_REPOSITORY_URL", ("CIRCLE_TAG", "CIRCLE_BRANCH"), "CIRCLE_SHA1"),
    _plain("JENKINS_URL", "GIT_URL", ("TAG_NAME", "CHANGE_BRANCH", "GIT_BRANCH"), "GIT_COMMIT"),
    _plain("TF_BUILD", "BUILD_REPOSITORY_URI", ("BUILD_SOURCEBRANCH",), "BUILD_SOURCEVERSION"),
    _plain(
        "BITBUCKET_BUILD_NUMBER",
        "BITBUCKET_GIT_HTTP_ORIGIN",
        ("BITBUCKET_TAG", "BITBUCKET_BRANCH"),
        "BITBUCKET_COMMIT",
    ),
    _plain("DRONE", "DRONE_REPO_LINK", ("DRONE_TAG", "DRONE_BRANCH"), "DRONE_COMMIT_SHA"),
    _plain("CI_REPO_URL", "CI_REPO_URL", ("CI_COMMIT_TAG", "CI_COMMIT_BRANCH"), "CI_COMMIT_SHA"),
    _plain("CHAINS_GIT_COMMIT", "CHAINS_GIT_URL", (), "CHAINS_GIT_COMMIT"),
)


# A job's own page, by each system's documentation.
_CI_JOBS = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL", "DRONE_BUILD_LINK", "CI_PIPELINE_URL")


_TEKTON_RESULTS = Path("/tekton/results")
"""Where a Tekton task's steps find the folder of its results."""


def ci_system(environment: Environment) -> str:
    """Which CI this runs in and can be told about results: ``github``, ``gitlab``, ``tekton``, or ``none``."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return "github"
    if environment.get("GITLAB_CI"):
        return "gitlab"
    return "tekton" if declared_results(environment) or tekton_results(environment) else "none"


def tekton_results(environment: Environment) -> str:
    """The folder of a Tekton task's results; empty where there is none."""
    given = environment.get("TEKTON_RESULTS_DIR", "")
    return given or (str(_TEKTON_RESULTS) if _TEKTON_RESULTS.is_dir() else "")


def declared_results(environment: Environment) -> dict[str, str]:
    """The results that a Tekton step has declared, and the file of each: ``NAME=FILE`` in each line of a variable.

    Tekton tells files one by one (``$(results.NAME.path)``, ``$(step.results.NAME.path)``), never their folder.
    """
    lines = (line.strip() for line in environment.get("GITLESS_TEKTON_RESULTS", "").splitlines())
    return {name: file for name, found, file in (line.partition("=") for line in lines) if name and found and file}


def running_as(environment: Environment) -> str:
    """Who runs this: the address of the CI job, or ``user@host``."""
    if environment.get("GITHUB_ACTIONS") and environment.get("GITHUB_RUN_ID"):
        server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    for name in _CI_JOBS:
        if environment.get(name):
            return environment[name]
    user = environment.get("USER") or environment.get("LOGNAME") or environment.get("USERNAME") or "somebody"
    return f"{user}@{platform.node() or 'localhost'}"


def proxy_of(url: str, environment: Environment) -> str:
    """The proxy for a URL by ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``NO_PROXY``; empty: none.

    As in Go, whose tools users compare us with, NO_PROXY may also hold address ranges.
    """
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed lacks it

    parts = urlsplit(url)
    name = f"{parts.scheme}_proxy"
    proxy = environment.get(name) or environment.get(name.upper()) or ""
    exceptions = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if proxy_bypass_environment(parts.netloc, {"no": exceptions}) or _in_ranges(parts.hostname or "", exceptions):
        return ""
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _in_ranges(host: str, exceptions: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for entry in exceptions.split(","):
        try:
            if address in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
