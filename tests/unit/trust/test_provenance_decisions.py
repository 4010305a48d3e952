from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.build_environment import detect_platform
from pipeline.model.attestation.provenance import BuildFacts, write_provenance
from pipeline.model.trust.policy import Provenance, Signers
from pipeline.model.trust.predicate_types import CYCLONEDX, SLSA_PROVENANCE_V02, SLSA_PROVENANCE_V1
from pipeline.model.trust.provenance_reading import read_provenance, repository_url, whole_ref
from tests.unit.trust.support import OURS, THEIRS, attestation, by_key, decided, ruled

REPOSITORY = "https://github.com/acme/shop"
BUILDER = "https://github.com/actions/runner/github-hosted"
WANTED = Provenance(
    signers=Signers((OURS,)),
    builder=BUILDER,
    repository=REPOSITORY,
    branch="main",
    workflow=".github/workflows/release.yml",
)


def v1(build_type: str, parameters: object, dependencies: object = (), builder: str = BUILDER) -> dict[str, Any]:
    return {
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": parameters,
            "resolvedDependencies": list(dependencies) if isinstance(dependencies, tuple) else dependencies,
        },
        "runDetails": {"builder": {"id": builder}},
    }


def github(**changes: str) -> dict[str, Any]:
    workflow = {"repository": REPOSITORY, "ref": "refs/heads/main", "path": ".github/workflows/release.yml", **changes}
    return v1("https://actions.github.io/buildtypes/workflow/v1", {"workflow": workflow})


def git(uri: str, **more: str) -> dict[str, Any]:
    return {"uri": uri, "digest": {"sha1": "0" * 40}, **more}


def test_github_provenance_says_all_that_can_be_asked_for() -> None:
    decision = decided(ruled(WANTED), attestation(predicate=github()))

    assert decision.passed
    assert decision.found == "slsaprovenance1 by ours.pub (SHA256:ours.pub)"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"repository": f"{REPOSITORY}-evil"}, f"source repository is {REPOSITORY}-evil and not {REPOSITORY}"),
        ({"repository": "https://evil.test/acme/shop"}, "source repository is https://evil.test/acme/shop and not"),
        ({"ref": "refs/heads/dev"}, "ref is refs/heads/dev and not refs/heads/main"),
        ({"ref": "refs/tags/main"}, "ref is refs/tags/main and not refs/heads/main"),
        ({"ref": "refs/pull/1/merge"}, "ref is refs/pull/1/merge and not refs/heads/main"),
        ({"path": ".github/workflows/other.yml"}, "workflow is .github/workflows/other.yml and not"),
        ({"repository": ""}, "does not say its source repository where the build type"),
        ({"ref": ""}, "does not say its ref"),
    ],
)
def test_what_is_not_as_asked_for_is_told(changes: dict[str, str], told: str) -> None:
    decision = decided(ruled(WANTED), attestation(predicate=github(**changes)))

    assert not decision.passed
    assert told in decision.found
    assert decision.needed == (
        f"SLSA provenance of a build by {BUILDER} from {REPOSITORY} at refs/heads/main"
        " by the workflow .github/workflows/release.yml, signed by ours.pub"
    )


def test_another_builder_is_refused() -> None:
    predicate = v1("https://actions.github.io/buildtypes/workflow/v1", {}, builder="https://evil.test")

    assert (
        "whose builder is https://evil.test and not" in decided(ruled(WANTED), attestation(predicate=predicate)).found
    )


def test_a_builder_may_be_a_regular_expression() -> None:
    either = Provenance(signers=Signers((OURS,)), builder_regexp="^https://github\\.com/actions/runner/.*$")

    assert decided(ruled(either), attestation(predicate=github())).passed
    assert not decided(ruled(either), attestation(predicate=v1("x", {}, builder="https://evil.test"))).passed
    assert not decided(ruled(either), attestation(predicate=v1("x", {}, builder=""))).passed


