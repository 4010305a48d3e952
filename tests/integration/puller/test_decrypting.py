"""Encrypted manifests are decrypted by the real sops in the puller's process, with keys from a Secret."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.platform.binaries import binary
from tests.reconciling import World, condition, manifest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]

PLAIN = "correct-horse"


@dataclass(frozen=True)
class Age:
    """A key pair, and encrypting with it."""

    folder: Path
    key: str
    recipient: str

    def encrypted(self, text: str, name: str = "secret.yaml", *arguments: str) -> str:
        path = self.folder / name
        path.write_text(text)
        command: list[str | Path] = [binary("sops"), "encrypt", "--age", self.recipient, *arguments, path]
        environment = {"PATH": os.defpath, "HOME": str(self.folder)}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture(scope="module")
def age(tmp_path_factory: pytest.TempPathFactory) -> Age:
    made = subprocess.run([binary("age-keygen")], check=True, capture_output=True, text=True)
    key = made.stdout
    recipient = next(line.split()[-1] for line in key.splitlines() if "public key" in line)
    return Age(tmp_path_factory.mktemp("age"), key, recipient)


def keys(world: World, age: Age) -> None:
    world.put({"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"test.agekey": age.key}})


def decrypted(world: World, name: str = "secret", key: str = "token") -> str:
    found = world.get("Secret", name)
    assert found is not None
    return base64.b64decode(found["data"][key]).decode()


def test_an_encrypted_secret_is_decrypted(world: World, age: Age) -> None:
    keys(world, age)
    text = manifest("Secret", "secret", stringData={"token": PLAIN})
    encrypted = age.encrypted(text, "secret.yaml", "--encrypted-regex=^(data|stringData)$")
    assert PLAIN not in encrypted

    world.deliver({"secret.yaml": encrypted}, decryption={"provider": "sops", "secretRef": {"name": "keys"}})

    assert decrypted(world) == PLAIN
    assert PLAIN not in world.logs()


def test_files_of_a_secret_generator_are_decrypted(world: World, age: Age) -> None:
    keys(world, age)
    own = "secretGenerator: [{name: secret, envs: [secret.env], options: {disableNameSuffixHash: true}}]\n"
    files = {"kustomization.yaml": own, "secret.env": age.encrypted(f"token={PLAIN}\n", "secret.env")}

    world.deliver(files, decryption={"provider": "sops", "secretRef": {"name": "keys"}})

    assert decrypted(world) == PLAIN


def test_without_its_key_nothing_is_applied(world: World, age: Age) -> None:
    other = subprocess.run([binary("age-keygen")], check=True, capture_output=True, text=True).stdout
    world.put({"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"test.agekey": other}})
    text = manifest("Secret", "secret", stringData={"token": PLAIN})
    world.publish({"secret.yaml": age.encrypted(text, "secret.yaml", "--encrypted-regex=^(data|stringData)$")})
    world.source()
    world.kustomization(decryption={"provider": "sops", "secretRef": {"name": "keys"}})

    body = world.failed("Kustomization", reason="BuildFailed")

    assert "AGE-SECRET-KEY" not in condition(body, "Ready")["message"]
    assert world.get("Secret", "secret") is None
