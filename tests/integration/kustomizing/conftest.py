from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.renderers.kustomize_tree import KustomizeTreeBuilder
from tests.platform.binaries import binary


@pytest.fixture(scope="session")
def tools() -> Mapping[str, str]:
    """An environment in which the platform's own tools are found."""
    return {**os.environ, **{f"GITLESS_{name.upper()}": str(binary(name)) for name in ("kustomize", "sops")}}


@pytest.fixture
def trees(tools: Mapping[str, str]) -> KustomizeTreeBuilder:
    return KustomizeTreeBuilder(tools)


@dataclass(frozen=True)
class AgeKey:
    """A key pair, and what encrypts for it."""

    identity: bytes
    recipient: str
    sops: str

    def encrypt(self, content: bytes, file_type: str, *options: str) -> bytes:
        """Encrypt with the real sops."""
        types = ("--input-type", file_type, "--output-type", file_type)
        argv = [self.sops, "encrypt", "--age", self.recipient, *types, *options, "/dev/stdin"]
        return subprocess.run(argv, input=content, capture_output=True, check=True).stdout


@pytest.fixture(scope="session")
def new_age_key(tools: Mapping[str, str]) -> Callable[[], AgeKey]:
    def make() -> AgeKey:
        made = subprocess.run([binary("age-keygen")], capture_output=True, check=True).stdout
        public = next(line for line in made.decode().splitlines() if line.startswith("# public key: "))
        return AgeKey(made, public.removeprefix("# public key: "), tools["GITLESS_SOPS"])

    return make


@pytest.fixture(scope="session")
def age_key(new_age_key: Callable[[], AgeKey]) -> AgeKey:
    return new_age_key()


@pytest.fixture(scope="session")
def pgp_key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A private key in armour, without passphrase, as gpg exports it."""
    home = Path(tmp_path_factory.mktemp("gpg"))
    environment = {**os.environ, "GNUPGHOME": str(home)}

    def gpg(*arguments: str) -> bytes:
        argv = ["gpg", "--batch", "--passphrase", "", *arguments]
        return subprocess.run(argv, env=environment, capture_output=True, check=True).stdout

    try:
        gpg("--quick-generate-key", "Test <test@example.com>", "rsa2048", "default", "never")
        fingerprint = next(
            line.split(b":")[9] for line in gpg("--list-keys", "--with-colons").splitlines() if line.startswith(b"fpr:")
        )
        gpg("--quick-add-key", fingerprint.decode(), "rsa2048", "encrypt", "never")
        return gpg("--armor", "--export-secret-keys")
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)
