"""Which build platform we run on, and what its variables say of the run, in the words of its own build type.

What a job says about itself is worth what its signature is worth. Values that could hold a secret are never taken:
only variables that each platform documents as its own description of a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.model.attestation.provenance import BuildPlatform
from pipeline.ports import Environment

BUILDER_ID = "GITLESS_BUILDER_ID"
"""Says who builds, where the platform's own name would not tell it; a URI."""

_GITHUB = "https://actions.github.io/buildtypes/workflow/v1"
_GITLAB = "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/{}/PROVENANCE.md"
_TEKTON = "https://tekton.dev/chains/v2/slsa"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORKFLOW = re.compile(r"(?P<repository>[^/]+/[^/]+)/(?P<path>[^@]+)@(?P<ref>.+)")

# The platforms that publish no build type: variable that marks it, the address of the run, and who builds.
_OTHERS = (
    ("BUILDKITE", "BUILDKITE_BUILD_URL", "https://buildkite.com"),
    ("CIRCLECI", "CIRCLE_BUILD_URL", "https://circleci.com"),
    ("JENKINS_URL", "BUILD_URL", ""),
    ("TF_BUILD", "BUILD_BUILDURI", "https://dev.azure.com"),
    ("BITBUCKET_BUILD_NUMBER", "BITBUCKET_STEP_UUID", "https://bitbucket.org"),
    ("DRONE", "DRONE_BUILD_LINK", "https://drone.io"),
    ("CI_REPO_URL", "CI_PIPELINE_URL", "https://woodpecker-ci.org"),
)
_LOCAL = "https://gitless.dev/builders/local"
_IN_TEKTON = "https://gitless.dev/builders/tekton"


def detect_platform(environment: Environment) -> BuildPlatform:
    """The platform of this process; where there is none, somebody's own machine."""
    for read in (_github, _gitlab, _tekton, _other):
        found = read(environment)
        if found is not None:
            return found
    return BuildPlatform(builder_id=environment.get(BUILDER_ID) or _LOCAL)


def _github(variables: Mapping[str, str]) -> BuildPlatform | None:
    """GitHub Actions, by its build type ``workflow/v1``.

    The builder is the workflow of the job. A reusable workflow is known to the job's token alone, not to its
    variables: who signs keyless has it in the certificate.
    """
    workflow = _WORKFLOW.fullmatch(variables.get("GITHUB_WORKFLOW_REF", ""))
    if variables.get("GITHUB_ACTIONS") != "true" or workflow is None:
        return None
    server = variables.get("GITHUB_SERVER_URL") or "https://github.com"
    repository = f"{server}/{variables.get('GITHUB_REPOSITORY') or workflow['repository']}"
    run, attempt = variables.get("GITHUB_RUN_ID", ""), variables.get("GITHUB_RUN_ATTEMPT") or "1"
    return BuildPlatform(
        builder_id=variables.get(BUILDER_ID) or f"{server}/{variables['GITHUB_WORKFLOW_REF']}",
        build_type=_GITHUB,
        external={
            "workflow": {
                "ref": workflow["ref"],
                "repository": f"{server}/{workflow['repository']}",
                "path": workflow["path"],
            }
        },
        internal={
            "github": _told(
                event_name=variables.get("GITHUB_EVENT_NAME"),
                repository_id=variables.get("GITHUB_REPOSITORY_ID"),
                repository_owner_id=variables.get("GITHUB_REPOSITORY_OWNER_ID"),
                runner_environment=variables.get("RUNNER_ENVIRONMENT"),
            )
        },
        repository=repository,
        ref=variables.get("GITHUB_REF", ""),
        commit=_commit(variables.get("GITHUB_SHA")),
        invocation_id=f"{repository}/actions/runs/{run}/attempts/{attempt}" if run else "",
    )


def _gitlab(variables: Mapping[str, str]) -> BuildPlatform | None:
    """GitLab, by the conventions of its runner's own provenance (``PROVENANCE.md`` of the runner's version).

    As there, parameters are the names of the run's variables without their values, which may be secrets; of them only
    those that GitLab itself defines.
    """
    project = variables.get("CI_PROJECT_URL", "")
    if not variables.get("GITLAB_CI") or not project:
        return None
    version = variables.get("CI_RUNNER_VERSION", "")
    runner = variables.get("CI_RUNNER_ID", "")
    return BuildPlatform(
        builder_id=variables.get(BUILDER_ID) or f"{project}/-/runners/{runner}",
        build_type=_GITLAB.format(f"v{version}" if version else "main"),
        external={
            "source": project,
            "entryPoint": variables.get("CI_JOB_NAME", ""),
            "variables": {name: "" for name in sorted(variables) if name.startswith(("CI_", "GITLAB_"))},
        },
        internal=_told(
            name=variables.get("CI_RUNNER_DESCRIPTION"),
            architecture=variables.get("CI_RUNNER_EXECUTABLE_ARCH"),
            job=variables.get("CI_JOB_ID"),
        ),
        repository=project,
        ref=_gitlab_ref(variables),
        commit=_commit(variables.get("CI_COMMIT_SHA")),
        invocation_id=variables.get("CI_JOB_URL") or variables.get("CI_JOB_ID", ""),
        started_on=variables.get("CI_JOB_STARTED_AT", ""),
    )


def _gitlab_ref(variables: Mapping[str, str]) -> str:
    if variables.get("CI_COMMIT_TAG"):
        return f"refs/tags/{variables['CI_COMMIT_TAG']}"
    if variables.get("CI_COMMIT_BRANCH"):
        return f"refs/heads/{variables['CI_COMMIT_BRANCH']}"
    return variables.get("CI_COMMIT_REF_NAME", "")


def _tekton(variables: Mapping[str, str]) -> BuildPlatform | None:
    """Tekton, by the build type of Tekton Chains, as far as a step can know.

    A step is told nothing by Tekton itself; a task passes what it knows of its run in these variables, the run's uid
    from ``$(context.taskRun.uid)`` or ``$(context.pipelineRun.uid)``. The run's whole specification is known to Chains
    alone, so only its reference is here; and we are not Chains, hence our own builder.
    """
    uid = variables.get("GITLESS_TEKTON_PIPELINE_RUN_UID") or variables.get("GITLESS_TEKTON_TASK_RUN_UID", "")
    task, pipeline = variables.get("GITLESS_TEKTON_TASK", ""), variables.get("GITLESS_TEKTON_PIPELINE", "")
    if not uid:
        return None
    specification: dict[str, Any] = {}
    if pipeline:
        specification["pipelineRef"] = {"name": pipeline}
    elif task:
        specification["taskRef"] = {"name": task}
    return BuildPlatform(
        builder_id=variables.get(BUILDER_ID) or _IN_TEKTON,
        build_type=_TEKTON,
        external={"runSpec": specification},
        invocation_id=uid,
    )


def _other(variables: Mapping[str, str]) -> BuildPlatform | None:
    for marker, run, builder in _OTHERS:
        if variables.get(marker):
            return BuildPlatform(
                builder_id=variables.get(BUILDER_ID) or builder or variables[marker],
                invocation_id=variables.get(run, ""),
            )
    return None


def _commit(value: str | None) -> str:
    return value if value and _COMMIT.fullmatch(value) else ""


def _told(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
