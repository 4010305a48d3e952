"""The commands that read deploy records, over an OCI layout folder: no registry, no cluster."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.cli.records import open_recorded
from pipeline.cli.terminal import Terminal
from pipeline.model.artifact.reference import Repository, parse_reference
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.reports.console import JsonLog
from pipeline.stages.attaching import read_subject
from pipeline.stages.record_deployment import record_deployment
from tests.command_line import Outcome

NOW = 1_800_000_000.0
RECORDS = "oci-layout:records"
SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: app}]
records: {repository: "oci-layout:records", keys: [cosign.pub]}
"""
Deploy = Callable[..., str]
Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "")

    def command(*arguments: str) -> Outcome:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    assert command("keys", "generate").code == 0
    return command


@pytest.fixture
def deploy(run: Run, tmp_path: Path) -> Deploy:
    """Publish an artifact, and record that it was deployed; returns its reference by digest."""

    def make(text: str, after: float = 0.0, **changes: object) -> str:
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        (folder / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{b: {text}}}\n")
        pushed = run("package", "app", f"oci-layout:shop:{text}", "-o", "json")
        url: str = pushed.document["digestUrl"]
        artifact = parse_reference(url).pinned()
        said: dict[str, object] = {
            "cluster": "prod",
            "repository": str(artifact.repository),
            "digest": artifact.digest,
            "inventory": "inventory shop/shop",
            "time": NOW + after,
            "result": Deployed.HEALTHY,
            "revision": f"main@sha1:{text}",
            "objects": {ObjectId("", "ConfigMap", "shop", "a"): text},
        }
        reporter = JsonLog(io.StringIO(), verbose=False)
        options = RecordingOptions(cluster="prod", signing=SigningOptions(key="cosign.key"))
        open_registry = wiring.registry
        records = open_registry(parse_reference(RECORDS).repository, RegistryOptions(), os.environ, reporter)
        artifacts = open_registry(artifact.repository, RegistryOptions(), os.environ, reporter)
        ports = wiring.record_ports(options, artifact, records, os.environ, reporter, lambda: b"")
        record_deployment(
            DeployRecord(**{**said, **changes}),  # type: ignore[arg-type]
            read_subject(artifact, artifacts),
            ports,
        )
        return url

    return make


def test_history_is_a_table(run: Run, deploy: Deploy) -> None:
    by = f"release.pub (SHA256:{'ab' * 32})"
    one, two = (
        deploy("one"),
        deploy("two", 60, verified_by=(by,), message="health", result=Deployed.FAILED),
    )

    shown = run("history", RECORDS, "--cluster", "prod", "--record-key", "cosign.pub")

    short = {name: url.partition("@sha256:")[2][:12] for name, url in (("one", one), ("two", two))}
    assert shown.code == 0
    assert shown.out == (
        "TIME                  DIGEST        RESULT           CHANGES  REVISION       VERIFIED BY\n"
        f"2027-01-15T08:01:00Z  {short['two']}  failed (health)  ~1       main@sha1:two  {by[:32]}…)\n"
        f"2027-01-15T08:00:00Z  {short['one']}  healthy          -        main@sha1:one  nobody\n"
    )


def test_several_inventories_are_told_apart(run: Run, deploy: Deploy) -> None:
    deploy("one")
    deploy("one", inventory="Kustomization apps/shop")

    shown = run("history", RECORDS, "--cluster", "prod", "--record-key", "cosign.pub")
    one = run("history", RECORDS, "--cluster", "prod/apps/shop", "--record-key", "cosign.pub", "-o", "json")

    assert "INVENTORY" in shown.out
    assert [item["inventory"] for item in one.document["deployments"]] == ["Kustomization apps/shop"]


def test_an_objects_history_has_every_change(run: Run, deploy: Deploy) -> None:
    deploy("one")
    two = deploy("two", 60)

    history = ["history", RECORDS, "--cluster", "prod", "--record-key", "cosign.pub", "--object"]

    shown = run(*history, "configmap/a")
    assert shown.out.splitlines()[0] == "ConfigMap shop/a"
    assert [line.split()[1] for line in shown.out.splitlines()[2:]] == ["changed", "unchanged"]
    document = run(*history, "ConfigMap/shop/a", "-o", "json").document
    assert document["objects"][0]["events"][0]["digest"] == two.partition("@")[2]
    assert "has such an object" in run(*history, "ConfigMap/shop/b").out
    assert run(*history, "nothing").code == 2


def test_the_settings_file_says_where_records_are_and_whose_count(run: Run, deploy: Deploy, tmp_path: Path) -> None:
    one = deploy("one")
    (tmp_path / "gitless.yaml").write_text(SETTINGS)

    assert run("history", "--cluster", "prod").code == 0
    found = run("diff", "deployed:prod", "app", "-o", "json")
    assert found.document["from"]["digestUrl"] == one
    assert run("diff", "deployed:prod", "app", "--record-settings", "none.yaml").code == 2
    other = run("keys", "generate", "--output-key-prefix", "other")
    assert other.code == 0
    assert run("history", "--cluster", "prod", "--record-key", "other.pub").code == 4


