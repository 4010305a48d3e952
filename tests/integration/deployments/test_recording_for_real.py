"""From an apply to a diff without any access to the cluster: a real API server, real registries, the command line."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable

import pytest

from tests.command_line import Outcome
from tests.integration.deployments.conftest import Gitless, Registries

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

Publish = Callable[..., str]


@pytest.fixture
def names(registries: Registries) -> tuple[str, str]:
    """A repository for artifacts, and one for records, on registries of their own."""
    name = f"shop-{uuid.uuid4().hex[:8]}"
    return f"oci://{registries.artifacts.address}/{name}", f"oci://{registries.records.address}/{name}-deployments"


@pytest.fixture
def elsewhere(registries: Registries, names: tuple[str, str]) -> list[str]:
    """Where records are, and how to get in."""
    return ["--record-repository", names[1], "--record-registry-config", str(registries.login)]


def _recorded(*where: str, key: str = "cluster.key") -> list[str]:
    return ["--deploy-record", "prod", "--record-signing-key", key, *where]


def test_what_was_applied_is_compared_without_the_cluster(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str], elsewhere: list[str], namespace: str
) -> None:
    one, two = publish(names[0], "one"), publish(names[0], "two", more="extra")
    assert apply(one, *_recorded(*elsewhere)).code == 0

    found = gitless("diff", "deployed:prod", two, "--record-key", "cluster.pub", *elsewhere, "-o", "json")

    assert found.code == 0, found.err
    document = found.document
    assert document["from"]["digestUrl"] == one
    assert document["from"]["deployed"] | {"time": ""} == {
        "cluster": "prod",
        "inventory": f"inventory {namespace}/shop",
        "time": "",
        "result": "applied",
        "signer": document["from"]["deployed"]["signer"],
        "path": None,
    }
    assert {(change["action"], change["kind"], change["name"]) for change in document["changes"]} == {
        ("configure", "ConfigMap", "settings"),
        ("configure", "Secret", "login"),
        ("create", "ConfigMap", "extra"),
    }
    assert "hunter2" not in found.out
    assert gitless("diff", "deployed:prod", one, "--record-key", "cluster.pub", *elsewhere, "--exit-code").code == 0


def test_the_artifacts_repository_is_never_written(
    apply: Gitless, publish: Publish, names: tuple[str, str], elsewhere: list[str], registries: Registries
) -> None:
    url = publish(names[0], "one", sign="simple")
    before = registries.tags(names[0])

    applied = apply(url, *_recorded(*elsewhere))

    assert applied.code == 0
    assert "recorded as deployed-prod" in applied.err
    assert registries.tags(names[0]) == before


def test_beside_an_artifact_a_record_is_an_attestation_like_any_other(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str]
) -> None:
    url = publish(names[0], "one")
    assert apply(url, *_recorded()).code == 0

    found = gitless("inspect", url, "--key", "cluster.pub", "-o", "json")

    attested = found.document["attestations"]
    assert [item["predicateType"] for item in attested] == ["https://gitless.dev/attestations/deploy-record/v1"]
    assert attested[0]["predicate"]["cluster"] == "prod"
    assert attested[0]["verified"]
    objects = {row[1]: row[4] for row in attested[0]["predicate"]["objects"]}
    assert objects["Secret"] == ""
    assert len(objects["ConfigMap"]) == 64
    for told in ("hunter2", base64.b64encode(b"hunter2-one").decode(), hashlib.sha256(b"hunter2-one").hexdigest()):
        assert told not in found.out
    assert gitless("diff", "deployed:prod", url, "--record-key", "cluster.pub").code == 0


def test_a_record_that_would_hide_signatures_is_not_written_and_nothing_fails(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str]
) -> None:
    url = publish(names[0], "one", sign="simple")

    applied = apply(url, *_recorded())

    assert applied.code == 0
    assert "there is no deploy record of this" in applied.err
    assert "--record-repository" in applied.err
    assert gitless("history", names[0], "--cluster", "prod", "--record-key", "cluster.pub").code == 5


@pytest.mark.parametrize(
    "trouble",
    [
        ["--record-repository", "oci://127.0.0.1:1/nowhere", "--record-signing-key", "cluster.key"],
        ["--record-signing-key", "missing.key"],
        ["--record-signing-key", "cluster.pub"],
    ],
)
def test_whatever_is_wrong_with_recording_applying_does_not_fail(
    apply: Gitless, publish: Publish, names: tuple[str, str], trouble: list[str]
) -> None:
    url = publish(names[0], "one")

    applied = apply(url, "--deploy-record", "prod", *trouble, "-o", "json")

    assert applied.code == 0
    assert applied.document["complete"]
    assert "there is no deploy record of this" in applied.err


def test_history_tells_what_came_when_and_what_became_of_an_object(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str], elsewhere: list[str], namespace: str
) -> None:
    urls = [publish(names[0], "one"), publish(names[0], "two", more="extra"), publish(names[0], "three")]
    for url in urls:
        assert apply(url, *_recorded(*elsewhere)).code == 0
    again = apply(urls[-1], *_recorded(*elsewhere))
    assert "recorded before" in again.err

    history = ["history", "--cluster", "prod", "--record-key", "cluster.pub", *elsewhere]
    found = gitless(*history, "-o", "json")

    listed = found.document["deployments"]
    assert [item["digest"] for item in listed] == [url.partition("@")[2] for url in reversed(urls)]
    assert [item["changes"] for item in listed] == [
        {"created": 0, "changed": 1, "deleted": 1, "unknown": 1},
        {"created": 1, "changed": 1, "deleted": 0, "unknown": 1},
        None,
    ]
    assert listed[0]["verifiedBy"][0].startswith("release.pub")
    extra = gitless(*history, "--object", f"ConfigMap/{namespace}/extra", "-o", "json").document["objects"]
    assert [[event["change"] for event in item["events"]] for item in extra] == [["deleted", "created"]]
    text = gitless(*history)
    assert text.code == 0
    assert "~1 -1 ?1" in text.out


def test_a_guard_that_was_overridden_is_in_the_record(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str], elsewhere: list[str]
) -> None:
    one, two = publish(names[0], "one", more="extra"), publish(names[0], "two")
    assert apply(one, *_recorded(*elsewhere)).code == 0
    assert apply(two, *_recorded(*elsewhere), "--max-prune", "0").code == 9
    assert apply(two, *_recorded(*elsewhere), "--max-prune", "0", "--override", "max-prune").code == 0

    diff = gitless("diff", "deployed:prod", two, "--record-key", "cluster.pub", *elsewhere, "-o", "json").document
    found = gitless("history", "--cluster", "prod", "--record-key", "cluster.pub", *elsewhere, "-o", "json").document

    assert [item["result"] for item in found["deployments"]] == ["applied", "failed", "applied"]
    (override,) = found["deployments"][0]["overrides"]
    assert "max-prune" in override
    assert f"it was applied with {override}" in diff["notes"]


@pytest.mark.parametrize("where", ["with the referrers API", "without it"])
def test_only_the_last_records_are_kept_in_the_registry(
    apply: Gitless,
    gitless: Gitless,
    publish: Publish,
    names: tuple[str, str],
    elsewhere: list[str],
    where: str,
) -> None:
    place = elsewhere if where == "without it" else ["--record-repository", f"{names[0]}-deployments"]
    for text in ("one", "two", "three", "four"):
        url = publish(names[0], text)
        assert apply(url, *_recorded(*place), "--keep-records", "2").code == 0

    listed = gitless("history", "--cluster", "prod", "--record-key", "cluster.pub", *place, "-o", "json").document

    assert len(listed["deployments"]) == 2
    assert listed["notes"] == []
    assert gitless("diff", "deployed:prod", url, "--record-key", "cluster.pub", *place, "--exit-code").code == 0


def _refused(outcome: Outcome, why: str) -> bool:
    return outcome.code == 4 and why in outcome.err


def test_records_by_strangers_old_ones_and_none_at_all_are_refused(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str], elsewhere: list[str]
) -> None:
    one, two = publish(names[0], "one"), publish(names[0], "two")
    diff = ["diff", "deployed:prod", two, *elsewhere]
    assert gitless(*diff, "--record-key", "cluster.pub").code == 5
    assert apply(one, *_recorded(*elsewhere)).code == 0
    assert _refused(gitless(*diff), "nobody is trusted to say what is deployed")
    assert _refused(gitless(*diff, "--record-key", "release.pub"), "is not accepted")
    skipped = gitless(*diff, "--insecure-skip-record-verification")
    assert skipped.code == 0
    assert "NOT verified" in skipped.err

    assert apply(two, *_recorded(*elsewhere, key="release.key")).code == 0

    assert _refused(gitless(*diff, "--record-key", "cluster.pub"), "is not accepted")


def test_a_tag_that_was_moved_back_hides_nothing(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str]
) -> None:
    records = f"{names[0]}-deployments"
    one, two, other = (publish(names[0], text) for text in ("one", "two", "other"))
    assert apply(one, *_recorded("--record-repository", records)).code == 0
    old = json.loads(gitless("list", records, "-o", "json").out)["artifacts"][0]["digest"]
    assert apply(two, *_recorded("--record-repository", records)).code == 0

    assert gitless("tag", f"{records}@{old}", "deployed-prod").code == 0

    diff = gitless("diff", "deployed:prod", other, "--record-key", "cluster.pub", "--record-repository", records)
    assert diff.code == 0, diff.err
    assert two.rpartition(":")[2][:12] in diff.out
    assert "note: the tag deployed-prod lacks the newest record" in diff.out


def test_waiting_needs_no_cluster(
    apply: Gitless, gitless: Gitless, publish: Publish, names: tuple[str, str], elsewhere: list[str]
) -> None:
    one, two = publish(names[0], "one"), publish(names[0], "two")
    assert apply(one, *_recorded(*elsewhere)).code == 0
    wait = ["wait", "--deployed", "prod", "--record-key", "cluster.pub", "--timeout", "1s", *elsewhere]

    accepted = gitless(*wait, one, "--accept-applied", "-o", "json")
    assert (accepted.code, accepted.document["outcome"], accepted.document["cluster"]) == (0, "delivered", "prod")
    unhealthy = gitless(*wait, one)
    assert unhealthy.code == 7
    assert "nobody says that it is healthy" in unhealthy.err
    assert gitless(*wait, two).code == 7
