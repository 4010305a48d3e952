from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.trust.policy import PublicKey
from pipeline.signers.cosign import describe_key, generate_key_pair, read_public_key
from pipeline.signers.cosign.private_keys import parse_private_key
from tests.unit.sign.support import PrivateKey, private_key, public_pem

PKCS8, TRADITIONAL = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL

UNSUPPORTED = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VvBCIEIDFXvLMnr+4gnwXLsE6s2Ucq27nIoxbuDZtduMcIHG18
-----END PRIVATE KEY-----
"""


def no_password() -> bytes:
    raise AssertionError("asked for a password")


def plain_pem(key: PrivateKey, form: serialization.PrivateFormat = PKCS8, password: bytes = b"") -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def key_file(**changes: object) -> str:
    document = {
        "kdf": {"name": "scrypt", "params": {"N": 65536, "r": 8, "p": 1}, "salt": "AAAA"},
        "cipher": {"name": "nacl/secretbox", "nonce": base64.b64encode(bytes(24)).decode()},
        "ciphertext": "AAAA",
        **changes,
    }
    body = base64.b64encode(json.dumps(document).encode()).decode()
    return f"-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n{body}\n-----END ENCRYPTED COSIGN PRIVATE KEY-----\n"


@pytest.mark.parametrize("password", [b"", b"correct horse", "Größe".encode()], ids=["empty", "plain", "unicode"])
def test_a_generated_pair_opens_with_its_password_and_belongs_together(tmp_path: Path, password: bytes) -> None:
    made = generate_key_pair(str(tmp_path / "keys" / "cosign"), lambda: password)

    private = describe_key(made.private_key_file, lambda: password)
    public = describe_key(made.public_key_file, no_password)

    assert private.fingerprint == public.fingerprint == made.fingerprint
    assert private.public_key == public.public_key == Path(made.public_key_file).read_text()
    assert (private.is_private, public.is_private) == (True, False)
    assert public.type == "ECDSA P-256"


def test_nobody_else_can_read_a_generated_private_key(tmp_path: Path) -> None:
    made = generate_key_pair(str(tmp_path / "cosign"), lambda: b"x")

    assert stat.S_IMODE(Path(made.private_key_file).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["cosign.key", "cosign.pub"])
def test_generating_never_overwrites_and_leaves_nothing_half_done(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")

    with pytest.raises(ConfigurationError, match=f"{name} exists already"):
        generate_key_pair(str(tmp_path / "cosign"), no_password)

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "precious")]


def test_generating_does_not_follow_a_planted_link(tmp_path: Path) -> None:
    (tmp_path / "cosign.key").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="exists already"):
        generate_key_pair(str(tmp_path / "cosign"), lambda: b"x")

    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="file"):
        generate_key_pair(str(tmp_path / "file" / "cosign"), lambda: b"x")


def test_a_wrong_password_is_said_so_without_showing_it(tmp_path: Path) -> None:
    made = generate_key_pair(str(tmp_path / "cosign"), lambda: b"right")

    with pytest.raises(ConfigurationError, match="password is wrong") as refused:
        describe_key(made.private_key_file, lambda: b"hunter2")

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA 2048", "Ed25519"])
def test_plain_private_keys_need_no_password(kind: str) -> None:
    key = private_key("ours", kind)

    opened = parse_private_key(plain_pem(key), "our.pem", no_password)

    assert opened.public_key() == key.public_key()


@pytest.mark.parametrize("kind", ["P-256", "RSA 2048"])
def test_traditional_private_keys_are_read(kind: str) -> None:
    key = private_key("ours", kind)

    assert parse_private_key(plain_pem(key, TRADITIONAL), "our.pem", no_password).public_key() == key.public_key()


def test_a_private_key_that_openssl_encrypted_is_read_with_its_password() -> None:
    pem = plain_pem(private_key("ours"), password=b"right")

    assert parse_private_key(pem, "our.pem", lambda: b"right").public_key() == private_key("ours").public_key()
    with pytest.raises(ConfigurationError, match="password is wrong"):
        parse_private_key(pem, "our.pem", lambda: b"wrong")
    with pytest.raises(ConfigurationError, match="password is wrong"):
        parse_private_key(pem, "our.pem", lambda: b"")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"N": 2**30, "r": 8, "p": 1}, "parameters that cosign does not use"),
        ({"N": 65536, "r": 8, "p": 10**9}, "parameters that cosign does not use"),
        ({"N": 65536.0, "r": 8, "p": 1}, "parameters that cosign does not use"),
        ({"N": 65536, "r": 8}, "parameters that cosign does not use"),
        (None, "lacks 'params'"),
    ],
)
def test_a_key_file_cannot_ask_for_unbounded_work(parameters: object, reason: str) -> None:
    pem = key_file(kdf={"name": "scrypt", "params": parameters, "salt": "AAAA"})

    with pytest.raises(ConfigurationError, match=reason):
        parse_private_key(pem, "odd.key", no_password)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (key_file(kdf={"name": "argon2"}), "other means"),
        (key_file(cipher={"name": "nacl/secretbox", "nonce": "AAAA"}), "damaged"),
        (key_file(cipher={"name": "nacl/secretbox", "nonce": "%"}), "not base64"),
        (key_file(ciphertext=""), "damaged"),
        (key_file(ciphertext=None), "lacks 'ciphertext'"),
        (key_file().replace("eyJ", "%%%"), "not base64"),
        (public_pem(private_key("ours")), "is a public key"),
        ("", "not a private key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "damaged"),
        # 32 bytes of key for an algorithm whose keys have 56: OpenSSL fails in a way of its own.
        (
            UNSUPPORTED,
            "damaged",
        ),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"),
    ],
)
def test_files_that_are_no_private_key_are_refused_by_name(pem: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"odd\.key.*{reason}"):
        parse_private_key(pem, "odd.key", no_password)


@given(text=st.text(max_size=80), wrapped=st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_text_raises_anything_but_configuration_errors(text: str, wrapped: bool) -> None:  # noqa: FBT001 - drawn
    name = "ENCRYPTED SIGSTORE PRIVATE KEY"
    pem = f"-----BEGIN {name}-----\n{text}\n-----END {name}-----\n" if wrapped else text

    with pytest.raises(ConfigurationError):
        parse_private_key(pem, "odd.key", no_password)


def test_a_weak_rsa_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="1024 bits"):
        parse_private_key(plain_pem(private_key("ours", "RSA 1024")), "weak.pem", no_password)


def test_a_public_key_to_trust_is_checked_when_it_is_read(tmp_path: Path) -> None:
    good = tmp_path / "good.pub"
    good.write_text(public_pem(private_key("ours")))

    assert read_public_key(str(good)) == PublicKey(good.read_text(), str(good))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not text"),
        (b" " * 70_000, "larger than"),
        (b"ssh-ed25519 AAAA", "not a public key in PEM"),
        (plain_pem(private_key("ours")).encode(), "is a private key"),
    ],
)
def test_a_file_that_is_no_public_key_is_a_configuration_error(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "odd.pub"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigurationError, match=reason) as refused:
        read_public_key(str(file))

    assert not isinstance(refused.value, TrustError)
    assert str(file) in refused.value.message
