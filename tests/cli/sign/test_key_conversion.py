from __future__ import annotations

import base64
import datetime as dt
import json
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.cli.sign.conftest import Gitless
from tests.unit.sign.support import private_key

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture(autouse=True)
def password(gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "correct horse")


def fingerprint(gitless: Gitless, key: str) -> str:
    found: str = gitless("keys", "show", key, "-o", "json").document["fingerprint"]
    return found


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072"])
def test_each_kind_of_key_is_made_and_survives_every_form(gitless: Gitless, tmp_path: Path, kind: str) -> None:
    assert gitless("keys", "generate", "--type", kind).code == 0
    expected = fingerprint(gitless, "cosign.pub")

    for number, (source, form) in enumerate(
        [("cosign.key", "pkcs8"), ("0", "cosign"), ("1", "der"), ("2", "pem"), ("3", "openssh"), ("4", "der")]
    ):
        done = gitless("keys", "convert", source, "--to", form, "--output-file", str(number), "-o", "json")
        assert done.code == 0, done.err
        assert done.document["fingerprint"] == expected
        assert fingerprint(gitless, str(number)) == expected
        mode = 0o600 if form in {"pkcs8", "cosign"} else 0o644
        assert stat.S_IMODE((tmp_path / str(number)).stat().st_mode) == mode


def test_plain_forms_are_warned_about_and_read_by_openssl(gitless: Gitless, tmp_path: Path) -> None:
    gitless("keys", "generate")
    for form in ("pkcs8", "sec1"):
        done = gitless("keys", "convert", "cosign.key", "--to", form, "--output-file", f"{form}.pem")
        assert "is not encrypted" in done.err
        command = ["openssl", "pkey", "-in", f"{tmp_path}/{form}.pem", "-pubout"]
        assert subprocess.run(command, check=True, capture_output=True).stdout == (tmp_path / "cosign.pub").read_bytes()
    assert "BEGIN EC PRIVATE KEY" in (tmp_path / "sec1.pem").read_text()


def test_an_older_file_of_cosigns_becomes_a_current_one_with_the_same_password(
    gitless: Gitless, tmp_path: Path
) -> None:
    gitless("keys", "generate")
    older = tmp_path / "older.key"
    older.write_text((tmp_path / "cosign.key").read_text().replace("SIGSTORE", "COSIGN"))

    assert gitless("keys", "convert", "older.key", "--to", "cosign", "--output-file", "new.key").code == 0

    assert (tmp_path / "new.key").read_text().startswith("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----")
    assert fingerprint(gitless, "new.key") == fingerprint(gitless, "cosign.pub")


def test_the_new_password_may_be_another(gitless: Gitless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gitless("keys", "generate")
    (tmp_path / "new.txt").write_text("other\n")

    done = gitless(
        "keys", "convert", "cosign.key", "--to", "cosign", "--output-file", "new.key", "--new-password-file", "new.txt"
    )

    assert done.code == 0
    assert gitless("keys", "show", "new.key").code == 2
    assert gitless("keys", "show", "new.key", "--password-file", "new.txt").code == 0


@pytest.mark.parametrize("form", ["pem", "openssh"])
def test_a_public_key_is_printed_as_it_is(gitless: Gitless, form: str) -> None:
    done = gitless("keys", "convert", "ours.key", "--to", form)

    assert done.out.startswith({"pem": "-----BEGIN PUBLIC KEY-----", "openssh": "ecdsa-sha2-nistp256 "}[form])
    assert "PRIVATE" not in done.out


@pytest.mark.parametrize("form", ["cosign", "pkcs8", "sec1"])
@pytest.mark.parametrize("output", [(), ("--output-file", "-")])
def test_a_private_key_is_never_printed(gitless: Gitless, form: str, output: tuple[str, ...]) -> None:
    done = gitless("keys", "convert", "ours.key", "--to", form, *output)

    assert (done.code, done.out) == (2, "")
    assert "a private key is not printed" in done.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("ours.pub", "--to", "pkcs8", "--output-file", "x"), "is a public key, of which no private key can be made"),
        (("ours.key", "--to", "der"), "DER is not text"),
        (("ours.key", "--to", "pkcs8", "--output-file", "ours.pub"), "ours.pub exists already"),
        (("missing", "--to", "pem"), "No such file"),
        (("odd", "--to", "pem"), "odd is not a public key in PEM"),
        (("odd.der", "--to", "pem"), "odd.der is neither a readable public key nor a certificate"),
        (("ours.key", "--to", "jwk"), "is not one of"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    gitless: Gitless, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "odd").write_text("odd")
    (tmp_path / "odd.der").write_bytes(b"\x30\x03abc")

    done = gitless("keys", "convert", *arguments)

    assert (done.code, done.out) == (2, "")
    assert reason in done.err
    assert not (tmp_path / "x").exists()


