"""Trust policies that sources are held to: the process's and their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.options import PullerOptions
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from tests.unit.sign.support import private_key, public_pem, signer
from tests.unit.sources.worlds import NAMESPACE, World, kinds, make_world, source, told

COSIGN = {"provider": "cosign", "secretRef": {"name": "keys"}}
HEAD = "apiVersion: gitless.dev/v1\nkind: TrustPolicy\n"


def policy(*names: str) -> dict[str, str]:
    """A ConfigMap's data that trusts these keys."""
    keys = {f"{name}.pub": public_pem(private_key(name)) for name in names}
    return {"policy.yaml": f"{HEAD}spec:\n  keys: [{', '.join(keys)}]\n", **keys}


def governed(name: str = "trust", **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields
    body = source(**spec)
    body["metadata"]["annotations"] = {"gitless.dev/trust-policy": name}
    return body


def signed_push(world: World, *names: str, **content: bytes) -> str:
    artifact = world.push(content or None)
    for name in names:
        sign(artifact, world.registry, signer(name), CosignVerifier(), allow_shadowing=True)
    world.calls()
    return artifact.digest


def refusal(world: World, body: dict[str, Any]) -> str:
    """Why it is refused; whatever was accepted before stays."""
    before = body["status"].get("artifact")
    outcome = world.reconcile(body)
    assert not outcome.succeeded
    assert outcome.requeue_after is None
    assert body["status"].get("artifact") == before
    found = told(body, "SourceVerified")
    assert found is not None
    assert found[:2] == ("False", "VerificationError")
    assert told(body, "Ready") == found
    return found[2]


@pytest.fixture
def floored(tmp_path: Path) -> World:
    """All sources are held to ``flux-system/floor``."""
    return make_world(tmp_path / "cache", options=PullerOptions(trust_policy="flux-system/floor"))


def test_a_source_is_held_to_the_policy_that_its_annotation_names(world: World) -> None:
    digest = signed_push(world, "ours")
    world.config_map("trust", policy("ours"))
    body = governed()
    assert world.reconcile(body).succeeded
    assert told(body, "SourceVerified") == (
        "True",
        "Succeeded",
        f"verified signature of revision latest@{digest} by the trust policy apps/trust",
    )
    assert kinds(body) == {"Ready", "ArtifactInStorage", "SourceVerified"}


def test_what_the_policy_refuses_is_not_fetched(world: World) -> None:
    digest = signed_push(world, "theirs")
    world.config_map("trust", policy("ours"))
    body = governed()
    message = refusal(world, body)
    assert message.startswith("failed to verify by the trust policy 'apps/trust': oci://registry.test/team/app@sha256:")
    assert "ours.pub" in message
    assert "artifact" not in body["status"]
    assert not world.has_fetched(digest)


def test_the_process_s_policy_governs_every_source(floored: World) -> None:
    floored.config_map("floor", policy("ours"), namespace="flux-system")
    signed_push(floored, "theirs")
    refusal(floored, source())
    signed_push(floored, "ours", more=b"more")
    assert floored.reconcile(source()).succeeded


def test_all_that_is_asked_for_must_hold(floored: World) -> None:
    floored.secret("keys", {"a.pub": public_pem(private_key("spec"))})
    floored.config_map("trust", policy("own"))
    floored.config_map("floor", policy("floor"), namespace="flux-system")
    body = governed(verify=COSIGN)
    for number, (names, words) in enumerate(
        [
            (("own", "floor"), "using provider 'cosign'"),
            (("spec", "floor"), "by the trust policy 'apps/trust'"),
            (("spec", "own"), "by the trust policy 'flux-system/floor'"),
        ]
    ):
        signed_push(floored, *names, file=b"%d" % number)
        assert words in refusal(floored, body)
    signed_push(floored, "spec", "own", "floor", file=b"all")
    assert floored.reconcile(body).succeeded
    verified = told(body, "SourceVerified")
    assert verified is not None
    assert verified[2].endswith("by the trust policy flux-system/floor and apps/trust")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "configmap 'apps/trust' not found; without this trust policy nothing is accepted"),
        ({}, "configmap 'apps/trust' has no 'policy.yaml'"),
        ({"policy.yaml": ""}, "configmap 'apps/trust' has no 'policy.yaml'"),
        ({"policy.yaml": " \n"}, "configmap 'apps/trust' has no 'policy.yaml'"),
        ({"policy.yml": policy("ours")["policy.yaml"]}, "configmap 'apps/trust' has no 'policy.yaml'"),
        ({"policy.yaml": "# nothing\n"}, "is not one YAML document"),
        ({"policy.yaml": "{}\n---\n{}\n"}, "is not one YAML document"),
        ({"policy.yaml": "[]\n"}, "is not one YAML document"),
        ({"policy.yaml": "{"}, "policy.yaml of configmap 'apps/trust':"),
        ({"policy.yaml": HEAD}, "policy.yaml of configmap 'apps/trust'"),
        ({"policy.yaml": f"{HEAD}spec: {{}}\n"}, "asks for nothing, so nothing is accepted"),
        ({"policy.yaml": f"{HEAD}spec: {{kees: []}}\n"}, "kees"),
        ({"policy.yaml": f"{HEAD}spec: {{keys: [a.pub]}}\n"}, "names the file 'a.pub', which is no key of it"),
        ({"policy.yaml": f"{HEAD}spec: {{keys: [a.pub]}}\n", "a.pub": "no key"}, "a.pub"),
        ({"policy.yaml": f"{HEAD}spec: {{identities: [{{subjectRegExp: '^($', issuer: i}}]}}\n"}, "regular expression"),
    ],
)
def test_a_policy_that_cannot_be_understood_refuses_everything(
    world: World, data: Mapping[str, str] | None, words: str
) -> None:
    signed_push(world, "ours")
    world.config_map("trust", policy("ours"))
    body = governed()
    world.reconcile(body)
    world.config_map("trust", data)
    assert words in refusal(world, body)
    digest = signed_push(world, "ours", new=b"new")
    assert words in refusal(world, body)
    assert not world.has_fetched(digest)
    world.config_map("trust", policy("ours"))
    assert world.reconcile(body).succeeded


