from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.build_environment import detect_platform
from pipeline.errors import RefusedError
from pipeline.model.attestation.materials import Material, MaterialKind, image_material
from pipeline.model.attestation.provenance import BuildFacts, BuildPlatform, check_same_commit, write_provenance
from tests.unit.attest.support import ARTIFACT, BASE, CHART, LOCK, PIN

COMMIT = "c0ffee" + "0" * 34
OTHER = "badbad" + "0" * 34
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_REPOSITORY_ID": "1",
    "GITHUB_REPOSITORY_OWNER_ID": "2",
    "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/release.yml@refs/heads/main",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_SHA": COMMIT,
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_TOKEN": "ghs_secret",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-too",
    "RUNNER_ENVIRONMENT": "github-hosted",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_URL": "https://gitlab.com/acme/shop",
    "CI_JOB_NAME": "release",
    "CI_JOB_ID": "9",
    "CI_JOB_URL": "https://gitlab.com/acme/shop/-/jobs/9",
    "CI_JOB_STARTED_AT": "2026-11-25T18:00:00Z",
    "CI_JOB_TOKEN": "glcbt-secret",
    "CI_RUNNER_ID": "5",
    "CI_RUNNER_VERSION": "18.1.0",
    "CI_RUNNER_DESCRIPTION": "blue",
    "CI_RUNNER_EXECUTABLE_ARCH": "linux/amd64",
    "CI_COMMIT_SHA": COMMIT,
    "CI_COMMIT_BRANCH": "main",
    "MY_PASSWORD": "secret-too",
}
LOCAL = BuildPlatform(builder_id="https://gitless.dev/builders/local")


def _provenance(variables: dict[str, str], facts: BuildFacts | None = None) -> dict[str, Any]:
    written = write_provenance(detect_platform(variables), facts or BuildFacts())
    assert "secret" not in json.dumps(written)
    return written


def test_github_actions_are_told_by_their_own_build_type() -> None:
    found = _provenance(GITHUB, BuildFacts(source="https://github.com/acme/shop.git", revision=f"main@sha1:{COMMIT}"))

    assert found["buildDefinition"] == {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {
                "ref": "refs/heads/main",
                "repository": "https://github.com/acme/shop",
                "path": ".github/workflows/release.yml",
            }
        },
        "internalParameters": {
            "github": {
                "event_name": "push",
                "repository_id": "1",
                "repository_owner_id": "2",
                "runner_environment": "github-hosted",
            }
        },
        "resolvedDependencies": [
            {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": COMMIT}}
        ],
    }
    run = found["runDetails"]
    assert run["builder"]["id"] == "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
    assert run["metadata"] == {"invocationId": "https://github.com/acme/shop/actions/runs/77/attempts/2"}


def test_a_source_that_is_not_the_workflows_own_is_a_dependency_too() -> None:
    found = _provenance(GITHUB, BuildFacts(source="git@github.com:acme/config.git", revision=f"v1@sha1:{OTHER}"))

    assert found["buildDefinition"]["resolvedDependencies"] == [
        {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": COMMIT}},
        {"uri": "git+ssh://git@github.com/acme/config.git@v1", "digest": {"gitCommit": OTHER}},
    ]


def test_gitlab_is_told_as_its_runner_does_without_the_values_of_variables() -> None:
    found = _provenance(GITLAB)

    definition = found["buildDefinition"]
    assert definition["buildType"] == "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v18.1.0/PROVENANCE.md"
    external = definition["externalParameters"]
    assert (external["source"], external["entryPoint"]) == ("https://gitlab.com/acme/shop", "release")
    assert set(external["variables"].values()) == {""}
    assert "CI_JOB_TOKEN" in external["variables"]
    assert "MY_PASSWORD" not in external["variables"]
    assert definition["internalParameters"] == {"name": "blue", "architecture": "linux/amd64", "job": "9"}
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://gitlab.com/acme/shop@refs/heads/main", "digest": {"gitCommit": COMMIT}}
    ]
    assert found["runDetails"]["builder"]["id"] == "https://gitlab.com/acme/shop/-/runners/5"
    assert found["runDetails"]["metadata"] == {
        "invocationId": "https://gitlab.com/acme/shop/-/jobs/9",
        "startedOn": "2026-11-25T18:00:00Z",
    }