def test_a_certificate_is_shown_with_whose_it_is(gitless: Gitless, tmp_path: Path) -> None:
    key = private_key("ours")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority\x1b[31m")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    uri = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, start, start + dt.timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=True)
        .sign(key, hashes.SHA256())
    )
    for encoding, file in ((serialization.Encoding.PEM, "c.pem"), (serialization.Encoding.DER, "c.der")):
        (tmp_path / file).write_bytes(certificate.public_bytes(encoding))
        shown = gitless("keys", "show", file)
        assert f"certificate of {uri}" in shown.out
        assert "\x1b" not in shown.out
        found = json.loads(gitless("keys", "show", file, "-o", "json").out)
        assert found["certificate"]["identities"] == [uri]
        assert found["certificate"]["notAfter"] == "2026-01-01T00:10:00+00:00"
        assert found["fingerprint"] == fingerprint(gitless, "ours.pub")


def test_the_hint_is_the_one_that_bundles_have(gitless: Gitless) -> None:
    shown = gitless("keys", "show", "ours.pub", "-o", "json").document

    assert base64.b64decode(shown["hint"]).hex() == shown["fingerprint"].removeprefix("SHA256:")


def test_a_certificate_that_names_its_owner_twice_is_refused(gitless: Gitless, tmp_path: Path) -> None:
    key = private_key("ours")
    name = x509.Name([])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    der = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, start, start + dt.timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.test")]), critical=True)
        .add_extension(x509.IssuerAlternativeName([x509.DNSName("b.test")]), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    # The object identifiers of both kinds of names differ in their last byte alone.
    (tmp_path / "twice.der").write_bytes(der.replace(b"\x06\x03\x55\x1d\x12", b"\x06\x03\x55\x1d\x11"))

    shown = gitless("keys", "show", "twice.der")

    assert (shown.code, shown.out) == (2, "")
    assert "names that cannot be read" in shown.err


@pytest.mark.parametrize("half", ["public", "private"])
def test_openssh_keys_with_a_compressed_point_are_refused(gitless: Gitless, tmp_path: Path, half: str) -> None:
    key = private_key("ours")
    openssh = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    if half == "public":
        name, _, body = key.public_key().public_bytes(*openssh).decode().partition(" ")
        before, after = f"{name} ", ""
    else:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        ).decode()
        before, body, after = (
            pem.partition("-----\n")[0] + "-----\n",
            "".join(pem.splitlines()[1:-1]),
            pem.splitlines()[-1],
        )
    # A point of P-256 is 65 bytes long and begins with 4: not compressed.
    content = base64.b64decode(body).replace(b"\x00\x00\x00\x41\x04", b"\x00\x00\x00\x41\x02")
    (tmp_path / "odd").write_text(f"{before}{base64.b64encode(content).decode()}\n{after}")

    shown = gitless("keys", "show", "odd")

    assert (shown.code, shown.out) == (2, "")
    assert "odd" in shown.err