def test_a_foreign_provenance_that_says_the_right_things_is_refused() -> None:
    decision = decided(ruled(WANTED), attestation(predicate=github(), signature=by_key(THEIRS)))

    assert decision.found == "one by theirs.pub (SHA256:theirs.pub), who is not one of them"


def test_only_provenance_is_provenance() -> None:
    assert (
        decided(ruled(WANTED), attestation(CYCLONEDX, github())).found == "no SLSA provenance; attested is: cyclonedx"
    )


def test_conditions_hold_of_the_provenance_that_says_the_rest() -> None:
    wanted = replace(WANTED, conditions=("predicate.runDetails.builder.id.endsWith('hosted')",))

    assert decided(ruled(wanted), attestation(predicate=github())).passed
    other = replace(WANTED, conditions=("predicate.runDetails.builder.id == ''",))
    assert "is false" in decided(ruled(other), attestation(predicate=github())).found


def test_a_branch_may_be_a_pattern_of_refs() -> None:
    tags = replace(WANTED, branch="refs/tags/v*")

    assert decided(ruled(tags), attestation(predicate=github(ref="refs/tags/v1.0"))).passed
    assert not decided(ruled(tags), attestation(predicate=github(ref="refs/heads/v1.0"))).passed


def test_an_unknown_build_type_is_believed_nothing_but_the_builder() -> None:
    predicate = github()
    predicate["buildDefinition"]["buildType"] = "https://evil.test/buildtypes/workflow/v1"

    decision = decided(ruled(WANTED), attestation(predicate=predicate))

    assert "does not say its source repository where the build type (https://evil.test/" in decision.found


def test_our_own_build_type_is_read() -> None:
    parameters = {"source": {"repository": "git@github.com:acme/shop.git", "ref": "main"}}
    facts = read_provenance(SLSA_PROVENANCE_V1, v1("https://gitless.dev/build/v1", parameters))

    assert (facts.repositories, facts.ref) == ((REPOSITORY,), "refs/heads/main")


def test_tekton_chains_source_is_the_one_that_a_result_names() -> None:
    dependencies = (
        git("git+https://github.com/tektoncd/catalog.git", name="pipeline"),
        git(f"git+{REPOSITORY}.git", name="inputs/result"),
        {"uri": "oci://ghcr.io/acme/git", "digest": {"sha256": "0" * 64}},
    )
    facts = read_provenance(SLSA_PROVENANCE_V1, v1("https://tekton.dev/chains/v2/slsa-tekton", {}, dependencies))

    assert (facts.repositories, facts.ref) == ((REPOSITORY,), "")


def test_several_sources_are_no_source() -> None:
    dependencies = tuple(git(f"git+{url}", name="inputs/result") for url in (REPOSITORY, "https://evil.test/shop"))
    predicate = v1("https://tekton.dev/chains/v2/slsa", {}, dependencies)

    decision = decided(ruled(replace(WANTED, branch="", workflow="")), attestation(predicate=predicate))

    assert "names several source repositories" in decision.found


def test_what_gitless_writes_in_a_tekton_task_begins_with_the_source() -> None:
    dependencies = (git(f"git+{REPOSITORY}@refs/heads/main"), git("git+https://github.com/other/base@v1"))
    facts = read_provenance(SLSA_PROVENANCE_V1, v1("https://tekton.dev/chains/v2/slsa", {}, dependencies))

    assert (facts.repositories, facts.ref) == ((REPOSITORY,), "refs/heads/main")


def test_gitlabs_source_is_a_parameter_and_its_ref_stands_behind_the_same_project() -> None:
    build_type = "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v17.0.0/PROVENANCE.md"
    project = {"source": "https://gitlab.com/acme/shop"}

    said = read_provenance(
        SLSA_PROVENANCE_V1, v1(build_type, project, (git("git+https://gitlab.com/acme/shop@refs/heads/main"),))
    )
    foreign = read_provenance(
        SLSA_PROVENANCE_V1, v1(build_type, project, (git("git+https://gitlab.com/evil/shop@refs/heads/main"),))
    )

    assert (said.repositories, said.ref) == (("https://gitlab.com/acme/shop",), "refs/heads/main")
    assert (foreign.repositories, foreign.ref) == (("https://gitlab.com/acme/shop",), "")