def test_a_target_says_where_the_records_of_its_cluster_are(run: Run, deploy: Deploy, tmp_path: Path) -> None:
    deploy("one")
    target = "targets: {live: {deployRecord: {cluster: prod, repository: 'oci-layout:records'}}}\n"
    (tmp_path / "gitless.yaml").write_text(
        SETTINGS.replace('repository: "oci-layout:records", ', "").rstrip() + "\n" + target
    )

    assert run("history", "--cluster", "prod").code == 0
    assert run("history", "--cluster", "staging").code == 2


def test_records_beside_the_other_side_need_no_more_words(run: Run, deploy: Deploy) -> None:
    url = deploy("one")

    missing = run("diff", "deployed:prod", url, "--record-key", "cosign.pub")

    assert missing.code == 5
    assert "oci-layout:shop has no deploy record" in missing.err


def test_a_side_says_what_one_should_know(run: Run, deploy: Deploy) -> None:
    deploy("one", overrides=("max-prune",))
    url = deploy("two", 60, result=Deployed.FAILED, objects={}, message="cluster.denied")

    shown = run("diff", "deployed:prod", url, "--record-key", "cosign.pub", "--record-repository", RECORDS)

    assert shown.out.startswith("deployed:prod (")
    assert "note: it was applied with max-prune" in shown.out
    assert "failed (cluster.denied): some objects may be as that artifact has them" in shown.out


def test_waiting_without_a_cluster_excludes_what_needs_one(run: Run, deploy: Deploy) -> None:
    url = deploy("one").replace("oci-layout:shop", "oci://registry.test/shop")
    wait = ["wait", url, "--deployed", "prod", "--record-key", "cosign.pub", "--record-repository", RECORDS]

    assert run(*wait, "--reconcile").code == 2
    assert run(*wait, "--kustomization", "shop").code == 2
    done = run(*wait)
    assert done.code == 0
    assert "delivered" in done.out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["history", "--cluster", "Prod"], "cannot name a cluster"),
        (["history", "--cluster", "prod", "--record-repository", "oci-layout:x:tag"], "names one artifact"),
        (["diff", "deployed:prod", "app"], "nothing says where the deploy records of prod are"),
        (
            ["history", RECORDS, "--cluster", "prod", "--record-key", "a", "--insecure-skip-record-verification"],
            "contradict each other",
        ),
        (["history", RECORDS, "--cluster", "prod", "--record-certificate-identity", "a"], "go together"),
        (["history", RECORDS, "--cluster", "prod", "--record-certificate-identity", " "], "is empty"),
        (["apply", "oci://a.test/b", "--deploy-record", "prod"], "needs somebody to sign"),
        (["apply", "oci://a.test/b", "--deploy-record", "p/q"], "cannot name a cluster"),
        (
            ["apply", "oci://a.test/b", "--deploy-record", "p", "--record-keyless", "--record-signing-key", "k"],
            "contradict each other",
        ),
        (["puller", "--deploy-record", "prod"], "needs a key to sign with"),
        (["puller", "--record-key-secret", "key"], "need the cluster's name"),
        (["puller", "--record-keyless"], "need the cluster's name"),
        (["puller", "--record-remote", "fleet/edge=edge"], "need the cluster's name"),
        (["puller", "--deploy-record", "prod", "--record-remote", "edge=edge"], "expected NAMESPACE/NAME=CLUSTER"),
        (["puller", "--deploy-record", "prod", "--record-remote", "fleet/edge=Edge"], "cannot name a cluster"),
        (
            ["puller", "--deploy-record", "prod", "--record-keyless", "--record-key-secret", "key"],
            "--record-key-secret and --record-keyless contradict each other",
        ),
        (["install", "--export", "--deploy-record", "prod"], "needs a key to sign with"),
        (
            [
                "install",
                "--export",
                "--deploy-record",
                "prod",
                "--record-key-secret",
                "k",
                "--record-repository",
                "oci://a.test/b:c",
            ],
            "is no repository",
        ),
    ],
)
def test_what_makes_no_sense_is_said_at_once(run: Run, arguments: list[str], why: str) -> None:
    found = run(*arguments)

    assert found.code == 2
    assert why in found.err


def test_an_installation_hands_everything_to_the_puller(run: Run) -> None:
    options = ["--deploy-record", "prod", "--record-key-secret", "key", "--record-registry-secret", "login"]

    shown = run("install", "--export", *options, "--record-repository", "oci://ghcr.io/acme/records")

    for argument in (
        "--deploy-record=prod",
        "--record-key-secret=key",
        "--record-registry-secret=login",
        "--record-repository=oci://ghcr.io/acme/records",
    ):
        assert argument in shown.out


