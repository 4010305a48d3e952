"""Stages one by one, in jobs of their own; and artifacts carried to where they are applied from."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.chain.conftest import Project
from tests.platform.registries import DebianRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

CONFIGURATION, UNTRUSTED, REGISTRY, REFUSED = 2, 4, 5, 9


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
    # Whether there is anything to sign with shows before anything is pushed.
    assert not (project.folder / "results" / "package.json").exists()
    project.run()
    assert resolved(project) != before


def test_a_publisher_that_was_overtaken_between_two_jobs_leaves_the_tag(project: Project) -> None:
    project.write(project.settings(color="blue"))
    project.run("--to", "package", "--results-dir", "results")
    project.write(project.settings(color="green"))
    theirs = project.publish("--revision", "main@theirs")

    late = project.gitless("run", "--target", "staging", "--from", "sign", "--to", "sign", "--results-dir", "results")

    assert late.code == REFUSED, late
    assert "main@theirs" in late.err
    assert resolved(project) == theirs.rpartition("@")[2]


def test_an_older_artifact_is_applied_only_on_request(project: Project) -> None:
    project.write(project.settings(color="blue"))
    older = project.publish()
    # Signatures by keys tell whole seconds.
    time.sleep(1.1)
    project.write(project.settings(color="green"))
    newer = project.publish()
    assert project.apply(newer).code == 0
    recorded = project.inventory()

    refused = project.apply(older)
    assert refused.code == UNTRUSTED, refused
    assert recorded["digest"] in refused.err
    assert recorded["issuedAt"] in refused.err
    assert "--allow-rollback" in refused.err
    assert project.inventory() == recorded

    rolled_back = project.apply(older, "--allow-rollback")
    assert rolled_back.code == 0, rolled_back
    assert "This is a rollback" in rolled_back.out
    assert project.inventory()["issuedAt"] < recorded["issuedAt"]
    assert project.verify().code == 0


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
