"""Stages one by one, in jobs of their own; and artifacts carried to where they are applied from."""

from __future__ import annotations

import json

import pytest

from tests.e2e.chain.conftest import Project
from tests.platform.registries import DebianRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

CONFIGURATION, REGISTRY = 2, 5


def resolved(project: Project, tag: str = "live") -> str:
    """The digest that the tag points at; empty without one."""
    listed = project.gitless("list", project.repository, "-o", "json")
    if listed.code == REGISTRY:
        return ""
    assert listed.code == 0, listed
    tags: dict[str, str] = {item["tag"]: item["digest"] for item in listed.document["artifacts"]}
    return tags.get(tag, "")


def test_one_job_publishes_and_another_one_applies_by_the_results_folder(project: Project) -> None:
    project.write(project.settings())
    digest_url = project.publish("--results-dir", "results")
    # The second job has the results and the public key: no sources, no private key.
    (project.folder / "manifests" / "all.yaml").unlink()
    (project.folder / "cosign.key").unlink()

    outcome = project.run("--from", "diff", "--results-dir", "results", "-o", "json")

    assert [stage["stage"] for stage in outcome.document["stages"]] == ["diff", "apply", "verify"]
    assert project.inventory()["digest"] == digest_url.rpartition("@")[2]
    results = {path.stem for path in (project.folder / "results").glob("*.json")}
    assert results == {"build", "package", "sign", "diff", "apply", "verify", "run"}
    for stage in ("diff", "apply", "verify"):
        assert json.loads((project.folder / "results" / f"{stage}.json").read_text())["apiVersion"]


def test_every_stage_can_be_a_job_of_its_own(project: Project) -> None:
    project.write(project.settings())
    for stage in ("build", "package", "sign", "diff", "apply", "verify"):
        project.run("--from", stage, "--to", stage, "--results-dir", "results")
    assert set(project.objects()) == {"ConfigMap/settings"}


def test_a_stage_without_what_the_one_before_made_says_what_to_do(project: Project) -> None:
    outcome = project.gitless("run", "--from", "diff", "--results-dir", "results")

    assert (outcome.code, outcome.out) == (CONFIGURATION, "")
    assert "--to package --results-dir" in outcome.err


def test_the_tag_stays_where_it_was_when_signing_fails(project: Project) -> None:
    project.write(project.settings())
    project.publish()
    before = resolved(project)
    project.write(project.settings(color="green"))

    failed = project.gitless("run", "--target", "staging", "--results-dir", "results", COSIGN_PASSWORD="wrong")

    assert failed.code == CONFIGURATION, failed
    assert "password" in failed.err
    assert resolved(project) == before
    assert project.objects() == {}
    pushed = json.loads((project.folder / "results" / "package.json").read_text())
    assert pushed["digest"] != before
    # Nothing has to be cleaned up: with the right password the same run goes through.
    project.run()
    assert resolved(project) == pushed["digest"]


def test_a_copy_keeps_digest_and_signature_wherever_it_goes(project: Project, debian_registry: DebianRegistry) -> None:
    project.write(project.settings())
    source = project.publish()
    digest = source.rpartition("@")[2]
    # Into a folder, from there into a registry without the referrers API, and out of it again.
    stops = ["oci-layout:carried", f"oci://{debian_registry.address}/{project.name}", "oci-layout:arrived"]
    for stop in stops:
        copied = project.gitless("copy", f"{source}", f"{stop}:live", "-o", "json")
        assert copied.code == 0, copied
        source = f"{stop}@{digest}"
        verified = project.gitless("verify", f"{stop}:live", "--key", "cosign.pub", "-o", "json")
        assert verified.code == 0, verified
        assert digest in verified.out

    applied = project.apply("oci-layout:arrived:live")

    assert applied.code == 0, applied
    assert project.inventory()["digest"] == digest
    assert set(project.objects()) == {"ConfigMap/settings"}