RULE = """spec:
  rules:
    - name: shop
      artifacts: [{pattern}]
      require: {{signature: {{keys: [ours.pub]}}}}
"""


@pytest.mark.parametrize(
    ("pattern", "accepted"), [("registry.test/team/*", True), ('"**"', True), ("registry.test/other/**", False)]
)
def test_a_policy_that_asks_nothing_of_this_repository_accepts_nothing_of_it(
    world: World, pattern: str, *, accepted: bool
) -> None:
    signed_push(world, "ours")
    data = {"policy.yaml": HEAD + RULE.format(pattern=pattern), "ours.pub": public_pem(private_key("ours"))}
    world.config_map("trust", data)
    body = governed()
    if accepted:
        assert world.reconcile(body).succeeded
    else:
        assert "no rule of the policy is for registry.test/team/app" in refusal(world, body)


def test_the_process_s_policy_is_missed_as_well(floored: World) -> None:
    signed_push(floored, "ours")
    assert "configmap 'flux-system/floor' not found" in refusal(floored, source())
    assert floored.calls() == []


@pytest.mark.parametrize("name", ["", "Trust", "other/trust", "-", "a" * 254, "trust\n"])
def test_an_annotation_that_names_no_config_map_of_the_namespace_refuses(world: World, name: str) -> None:
    signed_push(world, "ours")
    message = refusal(world, governed(name))
    assert "the annotation gitless.dev/trust-policy is " in message
    assert "expected the name of a ConfigMap in the namespace of the OCIRepository" in message


def test_a_policy_that_cannot_be_read_now_refuses(world: World) -> None:
    signed_push(world, "ours")
    world.config_map("trust", policy("ours"))
    body = governed()
    world.reconcile(body)

    def away(_operation: str, _subject: str) -> None:
        raise ClusterError("the API server is away")

    world.api.before = away
    assert "failed to read the trust policy: the API server is away" in refusal(world, body)
    world.api.before = lambda _operation, _subject: None
    assert world.reconcile(body).succeeded