def test_version_02_is_read_where_its_fields_say_the_same() -> None:
    predicate = {
        "builder": {"id": BUILDER},
        "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
        "invocation": {
            "configSource": {"uri": f"git+{REPOSITORY}@refs/heads/main", "entryPoint": ".github/workflows/release.yml"}
        },
    }

    assert decided(ruled(WANTED), attestation(SLSA_PROVENANCE_V02, predicate)).passed


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        {"buildDefinition": None, "runDetails": []},
        v1("https://actions.github.io/buildtypes/workflow/v1", {"workflow": [1]}),
        v1("https://actions.github.io/buildtypes/workflow/v1", None),
        v1("https://tekton.dev/chains/v2/slsa", {}, {"uri": 1}),
        v1("https://tekton.dev/chains/v2/slsa", {}, [1, None, {"uri": 1, "name": "inputs/result"}]),
        v1("https://gitless.dev/build/v1", {"source": "text", "workflow": 3}),
    ],
)
@pytest.mark.parametrize("predicate_type", [SLSA_PROVENANCE_V1, SLSA_PROVENANCE_V02])
def test_a_predicate_of_any_shape_is_a_refusal_and_no_bug(predicate_type: str, predicate: dict[str, Any]) -> None:
    assert not decided(ruled(WANTED), attestation(predicate_type, predicate)).passed


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("git+https://GitHub.com/acme/shop.git", REPOSITORY),
        ("github.com/acme/shop/", REPOSITORY),
        ("ssh://git@github.com/acme/shop.git", REPOSITORY),
        ("git@github.com:acme/shop.git", REPOSITORY),
        ("https://github.com@evil.test/acme/shop", "https://evil.test/acme/shop"),
        ("https://github.com/acme/Shop", "https://github.com/acme/Shop"),
        ("http://github.com/acme/shop", "http://github.com/acme/shop"),
        ("", ""),
    ],
)
def test_one_repository_has_many_spellings(text: str, url: str) -> None:
    assert repository_url(text) == url


def test_a_bare_name_is_a_branch_and_never_a_tag() -> None:
    assert (whole_ref("main"), whole_ref("refs/tags/main"), whole_ref("")) == ("refs/heads/main", "refs/tags/main", "")


@pytest.mark.parametrize(
    ("variables", "ref", "workflow"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": "acme/shop",
                "GITHUB_REF": "refs/heads/main",
                "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/release.yml@refs/heads/main",
            },
            "refs/heads/main",
            ".github/workflows/release.yml",
        ),
        (
            {"GITLAB_CI": "true", "CI_PROJECT_URL": REPOSITORY, "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": "0" * 40},
            "refs/heads/main",
            "",
        ),
        ({"GITLAB_CI": "true", "CI_PROJECT_URL": REPOSITORY, "CI_COMMIT_TAG": "main"}, "refs/tags/main", ""),
        ({"GITLESS_TEKTON_TASK_RUN_UID": "uid", "GITLESS_TEKTON_TASK": "publish"}, "refs/heads/main", ""),
        ({}, "refs/heads/main", ""),
    ],
    ids=["github", "gitlab", "gitlab-tag", "tekton", "own"],
)
def test_what_gitless_writes_on_each_platform_is_read_back(variables: dict[str, str], ref: str, workflow: str) -> None:
    written = write_provenance(
        detect_platform(variables), BuildFacts(source=REPOSITORY, revision=f"main@sha1:{'0' * 40}")
    )

    facts = read_provenance(SLSA_PROVENANCE_V1, written)

    assert (facts.repositories, facts.ref, facts.workflow) == ((REPOSITORY,), ref, workflow)
    assert facts.builder
