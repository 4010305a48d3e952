"""What sops has encrypted goes through packaging, pulling and building untouched, and opens afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pipeline.cli import application
from tests.integration.kustomizing.conftest import AgeKey

pytestmark = pytest.mark.tool

# Keys in an order that canonical YAML has not, and scalars of every type: sops signs values in the order they stand in.
SECRET = b"""\
stringData:
  zebra: correct-horse
  apple: "1"
metadata:
  name: keys
  labels: {b: "true", a: x}
kind: Secret
apiVersion: v1
# a comment
type: Opaque
"""


def gitless(*arguments: str) -> str:
    done = CliRunner().invoke(application, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def decrypted(content: bytes, key: AgeKey, folder: Path, *options: str) -> dict[str, object]:
    identity = folder / "identity.txt"
    identity.write_bytes(key.identity)
    environment = {"PATH": os.defpath, "HOME": str(folder), "SOPS_AGE_KEY_FILE": str(identity)}
    argv = [key.sops, "decrypt", *options, "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"]
    opened = subprocess.run(argv, input=content, capture_output=True, check=False, env=environment)
    assert opened.returncode == 0, opened.stderr
    found: dict[str, object] = yaml.safe_load(opened.stdout)
    return found


@pytest.fixture
def encrypted(age_key: AgeKey) -> bytes:
    return age_key.encrypt(SECRET, "yaml", "--encrypted-regex", "^(data|stringData)$")


@pytest.fixture
def folder(tmp_path: Path, encrypted: bytes, monkeypatch: pytest.MonkeyPatch, tools: Mapping[str, str]) -> Path:
    for name, value in tools.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "secret.yaml").write_bytes(encrypted)
    return tmp_path


def test_packaging_and_pulling_keep_every_byte(
    folder: Path, encrypted: bytes, age_key: AgeKey, new_age_key: Callable[[], AgeKey]
) -> None:
    gitless("package", "deploy", "oci-layout:out:v1")
    gitless("pull", "oci-layout:out:v1", "pulled", "--insecure-skip-verification")

    pulled = (folder / "pulled" / "secret.yaml").read_bytes()
    assert pulled == encrypted
    assert decrypted(pulled, age_key, folder) == yaml.safe_load(SECRET)


def test_building_keeps_every_encrypted_value(folder: Path, encrypted: bytes, age_key: AgeKey) -> None:
    built = gitless("build", "deploy").encode()

    assert yaml.safe_load(built) == yaml.safe_load(encrypted)
    # The MAC over all values depends on their order; as Flux and the puller, whose builds sort keys too, do not ask it.
    assert decrypted(built, age_key, folder, "--ignore-mac") == yaml.safe_load(SECRET)
