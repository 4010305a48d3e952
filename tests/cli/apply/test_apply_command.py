from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import ClusterError
from pipeline.testing.cluster import MemoryCluster
from tests.cli.apply.shops import Gitless

SKIP = "--insecure-skip-verification"


@pytest.fixture
def signed(gitless: Gitless, shop: Path) -> str:
    """The folder as a signed artifact in a layout folder, by digest; the public key is ``cosign.pub``."""
    assert gitless("keys", "generate").code == 0
    pushed = gitless("package", str(shop), "oci-layout:out/shop-app:v1", "-o", "json")
    assert pushed.code == 0, pushed.err
    url: str = pushed.document["digestUrl"]
    signature = gitless("sign", url, "--key", "cosign.key")
    assert signature.code == 0, signature.err
    return url


def test_a_signed_artifact_is_applied_and_recorded(gitless: Gitless, cluster: MemoryCluster, signed: str) -> None:
    outcome = gitless("apply", signed, "--key", "cosign.pub", "-n", "shop")

    assert outcome.code == 0, outcome.err
    *changes, signers, where = outcome.out.splitlines()
    assert changes == ["created    ConfigMap shop/settings", "created    Secret shop/login", "2 created, 0 unchanged."]
    assert signers.startswith("signed by cosign.pub (SHA256:")
    assert signers.endswith("(as the signer says)")
    assert where == f"inventory shop/shop-app in memory, {signed}"
    assert "2 object(s) name no namespace and go to 'shop'" in outcome.err
    inventory = cluster.load_inventory("shop", "shop-app")
    assert inventory is not None
    assert f"{inventory.repository}@{inventory.digest}" == signed
    assert "cosign.pub" in inventory.verified_by[0]
    assert inventory.issued_at is not None
    assert inventory.writer == "https://ci.test/job/7"


def test_an_unsigned_artifact_is_refused(gitless: Gitless, cluster: MemoryCluster, shop: Path) -> None:
    gitless("keys", "generate")
    gitless("package", str(shop), "oci-layout:out/shop-app:v1")

    outcome = gitless("apply", "oci-layout:out/shop-app:v1", "--key", "cosign.pub")

    assert outcome.code == 4
    assert outcome.out == ""
    assert cluster.requests == []


def test_without_a_key_nothing_is_accepted(gitless: Gitless, cluster: MemoryCluster, signed: str) -> None:
    outcome = gitless("apply", signed)

    assert outcome.code == 4
    assert cluster.requests == []


def test_a_folder_must_be_asked_for_loudly(gitless: Gitless, cluster: MemoryCluster, shop: Path) -> None:
    refused = gitless("apply", "shop-app")
    applied = gitless("apply", "shop-app", SKIP)

    assert refused.code == 4
    assert SKIP in refused.err
    assert applied.code == 0
    assert "signatures are NOT verified" in applied.err
    inventory = cluster.load_inventory("default", "shop-app")
    assert inventory is not None
    assert inventory.verified_by == ()


def test_a_second_run_says_that_there_is_nothing_to_do(gitless: Gitless, cluster: MemoryCluster, shop: Path) -> None:
    gitless("apply", "shop-app", SKIP)

    outcome = gitless("apply", "shop-app", SKIP)

    assert outcome.code == 0
    assert outcome.out.splitlines()[0] == "Nothing to do: all 2 objects are as desired."


def test_the_json_result_is_complete_and_keeps_secrets(gitless: Gitless, shop: Path) -> None:
    gitless("apply", "shop-app", SKIP, "-n", "shop")
    secret = json.loads((shop / "login.yaml").read_text())
    secret["stringData"]["password"] = "hunter3"
    (shop / "login.yaml").write_text(json.dumps(secret))
    (shop / "settings.yaml").unlink()

    outcome = gitless("apply", "shop-app", SKIP, "-n", "shop", "-o", "json", "--results-dir", "results")

    document = outcome.document
    assert (document["apiVersion"], document["kind"]) == ("gitless.dev/v1", "ApplyResult")
    assert document["inventory"] == {"namespace": "shop", "name": "shop-app"}
    assert document["counts"] == {
        "create": 0, "configure": 1, "recreate": 0, "prune": 1, "unchanged": 0, "skip": 0
    }  # fmt: skip
    changes = [(change["action"], change["kind"], change["name"]) for change in document["changes"]]
    assert changes == [("configure", "Secret", "login"), ("prune", "ConfigMap", "settings")]
    assert "hunter" not in outcome.out + outcome.err
    assert "aHVudGVy" not in outcome.out + outcome.err
    assert json.loads(Path("results/apply.json").read_text()) == document