@pytest.mark.parametrize(
    ("variables", "specification"),
    [
        ({"GITLESS_TEKTON_PIPELINE": "release"}, {"pipelineRef": {"name": "release"}}),
        ({"GITLESS_TEKTON_TASK": "publish"}, {"taskRef": {"name": "publish"}}),
        ({}, {}),
    ],
)
def test_tekton_is_told_by_the_build_type_of_chains_as_far_as_a_step_knows(
    variables: dict[str, str], specification: dict[str, Any]
) -> None:
    found = _provenance(
        {"GITLESS_TEKTON_TASK_RUN_UID": "1-2-3", **variables},
        BuildFacts(source="https://git.test/shop", revision=f"main@sha1:{COMMIT}"),
    )

    definition = found["buildDefinition"]
    assert definition["buildType"] == "https://tekton.dev/chains/v2/slsa"
    assert definition["externalParameters"] == {"runSpec": specification}
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://git.test/shop@main", "digest": {"gitCommit": COMMIT}}
    ]
    assert found["runDetails"]["builder"]["id"] == "https://gitless.dev/builders/tekton"
    assert found["runDetails"]["metadata"] == {"invocationId": "1-2-3"}


@pytest.mark.parametrize(
    ("variables", "builder", "invocation"),
    [
        ({}, "https://gitless.dev/builders/local", None),
        ({"GITLESS_BUILDER_ID": "https://ci.acme.dev"}, "https://ci.acme.dev", None),
        ({"BUILDKITE": "true", "BUILDKITE_BUILD_URL": "https://b/1"}, "https://buildkite.com", "https://b/1"),
        ({"JENKINS_URL": "https://jenkins.test/", "BUILD_URL": "https://j/1"}, "https://jenkins.test/", "https://j/1"),
        ({"GITHUB_ACTIONS": "true"}, "https://gitless.dev/builders/local", None),
    ],
)
def test_elsewhere_it_is_our_own_build_type(variables: dict[str, str], builder: str, invocation: str | None) -> None:
    found = _provenance(
        variables,
        BuildFacts(
            source="https://git.test/shop",
            revision=f"main@sha1:{COMMIT}",
            target="staging",
            settings="gitless.yaml",
            settings_digest=PIN,
            started_at=0.0,
            finished_at=61.5,
        ),
    )

    definition = found["buildDefinition"]
    assert definition["buildType"] == "https://gitless.dev/build/v1"
    assert definition["externalParameters"] == {
        "source": {"repository": "https://git.test/shop", "ref": "main"},
        "target": "staging",
        "settings": {"path": "gitless.yaml", "digest": {"sha256": "12" * 32}},
    }
    assert "internalParameters" not in definition
    assert found["runDetails"]["builder"]["id"] == builder
    metadata = found["runDetails"]["metadata"]
    assert metadata.get("invocationId") == invocation
    assert (metadata["startedOn"], metadata["finishedOn"]) == ("1970-01-01T00:00:00Z", "1970-01-01T00:01:01Z")


def test_everything_that_went_in_is_a_resolved_dependency() -> None:
    image = image_material(f"ghcr.io/acme/shop:1.2@{PIN}")
    pinned = Material(MaterialKind.BASE, "github.com/acme/base", COMMIT, f"gitCommit:{COMMIT}")
    file = Material(MaterialKind.BASE, "https://acme.dev/crds.yaml")
    odd = image_material("{{ image }}")

    materials = (image, CHART, BASE, pinned, file, LOCK, odd)
    found = write_provenance(LOCAL, BuildFacts(materials=materials))["buildDefinition"]

    sha = {"sha256": "12" * 32}
    assert found["externalParameters"] == {"source": {}}
    assert found["resolvedDependencies"] == [
        {"uri": f"pkg:oci/shop@{PIN}?repository_url=ghcr.io/acme/shop&tag=1.2", "digest": sha},
        {"uri": "pkg:helm/redis@1.2.3?repository_url=https://charts.test", "name": "redis", "digest": sha},
        {"uri": "git+https://github.com/acme/base@v1.0#deploy"},
        {"uri": f"git+https://github.com/acme/base@{COMMIT}", "digest": {"gitCommit": COMMIT}},
        {"uri": "https://acme.dev/crds.yaml"},
        {"name": "shop/Chart.lock", "digest": sha},
        {"name": "{{ image }}"},
    ]


@pytest.mark.parametrize(
    ("source", "revision", "refused"),
    [
        ("https://github.com/acme/shop", f"main@sha1:{COMMIT}", False),
        ("https://github.com/acme/shop", f"main@sha1:{OTHER}", True),
        ("https://github.com/Acme/shop.git", f"sha1:{OTHER}", True),
        ("", f"main@sha1:{OTHER}", True),
        ("https://github.com/acme/config", f"main@sha1:{OTHER}", False),
        ("https://github.com/acme/shop", "", False),
        ("https://github.com/acme/shop", "1.0", False),
    ],
)
def test_a_job_does_not_claim_what_another_one_built(source: str, revision: str, *, refused: bool) -> None:
    platform = detect_platform(GITHUB)
    if not refused:
        check_same_commit(platform, ARTIFACT, source, revision)
        return
    with pytest.raises(RefusedError, match=r"built from commit badbad.*this job is about c0ffee"):
        check_same_commit(platform, ARTIFACT, source, revision)
