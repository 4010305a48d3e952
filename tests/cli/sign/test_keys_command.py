from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.sign.conftest import Gitless


def test_generate_says_which_file_is_secret(gitless: Gitless, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "correct horse")

    made = gitless("keys", "generate", "--output-key-prefix", "keys/release")

    assert (made.code, made.err) == (0, "")
    assert "keys/release.key  private" in made.out
    assert "keys/release.pub  public" in made.out
    assert (tmp_path / "keys" / "release.key").exists()


def test_generate_refuses_to_overwrite(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "cosign.key").write_text("precious")

    refused = gitless("keys", "generate")

    assert (refused.code, refused.out) == (2, "")
    assert "cosign.key exists already" in refused.err
    assert (tmp_path / "cosign.key").read_text() == "precious"


def test_generate_warns_about_an_empty_password(gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")

    made = gitless("keys", "generate")

    assert made.code == 0
    assert "Warning: the password is empty" in made.err


@pytest.mark.usefixtures("keys")
def test_show_tells_the_same_of_both_halves(gitless: Gitless) -> None:
    private = gitless("keys", "show", "ours.key", "-o", "json").document
    public = gitless("keys", "show", "ours.pub", "-o", "json").document

    assert private | {"file": "", "private": False} == public | {"file": ""}
    assert public["type"] == "ECDSA P-256"
    assert public["publicKey"].startswith("-----BEGIN PUBLIC KEY-----\n")


@pytest.mark.usefixtures("keys")
def test_show_prints_the_fingerprint_that_openssl_would(gitless: Gitless, tmp_path: Path) -> None:
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", tmp_path / "ours.pub", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    digest = subprocess.run(["sha256sum"], check=True, capture_output=True, input=der).stdout.decode().split()[0]

    assert f"SHA256:{digest}\n" in gitless("keys", "show", "ours.pub").out


@pytest.mark.parametrize("content", ["", "ssh-ed25519 AAAA", "-----BEGIN PUBLIC KEY-----\n"])
def test_show_refuses_what_is_no_key(gitless: Gitless, tmp_path: Path, content: str) -> None:
    (tmp_path / "odd").write_text(content)

    refused = gitless("keys", "show", "odd")

    assert (refused.code, refused.out) == (2, "")
    assert "odd is not" in refused.err


def test_a_terminal_is_asked_twice_and_shows_no_password(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "COSIGN_PASSWORD"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "keys", "generate", "--output-key-prefix", str(tmp_path / "cosign")],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        start_new_session=True,
        cwd=Path(__file__).parents[3],
    )
    os.close(slave)

    seen = b""
    for question in (b"Password for the private key: ", b"Repeat for confirmation: "):
        seen += _read_until(master, question)
        os.write(master, b"correct horse\n")
    seen += _read_until(master, b"SHA256:")
    assert process.wait(timeout=20) == 0
    os.close(master)

    assert b"correct horse" not in seen
    assert (tmp_path / "cosign.key").exists()


def _read_until(terminal: int, text: bytes) -> bytes:
    seen = b""
    deadline = time.monotonic() + 20
    while text not in seen and time.monotonic() < deadline:
        seen += os.read(terminal, 4096)
    assert text in seen, seen
    # The question is written before the echo is switched off, or after: let that settle.
    time.sleep(0.1)
    return seen