def test_a_dry_run_says_so_and_writes_nothing(gitless: Gitless, cluster: MemoryCluster, shop: Path) -> None:
    outcome = gitless("apply", "shop-app", SKIP, "--dry-run", "server")

    assert outcome.code == 0
    assert "Dry run, nothing was written: 2 created, 0 unchanged." in outcome.out
    assert cluster.load_inventory("default", "shop-app") is None


def test_a_conflict_is_refused_with_code_9_and_nothing_on_stdout(
    gitless: Gitless, cluster: MemoryCluster, shop: Path
) -> None:
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "default"},
        "data": {"color": "red"},
    }
    cluster.apply_as("operator", theirs)

    outcome = gitless("apply", "shop-app", SKIP)

    assert outcome.code == 9
    assert outcome.out == ""
    assert "ConfigMap default/settings" in outcome.err
    assert "operator owns .data.color" in outcome.err
    assert "--force-conflicts" in outcome.err
    assert gitless("apply", "shop-app", SKIP, "--force-conflicts").code == 0


def test_what_was_done_before_an_error_is_reported(gitless: Gitless, cluster: MemoryCluster, shop: Path) -> None:
    def fail(operation: str, subject: str) -> None:
        if (operation, subject) == ("apply", "Secret default/login"):
            raise ClusterError("the API server said no")

    cluster.before = fail
    outcome = gitless("apply", "shop-app", SKIP)

    assert outcome.code == 6
    assert outcome.out.splitlines()[:2] == [
        "created    ConfigMap default/settings",
        "Stopped by an error, until then: 1 created, 0 unchanged.",
    ]
    assert "the API server said no" in outcome.err
    assert "the same command again" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("apply",), "there is nothing to apply"),
        (("apply", "shop-app", SKIP, "--inventory", "No Spaces"), "cannot name an inventory"),
        (("apply", "shop-app", SKIP, "--timeout", "soon"), "is not a duration"),
        (("apply", "nowhere", SKIP), "nowhere"),
    ],
)
def test_bad_input_is_a_usage_error(
    gitless: Gitless, cluster: MemoryCluster, shop: Path, arguments: tuple[str, ...], message: str
) -> None:
    outcome = gitless(*arguments)

    assert outcome.code == 2
    assert message in outcome.err
    assert cluster.requests == []


@pytest.mark.usefixtures("cluster")
def test_an_apply_and_the_verified_artifact_are_reported_as_tests(gitless: Gitless, signed: str) -> None:
    from xml.etree import ElementTree as ET

    applied = gitless("apply", signed, "--key", "cosign.pub", "-n", "shop", "-o", "junit", "--report", "out.xml")
    verified = gitless("verify", signed, "--key", "cosign.pub", "-o", "junit")
    scanned = gitless("verify", signed, "--key", "cosign.pub", "-o", "sarif")

    assert (applied.code, verified.code, scanned.code) == (0, 0, 0)
    names = [case.get("name") for case in ET.fromstring(applied.out).iter("testcase")]
    assert names == ["apply", "ConfigMap shop/settings", "Secret shop/login"]
    assert Path("out.xml").read_text() == applied.out
    assert [item.get("failures") for item in ET.fromstring(verified.out)] == ["0"]
    assert json.loads(scanned.out)["runs"][0]["results"] == []


def test_a_tag_alone_is_refused_where_only_digests_are_wanted(
    gitless: Gitless, cluster: MemoryCluster, signed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_ALLOW_TAG", "false")
    tag = f"{signed.partition('@')[0]}:v1"

    for command in ("apply", "verify"):
        refused = gitless(command, tag, "--key", "cosign.pub")
        assert (refused.code, cluster.requests) == (2, [])
        assert f"{tag} has no digest, and a tag can move at any time" in refused.err
    assert gitless("apply", signed, "--key", "cosign.pub", "-n", "shop").code == 0
    assert gitless("apply", tag, "--key", "cosign.pub", "-n", "shop", "--allow-tag").code == 0
