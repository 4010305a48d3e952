"""Sources whose artifacts the real notation has signed; the same with Flux's source-controller."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.artifacts import Published
from tests.integration.puller.conftest import only_ours
from tests.platform.binaries import binary
from tests.reconciling import World, condition, config_map

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]

FILES = {"a.yaml": config_map()}
VERIFY = {"provider": "notation", "secretRef": {"name": "notation"}}


@dataclass(frozen=True)
class Notation:
    """The command with a certificate and key of its own."""

    home: Path

    def sign(self, world: World, published: Published, envelope: str = "jws") -> None:
        reference = f"{world.registry}/{published.repository}@{published.digest}"
        self("sign", "--insecure-registry", "--signature-format", envelope, reference)

    @property
    def certificate(self) -> str:
        return next((self.home / "notation" / "localkeys").glob("*.crt")).read_text()

    def __call__(self, *arguments: str) -> None:
        surroundings = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [binary("notation"), *arguments], env=surroundings, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Notation:
    return made(tmp_path_factory.mktemp("ours"), "ours.test")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Notation:
    return made(tmp_path_factory.mktemp("theirs"), "theirs.test")


def made(home: Path, name: str) -> Notation:
    notation = Notation(home)
    notation("cert", "generate-test", "--default", name)
    return notation


def statement(level: str = "strict", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "name": "all",
        "registryScopes": ["*"],
        "signatureVerification": {"level": level},
        "trustStores": ["ca:acme"],
        "trustedIdentities": ["*"],
        **changes,
    }


def secret(world: World, notation: Notation, *statements: dict[str, Any], **data: str | None) -> None:
    policy = json.dumps({"version": "1.0", "trustPolicies": list(statements or [statement()])})
    content = {"trustpolicy.json": policy, "ca.crt": notation.certificate} | {
        name.replace("_", "."): value for name, value in data.items()
    }
    given = {name: value for name, value in content.items() if value is not None}
    world.put({"kind": "Secret", "metadata": {"name": "notation"}, "stringData": given})


def refused(world: World) -> str:
    body = world.failed("OCIRepository", reason="VerificationError")
    verified = condition(body, "SourceVerified")
    assert (verified["status"], verified["reason"]) == ("False", "VerificationError")
    assert "artifact" not in body["status"]
    message: str = verified["message"]
    assert message.startswith("failed to verify the signature using provider 'notation': ")
    return message


@pytest.mark.parametrize("envelope", ["jws", "cose"])
def test_what_notation_signed_is_verified(world: World, ours: Notation, envelope: str) -> None:
    published = world.publish(FILES)
    ours.sign(world, published, envelope)
    secret(world, ours)
    world.source(verify=VERIFY)

    body = world.ready("OCIRepository")

    verified = condition(body, "SourceVerified")
    assert (verified["status"], verified["reason"]) == ("True", "Succeeded")
    assert verified["message"] == f"verified signature of revision {published.revision}"


def test_somebody_else_s_signature_does_not_do(world: World, ours: Notation, theirs: Notation) -> None:
    published = world.publish(FILES)
    theirs.sign(world, published)
    secret(world, ours)
    world.source(verify=VERIFY)
    refused(world)

    # Nor does it do any harm.
    ours.sign(world, published)
    world.request("OCIRepository", "app")
    assert condition(world.ready("OCIRepository"), "SourceVerified")["status"] == "True"


def test_an_unsigned_artifact_is_refused(world: World, ours: Notation) -> None:
    world.publish(FILES)
    secret(world, ours)
    world.source(verify=VERIFY)
    assert "no signature is associated with" in refused(world)


def test_a_policy_for_another_repository_refuses(world: World, ours: Notation) -> None:
    published = world.publish(FILES)
    ours.sign(world, published)
    secret(world, ours, statement(registryScopes=["registry.test/other"]))
    world.source(verify=VERIFY)
    assert "no applicable" in refused(world)
    secret(world, ours, statement(registryScopes=[f"{world.registry}/{published.repository}"]))
    world.request("OCIRepository", "app")
    world.ready("OCIRepository")


@pytest.mark.parametrize("level", ["skip", "audit"])
def test_a_level_that_lets_everything_through_verifies_nothing(
    world: World, ours: Notation, theirs: Notation, level: str
) -> None:
    published = world.publish(FILES)
    theirs.sign(world, published)
    secret(world, ours, statement(level))
    world.source(verify=VERIFY)
    body = world.ready("OCIRepository")
    assert body["status"]["artifact"]["revision"] == published.revision
    assert condition(body, "SourceVerified") == {}


@only_ours
@pytest.mark.parametrize("envelope", ["jws", "cose"])
def test_an_older_artifact_does_not_follow_a_newer_one(
    world: World, ours: Notation, theirs: Notation, envelope: str
) -> None:
    old = world.publish({"a.yaml": config_map(color="old")})
    ours.sign(world, old, envelope)
    # Signing again, or by somebody else, makes nothing newer.
    time.sleep(1.1)
    new = world.publish({"a.yaml": config_map(color="new")})
    ours.sign(world, new, envelope)
    theirs.sign(world, old, envelope)
    ours.sign(world, old, envelope)
    secret(world, ours)
    world.source(verify=VERIFY)
    assert world.ready("OCIRepository")["status"]["artifact"]["revision"] == new.revision

    world.update({"a.yaml": config_map(color="old")})

    body = world.failed("OCIRepository", reason="VerificationError")
    assert f"{old.digest} was signed at " in condition(body, "SourceVerified")["message"]
    assert body["status"]["artifact"]["revision"] == new.revision


@only_ours
def test_that_nothing_was_verified_is_told(world: World, ours: Notation) -> None:
    published = world.publish(FILES)
    secret(world, ours, statement("skip"))
    world.source(verify=VERIFY)
    world.ready("OCIRepository")
    world.until("OCIRepository", "app", lambda _: bool(_notes(world)), "a word about it")
    assert _notes(world) == [
        f"{published.revision} is accepted without verification: Notation's trust policy skips the verification of it"
    ]


def _notes(world: World) -> list[str]:
    return [event["message"] for event in world.list("Event") if event["reason"] == "NotVerified"]


@pytest.mark.parametrize(
    "data",
    [
        {"trustpolicy_json": None},
        {"trustpolicy_json": "{"},
        {"trustpolicy_json": "{}"},
        {"trustpolicy_json": json.dumps({"version": "1.0", "trustPolicies": [statement("nonsense")]})},
        {"ca_crt": None},
        {"ca_crt": "no certificate"},
    ],
)
def test_a_secret_that_makes_no_sense_refuses(world: World, ours: Notation, data: dict[str, str | None]) -> None:
    published = world.publish(FILES)
    ours.sign(world, published)
    secret(world, ours, **data)
    world.source(verify=VERIFY)
    refused(world)
