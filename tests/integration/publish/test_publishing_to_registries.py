"""``gitless run`` against real registries that refuse it one write after the other."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.integration.publish.overtaking import push
from tests.platform.faults import Fault, FaultProxy
from tests.platform.registries import DebianRegistry, ReferrersRegistry
from tests.unit.sign.support import private_key, public_pem

pytestmark = [pytest.mark.registry]

WRITES = "PUT|POST|PATCH"
SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: app.yaml}]
signing: {key: cosign.key}
attestations: {}
trust: {keys: [cosign.pub]}
"""
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndata: {text: TEXT}\n"
Publish = Callable[..., Outcome]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultProxy]:
    with (
        ReferrersRegistry.start(tmp_path_factory.mktemp("registry")) as registry,
        FaultProxy.before_registry(registry.address) as before,
    ):
        yield before


@pytest.fixture
def repository(proxy: FaultProxy) -> str:
    proxy.heal()
    proxy.forget()
    return f"oci://{proxy.address}/shop-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Publish:
    from cryptography.hazmat.primitives import serialization

    monkeypatch.chdir(tmp_path)
    key = private_key("ours")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "cosign.key").write_bytes(pem)
    (tmp_path / "cosign.pub").write_text(public_pem(key))
    (tmp_path / "gitless.yaml").write_text(SETTINGS)

    def run(text: str, repository: str, *options: str) -> Outcome:
        (tmp_path / "app.yaml").write_text(MANIFEST.replace("TEXT", text))
        code = run_guarded(
            application, ["run", "--to", "attest", "--repository", repository, "--tag", "live", *options]
        )
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def listed(capsys: pytest.CaptureFixture[str]) -> Callable[[str], dict[str, str]]:
    """The tags of a repository and their digests."""

    def look(repository: str) -> dict[str, str]:
        assert run_guarded(application, ["list", repository, "-o", "json"]) == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {item["tag"]: item["digest"] for item in document["artifacts"]}

    return look


def test_a_failure_at_any_write_leaves_the_tag_and_the_next_run_finishes(
    proxy: FaultProxy, publish: Publish, listed: Callable[[str], dict[str, str]], repository: str
) -> None:
    first = publish("first", repository)
    assert first.code == 0, first.err
    old = listed(repository)["live"]
    proxy.forget()
    assert publish("counted", f"{repository}-counted").code == 0
    writes = proxy.count(method=WRITES)
    assert writes > 12

    for number in range(writes):
        proxy.inject(Fault(status=403, body=b"{}"), method=WRITES, after=number)
        failed = publish("second", repository)
        proxy.heal()
        if failed.code == 0:
            # Less is written the more is there: the last ones have nothing left to break.
            break
        assert failed.code == 5, failed
        assert "no tag was moved" in failed.err
        assert "run the same again" in failed.err
        assert listed(repository)["live"] == old
    else:
        assert publish("second", repository).code == 0

    assert listed(repository)["live"] != old


def test_the_attestations_and_the_signature_are_there_once(
    proxy: FaultProxy, publish: Publish, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy.inject(Fault(status=403, body=b"{}"), method="PUT", path="/manifests/live$")
    failed = publish("app", repository)
    assert failed.code == 5, failed
    assert "cannot write manifest 'live'" in failed.err, failed.err

    outcome = publish("app", repository, "-o", "json")

    assert outcome.code == 0, outcome
    stages = {stage["stage"]: stage["result"] for stage in outcome.document["stages"]}
    assert stages["sign"]["signed"] is False
    assert [made["attested"] for made in stages["attest"]["attestations"]] == [False, False]
    assert [tag["moved"] for tag in outcome.document["tags"]] == [True]
    code = run_guarded(application, ["verify", f"{repository}:live", "--key", "cosign.pub", "-o", "json"])
    assert code == 0
    assert len(json.loads(capsys.readouterr().out)["signatures"]) == 1


def test_the_loser_of_a_race_is_told_by_whom(
    proxy: FaultProxy, publish: Publish, listed: Callable[[str], dict[str, str]], repository: str
) -> None:
    first = publish("first", repository)
    assert first.code == 0, first.err
    proxy.inject(Fault(call=partial(push, repository, "theirs", "live")), method="PUT", path="/manifests/sha256:")

    outcome = publish("second", repository)

    assert outcome.code == 9, outcome
    assert "was moved by somebody else" in outcome.err
    assert listed(repository)["live"] in outcome.err
    assert "revision main@theirs" in outcome.err


def test_without_the_referrers_api_everything_is_found_again_and_written_once(
    publish: Publish, listed: Callable[[str], dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with DebianRegistry.start(tmp_path_factory.mktemp("debian-registry")) as registry:
        repository = f"oci://{registry.address}/shop"
        first, second = (publish("app", repository, "-o", "json") for _ in range(2))

        assert (first.code, second.code) == (0, 0), (first.err, second.err)
        stages = {stage["stage"]: stage["result"] for stage in second.document["stages"]}
        assert stages["sign"]["signed"] is False
        assert [made["attested"] for made in stages["attest"]["attestations"]] == [False, False]
        assert listed(repository)["live"] == stages["package"]["digest"]
