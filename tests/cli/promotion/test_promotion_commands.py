"""promote, rollback and prune-registry over OCI layout folders: no registry, no cluster."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.reports.console import JsonLog
from pipeline.stages.attaching import read_subject
from pipeline.stages.record_deployment import record_deployment
from tests.cli.sign.conftest import Gitless, gitless, keys
from tests.command_line import Outcome

__all__ = ["gitless", "keys"]

NOW = 1_700_000_000.0
RECORDS = "oci-layout:records"
KEY = ("--key", "ours.pub")
RECORD_OPTIONS = ("--record-key", "ours.pub", "--record-repository", RECORDS)
Publish = Callable[..., PinnedReference]
Deploy = Callable[..., None]


@pytest.fixture
def run(gitless: Gitless, keys: None, monkeypatch: pytest.MonkeyPatch) -> Gitless:
    del keys
    for name in ("GITHUB_ACTIONS", "GITHUB_RUN_ID", "GITHUB_OUTPUT", "USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("USER", "ops")
    return gitless


@pytest.fixture
def publish(run: Gitless, tmp_path: Path) -> Publish:
    """An artifact in the folder ``shop``, signed unless it is told otherwise."""

    def make(text: str, *tags: str, by: str = "ours", into: str = "shop") -> PinnedReference:
        (tmp_path / "app").mkdir(exist_ok=True)
        manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{b: {text}}}\n"
        (tmp_path / "app" / "a.yaml").write_text(manifest)
        tagged = [word for tag in tags for word in ("--tag", tag)]
        pushed = run("package", "app", f"oci-layout:{into}", *tagged, "-o", "json")
        artifact = parse_reference(pushed.document["digestUrl"]).pinned()
        if by:
            assert run("sign", artifact.digest_url, "--key", f"{by}.key").code == 0
        return artifact

    return make


@pytest.fixture
def deploy(run: Gitless) -> Deploy:
    """Let the cluster ``staging`` say that it has an artifact."""
    del run

    def make(artifact: PinnedReference, after: float = 0.0, result: Deployed = Deployed.HEALTHY) -> None:
        reporter = JsonLog(io.StringIO(), verbose=False)
        options = RecordingOptions(cluster="staging", signing=SigningOptions(key="ours.key"))
        records = wiring.registry(parse_reference(RECORDS).repository, RegistryOptions(), os.environ, reporter)
        artifacts = wiring.registry(artifact.repository, RegistryOptions(), os.environ, reporter)
        ports = wiring.record_ports(options, artifact, records, os.environ, reporter, lambda: b"")
        said = DeployRecord(
            cluster="staging",
            repository=str(artifact.repository),
            digest=artifact.digest,
            inventory="inventory shop/shop",
            time=NOW + after,
            result=result,
        )
        record_deployment(said, read_subject(artifact, artifacts), ports)

    return make


def tags_in(run: Gitless, repository: str) -> dict[str, str]:
    listed = run("list", repository, "-o", "json")
    return {item["tag"]: item["digest"] for item in listed.document["artifacts"]}


def test_promoting_tells_what_was_promoted_and_why_it_may(run: Gitless, publish: Publish, deploy: Deploy) -> None:
    artifact = publish("one", "main")
    deploy(artifact)
    arguments = ("promote", "oci-layout:shop:main", "oci-layout:prod:live", *KEY, "--require-healthy", "staging")

    done = run(*arguments, *RECORD_OPTIONS, "--min-age", "1h", "-t", "1.0")
    again = run(*arguments, *RECORD_OPTIONS, "-o", "json")

    assert done.code == 0, done.err
    assert done.out.startswith(
        f"Promoted oci-layout:shop@{artifact.digest}\n  to oci-layout:prod@{artifact.digest}\n  signed by: ours.pub ("
    )
    assert "  healthy on staging (inventory shop/shop) since 2023-11-14T22:13:20Z\n" in done.out
    assert "  live: is new\n  1.0: is new\n" in done.out
    document = again.document
    assert (document["kind"], document["tag"], document["changed"]) == ("PromoteResult", "live", False)
    assert document["tags"] == [{"tag": "live", "previousDigest": artifact.digest, "moved": False}]
    assert document["health"][0]["cluster"] == "staging"
    assert tags_in(run, "oci-layout:prod") == {"live": artifact.digest, "1.0": artifact.digest}


def test_what_a_cluster_has_can_be_promoted(run: Gitless, publish: Publish, deploy: Deploy) -> None:
    artifact = publish("one", "main")
    publish("two", "main")
    deploy(artifact)

    done = run("promote", "deployed:staging", "oci-layout:prod:live", *KEY, *RECORD_OPTIONS, "-o", "markdown")
    deploy(artifact, 60, Deployed.FAILED)
    failed = run("promote", "deployed:staging", "oci-layout:prod:live", *KEY, *RECORD_OPTIONS)

    assert done.code == 0, done.err
    assert "### Promote: done" in done.out
    assert tags_in(run, "oci-layout:prod") == {"live": artifact.digest}
    assert (failed.code, "and that failed at" in failed.err) == (7, True)


def test_a_job_is_told_the_outputs(
    run: Gitless, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = publish("one", "main")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    monkeypatch.setenv("GITLESS_FROM", "oci-layout:shop:main")
    monkeypatch.setenv("GITLESS_TO", "oci-layout:prod:live")
    monkeypatch.setenv("GITLESS_KEY", "ours.pub")
    monkeypatch.setenv("GITLESS_REQUIRE_HEALTHY", "")

    assert run("promote").code == 0

    told = (tmp_path / "outputs").read_text()
    for name, value in (("digest", artifact.digest), ("tag", "live"), ("changed", "true")):
        assert f"{name}<<" in told or f"{name}={value}" in told
        assert value in told


def refused(outcome: Outcome, code: int, why: str) -> None:
    assert outcome.code == code, outcome
    assert why in outcome.err
    assert outcome.out == ""


def test_promoting_is_refused_with_a_code_of_its_own(
    run: Gitless, publish: Publish, deploy: Deploy, tmp_path: Path
) -> None:
    old, _ = publish("old", "old"), publish("new", "main", by="theirs")
    deploy(old, time.time() - NOW - 60)
    promote = ("promote", "oci-layout:shop:main", "oci-layout:prod:live")

    refused(run(*promote), 4, "no key and no identity is trusted")
    refused(run(*promote, *KEY), 4, "has no signature by ours.pub")
    refused(run(*promote, "--key", "theirs.pub", "--require-healthy", "staging", *RECORD_OPTIONS), 7, "and has")
    refused(run(*promote, "--key", "theirs.pub", "--require-healthy", "prod", *RECORD_OPTIONS), 7, "nothing says that")
    refused(
        run("promote", old.digest_url, "oci-layout:prod:live", *KEY, "--require-healthy", "staging", "--record-key",
            "theirs.pub", "--record-repository", RECORDS), 4, "is not accepted",
    )  # fmt: skip
    refused(
        run("promote", old.digest_url, "oci-layout:prod:live", *KEY, "--require-healthy", "staging", *RECORD_OPTIONS,
            "--min-age", "1h"), 9, "expected at least",
    )  # fmt: skip
    assert not (tmp_path / "prod").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["promote", "oci-layout:shop", "oci-layout:prod:live"], "names no artifact"),
        (["promote", "oci-layout:shop@sha256:" + "0" * 64, "oci-layout:prod"], "names no tag"),
        (["promote", "oci-layout:shop:main", "oci-layout:shop"], "names no tag"),
        (["promote", "oci-layout:shop:main", "oci-layout:prod@sha256:" + "0" * 64], "names a digest"),
        (["promote", "oci-layout:shop:main", "oci-layout:prod:live", "--min-age", "1h"], "but not where"),
        (["promote", "oci-layout:shop:main", "oci-layout:prod:live", "-t", "-"], "is not a tag"),
        (["promote", "deployed:Staging", "oci-layout:prod:live"], "cannot name a cluster"),
        (["promote", "deployed:staging", "oci-layout:prod:live"], "nothing says where the deploy records"),
        (["rollback", "oci-layout:shop"], "names no tag"),
        (["rollback", "oci-layout:shop:main@sha256:" + "0" * 64], "names no tag"),
        (["rollback", "oci-layout:shop:main"], "nothing says what to go back to"),
        (["rollback", "oci-layout:shop:main", "--to", "v1"], "neither previous-good nor a digest"),
        (["rollback", "oci-layout:shop:main", "--to", "previous-good"], "go together"),
        (["rollback", "oci-layout:shop:main", "--to", "sha256:" + "0" * 64, "--cluster", "a"], "go together"),
        (["rollback", "oci-layout:shop:main", "--release", "--reason", "x"], "does nothing else"),
        (["rollback", "oci-layout:shop:main", "--release", "--no-lock"], "does nothing else"),
        (["rollback", "oci-layout:shop:main", "--to", "sha256:" + "0" * 64, *KEY], "--reason"),
        (["prune-registry", "oci-layout:shop"], "nothing says what may go"),
        (["prune-registry", "oci-layout:shop:main", "--keep", "1"], "names one artifact"),
        (["prune-registry", "oci-layout:shop", "--keep", "1", "--keep-tags", "("], "is not a regular expression"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(run: Gitless, arguments: list[str], why: str) -> None:
    refused(run(*arguments), 2, why)


def test_a_rollback_locks_every_way_forward_until_it_is_released(run: Gitless, publish: Publish) -> None:
    good, bad = publish("good", "live"), publish("bad", "live", "next")
    back = ("rollback", "oci-layout:shop:live", "--to", good.digest, "--reason", "orders fail", *KEY)

    tried = run(*back, "--dry-run")
    done = run(*back, "--signing-key", "ours.key")
    again = run(*back, "-o", "json")

    assert tried.out.startswith("Would roll back oci-layout:shop:live\n")
    assert f"  from {bad.digest}\n  to   {good.digest} (it was named)\n" in done.out
    assert "  signed statement of the rollback in sha256:" in done.out
    assert "by ops@" in done.out
    assert "gitless rollback oci-layout:shop:live --release" in done.out
    assert (again.document["changed"], again.document["lock"]["inForce"]) == (False, True)
    for way in (
        ("tag", "oci-layout:shop:next", "live"),
        ("copy", "oci-layout:shop:next", "oci-layout:shop:live"),
        ("promote", "oci-layout:shop:next", "oci-layout:shop:live", *KEY),
        ("package", "app", "oci-layout:shop:live"),
    ):
        refused(run(*way), 9, ": orders fail\n  once that is settled: gitless rollback oci-layout:shop:live --release")
    assert tags_in(run, "oci-layout:shop") == {"live": good.digest, "next": bad.digest}

    released = run("rollback", "oci-layout:shop:live", "--release")
    assert released.out.startswith(f"Released oci-layout:shop:live, which is at {good.digest}\n")
    assert run("rollback", "oci-layout:shop:live", "--release").out == "oci-layout:shop:live is not locked\n"
    assert run("promote", "oci-layout:shop:next", "oci-layout:shop:live", *KEY).code == 0


def test_the_chain_publishes_nothing_over_a_locked_tag(run: Gitless, publish: Publish, tmp_path: Path) -> None:
    good, _ = publish("good", "live"), publish("bad", "live")
    (tmp_path / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nsources: [{path: app}]\n"
        "artifact: {repository: 'oci-layout:shop', tags: [live]}\nsigning: {key: ours.key}\n"
        "trust: {keys: [ours.pub]}\n"
    )
    back = run("rollback", "oci-layout:shop:live", "--to", good.digest, "--reason", "orders fail", *KEY)
    assert back.code == 0, back.err

    locked = run("run", "--to", "sign")
    assert run("rollback", "oci-layout:shop:live", "--release").code == 0
    free = run("run", "--to", "sign")

    assert locked.code == 9, locked
    assert "is locked at" in locked.err
    assert "no tag was moved; in the registry is" in locked.err
    assert free.code == 0, free.err
    assert tags_in(run, "oci-layout:shop")["live"] != good.digest


def test_previous_good_is_asked_of_the_records(run: Gitless, publish: Publish, deploy: Deploy) -> None:
    good, bad = publish("good", "live"), publish("bad", "live")
    deploy(good)
    deploy(bad, 60, Deployed.FAILED)
    back = ("rollback", "oci-layout:shop:live", "--to", "previous-good", "--cluster", "staging", "--reason", "x")

    refused(run(*back, *RECORD_OPTIONS), 4, "no key and no identity is trusted")
    refused(run(*back, *KEY, "--record-repository", RECORDS), 4, "nobody is trusted to say what is deployed")
    done = run(*back, *KEY, *RECORD_OPTIONS, "-o", "markdown")
    none = run(*back, *KEY, *RECORD_OPTIONS)

    assert done.code == 0, done.err
    assert "### Rollback: done" in done.out
    assert tags_in(run, "oci-layout:shop")["live"] == good.digest
    refused(none, 9, "says that anything before")


def test_pruning_shows_first_and_deletes_with_yes(run: Gitless, publish: Publish, deploy: Deploy) -> None:
    made = [publish(f"app{number}", f"1.{number}.0") for number in range(4)]
    deploy(made[0])
    prune = ("prune-registry", "oci-layout:shop", "--keep", "1", *RECORD_OPTIONS)

    shown = run(*prune, "--keep-tags", r"^1\.1")
    before = tags_in(run, "oci-layout:shop")
    done = run(*prune, "--keep-tags", r"^1\.1", "--yes", "-o", "json")

    assert shown.code == 0, shown.err
    assert shown.out.startswith("oci-layout:shop: 1 go, with 1 attached manifests; 3 kept\n\nWould delete:\n")
    assert "deployed on staging (inventory shop/shop)" in shown.out
    assert "the tag 1.1.0 is kept by '^1\\.1'" in shown.out
    assert shown.out.endswith("Nothing was deleted; --yes deletes.\n")
    assert len(before) == 4
    (repository,) = done.document["repositories"]
    assert [item["digest"] for item in repository["deleted"]] == [made[2].digest]
    assert sorted(tags_in(run, "oci-layout:shop")) == ["1.0.0", "1.1.0", "1.3.0"]
    assert run("verify", "oci-layout:shop:1.0.0", *KEY).code == 0
    assert run(*prune, "--keep-tags", ".", "--yes").out.startswith("oci-layout:shop: nothing to delete, 3 kept\n")


def test_nothing_is_deleted_where_nobody_says_what_is_deployed(run: Gitless, publish: Publish) -> None:
    for number in range(2):
        publish(f"app{number}", f"1.{number}.0")
    prune = ("prune-registry", "oci-layout:shop", "--keep", "1", "--yes")

    refused(run(*prune), 9, "no deploy record says what that is")
    refused(run(*prune, "--keep-deployed", "0", "--keep-signed-releases"), 4, "no key and no identity")
    kept = run(*prune, "--keep-deployed", "0", "--keep-signed-releases", *KEY)
    assert kept.out.startswith("oci-layout:shop: nothing to delete, 2 kept\n")
    assert run(*prune, "--keep-deployed", "0").code == 0
    assert list(tags_in(run, "oci-layout:shop")) == ["1.1.0"]


def test_the_history_tells_what_was_rolled_back_and_what_is_locked(
    run: Gitless, publish: Publish, deploy: Deploy
) -> None:
    good, bad = publish("good", "live"), publish("bad", "live")
    deploy(good)
    deploy(bad, 60)
    history = ("history", RECORDS, "--cluster", "staging", "--record-key", "ours.pub", "--tags")
    back = ("rollback", "oci-layout:shop:live", "--to", good.digest, "--reason", "orders fail", *KEY)
    assert run(*back).code == 0

    shown = run(*history)
    document = run(*history, "-o", "json").document

    lines = shown.out.splitlines()
    assert lines[0].endswith("VERIFIED BY  NOW")
    assert lines[1].endswith("  rolled back")
    assert lines[2].endswith("  live (locked)")
    assert lines[3].startswith(f"lock: live locked at {good.digest} since ")
    assert lines[3].endswith(": orders fail")
    assert [(item["tags"], item["rolledBack"]) for item in document["deployments"]] == [
        ([], "orders fail"),
        (["live"], None),
    ]
    assert document["locks"][0]["previousDigest"] == bad.digest


def test_the_settings_file_says_what_is_kept_and_options_say_otherwise(
    run: Gitless, publish: Publish, tmp_path: Path
) -> None:
    for number in range(4):
        publish(f"app{number}", f"1.{number}.0")
    head = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nartifact: {repository: 'oci-layout:shop'}\n"
    kept = "retention: {keep: 1, keepTags: ['^1[.]0'], keepDeployed: 0, keepSignedReleases: true, olderThan: 0s}\n"
    (tmp_path / "gitless.yaml").write_text(head + kept)
    prune = ("prune-registry", "-o", "json")

    def gone(*options: str) -> list[str]:
        (repository,) = run(*prune, *options).document["repositories"]
        return sorted(tag for item in repository["deleted"] for tag in item["tags"])

    assert gone(*KEY) == []
    assert gone("--no-keep-signed-releases", *KEY) == ["1.1.0", "1.2.0"]
    assert gone("--no-keep-signed-releases", "--keep", "2", *KEY) == ["1.1.0"]
    refused(run(*prune), 4, "no key and no identity")
    (tmp_path / "gitless.yaml").write_text(head + "retention: {olderThan: soon}\n")
    refused(run(*prune), 2, "gitless.yaml:5")
    (tmp_path / "gitless.yaml").write_text(head.replace("artifact", "sources: [{path: app}]\nregistry: {}\n#"))
    refused(run("prune-registry", "--keep", "1"), 2, "no repository is named")