def test_a_plan_may_begin_at_what_is_deployed(run: Run, deploy: Deploy) -> None:
    deploy("one")
    url = deploy("two", 60, result=Deployed.FAILED, objects={})

    found = run(
        "plan", "deployed:prod", url, "--record-key", "cosign.pub", "--record-repository", RECORDS, "-o", "json"
    )

    assert found.code == 0, found.err
    assert found.document["from"]["deployed"]["cluster"] == "prod"
    assert found.document["counts"]["configure"] == 1
    assert run("plan", "deployed:prod", url, "--record-repository", RECORDS).code == 4


def test_the_chain_leads_to_the_clusters_whose_records_are_believed(run: Run, deploy: Deploy) -> None:
    one, two = deploy("one"), deploy("two", 60)
    believing = ("--record-repository", RECORDS, "--record-key", "cosign.pub", "-o", "json")

    def clusters(reference: str, *arguments: str) -> list[tuple[str, str, bool]]:
        shown = run("graph", reference, "--chain", *arguments)
        assert shown.code == 0, shown.err
        nodes = [node for node in shown.document["nodes"] if node["kind"] == "Cluster"]
        return [(node["name"], node["tone"], "replaced since" in node["detail"]) for node in nodes]

    assert clusters(one, "--cluster", "prod", *believing) == [("prod", "healthy", True)]
    assert clusters(two, "--cluster", "prod", *believing) == [("prod", "healthy", False)]


def test_a_chain_does_not_believe_records_by_others(run: Run, deploy: Deploy) -> None:
    one = deploy("one")
    assert run("keys", "generate", "--output-key-prefix", "other").code == 0

    shown = run(
        "graph", one, "--chain", "--cluster", "prod", "--record-repository", RECORDS, "--record-key", "other.pub"
    )

    assert (shown.code, shown.out) == (4, "")


def test_what_is_deployed_can_be_drawn(run: Run, deploy: Deploy) -> None:
    deploy("one")

    shown = run("graph", "deployed:prod", "--record-repository", RECORDS, "--record-key", "cosign.pub", "-o", "json")

    assert [node["id"] for node in shown.document["nodes"]] == ["ConfigMap a"]


def test_of_an_artifact_with_several_folders_only_the_kustomizations_own_is_compared(
    run: Run, deploy: Deploy, tmp_path: Path
) -> None:
    def write(text: str) -> None:
        for folder in ("staging", "prod"):
            (tmp_path / "app" / folder).mkdir(parents=True, exist_ok=True)
            manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: own}}\ndata: {{b: {folder}-{text}}}\n"
            (tmp_path / "app" / folder / "own.yaml").write_text(manifest)

    write("one")
    deploy("one", inventory="Kustomization apps/shop", path="./prod")
    write("two")
    url = run("package", "app", "oci-layout:shop:two", "-o", "json").document["digestUrl"]
    assert run("sign", url, "--key", "cosign.key").code == 0
    reading = ["--record-key", "cosign.pub", "--record-repository", RECORDS, "-o", "json"]

    found = run("diff", "deployed:prod", url, *reading)
    planned = run("plan", "deployed:prod", url, *reading, "--key", "cosign.pub")
    backwards = run("diff", url, "deployed:prod", *reading)

    for outcome in (found, planned, backwards):
        assert outcome.code == 0, outcome.err
        (change,) = outcome.document["changes"]
        assert "staging" not in outcome.out
        assert [field["path"] for field in change["fields"]] == ["data.b"]
    assert found.document["from"]["deployed"]["path"] == "./prod"
    assert run("plan", "deployed:prod", "oci-layout:shop:one", *reading, "--key", "cosign.pub").code == 4


def test_what_was_deleted_is_told_as_such(run: Run, deploy: Deploy) -> None:
    url = deploy("one")
    deploy("one", 60, result=Deployed.DELETED, objects={})
    reading = ["--record-key", "cosign.pub", "--record-repository", RECORDS]

    shown = run("history", "--cluster", "prod", *reading)
    compared = run("diff", "deployed:prod", url, *reading)

    assert "deleted" in shown.out.splitlines()[1]
    assert "-1" in shown.out.splitlines()[1]
    assert compared.code == 5
    assert "inventory shop/shop was deleted at 2027-01-15T08:01:00Z" in compared.err


@pytest.mark.parametrize(
    ("named", "is_shown"), [("oci://a.test/shop:1", True), ("app", False), ("oci://b.test/shop:1", False)]
)
def test_a_login_is_shown_to_no_registry_that_only_a_record_names(named: str, *, is_shown: bool) -> None:
    terminal = Terminal(JsonLog(io.StringIO(), verbose=False), "text", color=False)
    login = RegistryOptions(username="ci", password="hunter2")
    shown: list[str | None] = []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "registry", lambda _repository, options, *_: shown.append(options.password))
        open_recorded(Repository("a.test", "shop"), login, terminal, named=(named, ""))

    assert shown == (["hunter2"] if is_shown else [None])