def test_an_unchanged_digest_under_an_unchanged_policy_costs_no_verification(world: World) -> None:
    signed_push(world, "ours")
    world.config_map("trust", policy("ours"))
    body = governed()
    world.reconcile(body)
    before = dict(body["status"])
    world.calls()
    world.api.requests.clear()
    outcome = world.reconcile(body)
    assert world.calls() == ["resolve"]
    assert [verb for verb, *_ in world.api.requests] == ["read"]
    assert body["status"] == before
    assert outcome.events == ()


def test_a_changed_policy_verifies_what_is_there_again(world: World) -> None:
    signed_push(world, "ours")
    world.config_map("trust", policy("ours"))
    body = governed()
    world.reconcile(body)
    good = body["status"]["artifact"]
    world.config_map("trust", policy("theirs"))
    refusal(world, body)
    world.config_map("trust", policy("theirs", "ours"))
    world.calls()
    outcome = world.reconcile(body)
    assert outcome.succeeded
    assert outcome.events == ()
    assert "referrers" in world.calls()
    now = body["status"]["artifact"]
    assert {**now, "metadata": None} == {**good, "metadata": None}
    assert now["metadata"] != good["metadata"]
    world.reconcile(body)
    assert world.calls() == ["resolve"]


@pytest.mark.parametrize("by_digest", [False, True])
def test_a_policy_that_comes_later_is_asked_about_what_is_there(world: World, *, by_digest: bool) -> None:
    digest = signed_push(world, "ours")
    body = source(ref={"digest": digest}) if by_digest else source()
    world.reconcile(body)
    world.config_map("trust", policy("theirs"))
    body["metadata"]["annotations"] = {"gitless.dev/trust-policy": "trust"}
    refusal(world, body)
    world.config_map("trust", policy("ours"))
    assert world.reconcile(body).succeeded
    del body["metadata"]["annotations"]
    assert world.reconcile(body).succeeded
    assert "SourceVerified" not in kinds(body)


def test_files_of_a_policy_count_as_the_policy(world: World) -> None:
    signed_push(world, "ours")
    data = policy("ours")
    world.config_map("trust", data)
    body = governed()
    world.reconcile(body)
    world.config_map("trust", {**data, "ours.pub": public_pem(private_key("theirs"))})
    refusal(world, body)


def test_what_a_changed_policy_may_not_accept_is_not_fetched_again(world: World) -> None:
    signed_push(world, "ours")
    world.config_map("trust", policy("ours"))
    body = governed()
    world.reconcile(body)
    good = body["status"]["artifact"]
    signed_push(world, new=b"new")
    world.cache.remove(good["digest"])
    refusal(world, body)
    assert world.cache.has(good["digest"])
    world.cache.remove(good["digest"])
    world.config_map("trust", policy("theirs"))
    refusal(world, body)
    assert not world.cache.has(good["digest"])


def test_a_publisher_cannot_say_that_a_policy_was_satisfied(world: World) -> None:
    world.config_map("trust", policy("ours"))
    digest = signed_push(world, "ours")
    body = governed()
    world.reconcile(body)
    claimed = body["status"]["artifact"]["metadata"]["gitless.dev/trust-policy-digest"]
    assert claimed.startswith("sha256:")
    claims = {"gitless.dev/trust-policy-digest": claimed, "gitless.dev/issued-at": "2099-01-01T00:00:00Z", "a": "b"}
    world.push({"evil.yaml": b"evil"}, annotations=claims)
    other = source()
    world.reconcile(other)
    assert other["status"]["artifact"]["metadata"] == {"a": "b"}
    assert digest not in other["status"]["artifact"]["revision"]


def test_a_source_of_the_policy_s_own_namespace_is_no_exception(tmp_path: Path) -> None:
    world = make_world(tmp_path / "cache", options=PullerOptions(trust_policy="floor", namespace=NAMESPACE))
    world.config_map("floor", policy("ours"))
    signed_push(world, "theirs")
    refusal(world, source())
