"""Provenance and bills of materials as others write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError
from pipeline.model.attestation.predicate_names import is_called
from pipeline.model.attestation.provenance_details import Dependency, read_details
from pipeline.model.attestation.sbom_reading import read_sbom
from tests.unit.inspect.support import BOM, COMMIT, CYCLONEDX, GITHUB_PROVENANCE, PROVENANCE, REPOSITORY, WORKFLOW

PROVENANCE_02 = "https://slsa.dev/provenance/v0.2"
SPDX = "https://spdx.dev/Document"

TEKTON: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://tekton.dev/chains/v2/slsa",
        "externalParameters": {"runSpec": {"params": [{"name": "url", "value": "x"}]}},
        "internalParameters": {},
        "resolvedDependencies": [
            {"uri": "oci://ghcr.io/tekton/git-clone", "digest": {"sha256": "ab" * 32}, "name": "task"},
            {"uri": "git+https://git.test/shop.git", "digest": {"sha1": f"sha1:{COMMIT}"}, "name": "inputs/result"},
        ],
    },
    "runDetails": {
        "builder": {"id": "https://tekton.dev/chains/v2"},
        "metadata": {"invocationID": "uid", "startedOn": "2026-11-01T00:00:00Z", "finishedOn": "2026-11-01T00:01:00Z"},
    },
}
GITLAB: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v18.0.0/PROVENANCE.md",
        "externalParameters": {
            "source": "https://gitlab.com/acme/shop",
            "entryPoint": "build",
            "variables": {"CI": ""},
        },
        "resolvedDependencies": [{"uri": "https://gitlab.com/acme/shop", "digest": {"sha256": COMMIT}}],
    },
    "runDetails": {
        "builder": {"id": "https://gitlab.com/acme/shop/-/runners/1"},
        "metadata": {"invocationID": "77"},
    },
}
OURS: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://gitless.dev/build/v1",
        "externalParameters": {"source": {"repository": REPOSITORY, "ref": "refs/heads/main"}, "workflow": "release"},
        "resolvedDependencies": [
            {"uri": f"git+{REPOSITORY}@refs/heads/main", "digest": {"gitCommit": COMMIT}},
            {"uri": "pkg:oci/web", "digest": {"sha256": "ab" * 32}},
        ],
    },
    "runDetails": {"builder": {"id": "https://gitless.dev/local"}},
}
GENERATOR_02: dict[str, Any] = {
    "builder": {"id": "https://github.com/slsa-framework/generator@refs/tags/v2"},
    "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
    "invocation": {
        "configSource": {
            "uri": f"git+{REPOSITORY}@refs/tags/v1",
            "digest": {"sha1": COMMIT},
            "entryPoint": ".github/workflows/release.yml",
        },
        "parameters": {"a": 1},
        "environment": {"github_event_name": "push"},
    },
    "metadata": {"buildInvocationID": "42-1", "buildStartedOn": "2026-11-01T00:00:00Z"},
    "materials": [{"uri": f"git+{REPOSITORY}@refs/tags/v1", "digest": {"sha1": COMMIT}}],
}
CHAINS_02: dict[str, Any] = {
    "builder": {"id": "https://tekton.dev/chains/v2"},
    "buildType": "tekton.dev/v1beta1/TaskRun",
    "invocation": {"configSource": {}, "parameters": {"url": "x"}},
    "materials": [
        {"uri": "oci://ghcr.io/tekton/git-clone", "digest": {"sha256": "ab" * 32}},
        {"uri": "git+https://git.test/shop.git", "digest": {"sha1": COMMIT}},
    ],
}


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "expected"),
    [
        (
            PROVENANCE,
            GITHUB_PROVENANCE,
            (WORKFLOW, REPOSITORY, "refs/heads/main", ".github/workflows/release.yml", "push"),
        ),
        (PROVENANCE, TEKTON, ("https://tekton.dev/chains/v2", "https://git.test/shop", "", "", "")),
        (
            PROVENANCE,
            GITLAB,
            ("https://gitlab.com/acme/shop/-/runners/1", "https://gitlab.com/acme/shop", "", "", ""),
        ),
        (PROVENANCE, OURS, ("https://gitless.dev/local", REPOSITORY, "refs/heads/main", "release", "")),
        (
            PROVENANCE_02,
            GENERATOR_02,
            (
                "https://github.com/slsa-framework/generator@refs/tags/v2",
                REPOSITORY,
                "refs/tags/v1",
                ".github/workflows/release.yml",
                "push",
            ),
        ),
        (PROVENANCE_02, CHAINS_02, ("https://tekton.dev/chains/v2", "https://git.test/shop", "", "", "")),
    ],
    ids=["GitHub", "Tekton", "GitLab", "gitless", "generator v0.2", "Chains v0.2"],
)
def test_provenance_of_every_maker_reads_alike(
    predicate_type: str, predicate: dict[str, Any], expected: tuple[str, ...]
) -> None:
    facts = read_details(predicate_type, predicate)

    assert facts is not None
    (repository,) = facts.facts.repositories
    assert (facts.facts.builder, repository, facts.facts.ref, facts.facts.workflow, facts.trigger) == expected
    assert facts.commit == COMMIT


def test_run_times_and_dependencies_are_read() -> None:
    facts = read_details(PROVENANCE, TEKTON)

    assert facts is not None
    assert (facts.invocation, facts.started) == ("uid", "2026-11-01T00:00:00Z")
    assert facts.dependencies[1] == Dependency("git+https://git.test/shop.git", f"sha1:{COMMIT}", "inputs/result")
    assert facts.document()["parameters"] == TEKTON["buildDefinition"]["externalParameters"]


def test_the_commit_is_that_of_the_source_and_of_no_other_dependency() -> None:
    predicate = {
        "buildDefinition": {
            "buildType": "https://gitless.dev/build/v1",
            "externalParameters": {"source": {"repository": REPOSITORY}},
            "resolvedDependencies": [{"uri": f"git+{REPOSITORY}-evil@refs/heads/main", "digest": {"sha1": COMMIT}}],
        }
    }

    facts = read_details(PROVENANCE, predicate)

    assert facts is not None
    assert (facts.facts.repositories, facts.commit) == ((REPOSITORY,), "")


def test_of_several_git_dependencies_none_is_taken_for_the_source() -> None:
    dependencies = [
        {"uri": f"git+https://git.test/{name}", "digest": {"sha1": COMMIT}, "name": "inputs/result"} for name in "ab"
    ]
    definition = {"buildType": "https://tekton.dev/chains/v2/slsa", "resolvedDependencies": dependencies}

    facts = read_details(PROVENANCE, {"buildDefinition": definition})

    assert facts is not None
    assert (len(facts.facts.repositories), facts.commit) == (2, "")


def test_a_cyclonedx_document_is_read() -> None:
    nested = {**BOM, "components": [{"type": "platform", "components": BOM["components"]}, {}, 7]}

    facts = read_sbom(f"{CYCLONEDX}/v1.6", nested)

    assert facts is not None
    assert (facts.format, facts.name, facts.created) == ("CycloneDX 1.6", "shop", "2026-11-01T00:00:00Z")
    assert facts.components == {"application": 1, "container": 1, "platform": 1, "unknown": 1}
    assert facts.images == ("ghcr.io/acme/web@sha256:" + "a" * 64,)


def test_images_are_named_by_their_package_url_where_the_name_is_short() -> None:
    components = [
        {"type": "container", "name": "web", "version": "1.0",
         "purl": "pkg:oci/web@sha256%3Aab?repository_url=ghcr.io/acme/web"},
        {"type": "container", "name": "nginx:1.27"},
        {"type": "container", "name": "redis", "version": "7"},
    ]  # fmt: skip

    facts = read_sbom(CYCLONEDX, {"components": components})

    assert facts is not None
    assert facts.images == ("ghcr.io/acme/web@sha256:ab", "nginx:1.27", "redis:7")


def test_an_spdx_document_is_read() -> None:
    document = {
        "spdxVersion": "SPDX-2.3",
        "name": "shop",
        "creationInfo": {"created": "2026-11-01T00:00:00Z"},
        "packages": [
            {"name": "ghcr.io/acme/web", "versionInfo": "sha256:ab", "primaryPackagePurpose": "CONTAINER"},
            {"name": "x", "externalRefs": [{"referenceLocator": "pkg:docker/acme/db@sha256:cd"}]},
            {"name": "lib"},
        ],
        "files": [{}],
    }

    facts = read_sbom(SPDX, document)

    assert facts is not None
    assert (facts.format, facts.name) == ("SPDX-2.3", "shop")
    assert facts.components == {"container": 1, "file": 1, "package": 2}
    assert facts.images == ("ghcr.io/acme/web@sha256:ab", "acme/db@sha256:cd")


def test_other_predicates_are_neither() -> None:
    assert read_details("https://in-toto.io/Link/v1", {}) is None
    assert read_sbom(PROVENANCE, {}) is None


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("provenance", {PROVENANCE, PROVENANCE_02}),
        ("slsaprovenance", {PROVENANCE_02}),
        ("slsaprovenance1", {PROVENANCE}),
        ("sbom", {CYCLONEDX, f"{CYCLONEDX}/v1.5", SPDX, f"{SPDX}/v2.3"}),
        ("spdxjson", {SPDX, f"{SPDX}/v2.3"}),
        (CYCLONEDX, {CYCLONEDX}),
        ("https://example.com/anything", {"https://example.com/anything"}),
    ],
)
def test_who_asks_for_a_kind_of_attestation_means_these_types(wanted: str, meant: set[str]) -> None:
    types = {PROVENANCE, PROVENANCE_02, CYCLONEDX, f"{CYCLONEDX}/v1.5", SPDX, f"{SPDX}/v2.3"}
    types |= {"https://example.com/anything", "https://cyclonedx.org/bombast"}

    assert {item for item in types if is_called(item, wanted)} == meant


def test_who_mistypes_a_name_is_told() -> None:
    with pytest.raises(ConfigurationError, match="no predicate type") as refused:
        is_called(PROVENANCE, "cyclondx")

    assert refused.value.hint == "did you mean 'cyclonedx'?"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["buildDefinition", "externalParameters", "source", "repository", "uri", "digest", "sha1", "components",
             "type", "purl", "packages", "metadata", "invocation", "configSource", "resolvedDependencies", "builder"]
        ),
        children, max_size=4,
    ),
)  # fmt: skip


@given(_json)
def test_whatever_stands_in_a_predicate_reading_it_is_no_error(value: object) -> None:
    predicate = value if isinstance(value, dict) else {"buildDefinition": value, "components": value}
    for predicate_type in (PROVENANCE, PROVENANCE_02):
        assert read_details(predicate_type, predicate) is not None
    for predicate_type in (CYCLONEDX, SPDX):
        assert read_sbom(predicate_type, predicate) is not None
