from __future__ import annotations

import base64
import json

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.kustomizing.sops_keys import read_sops_keys

_PACKET = b"\x95\x03\x01" + bytes(range(64))
_ARMOURED = (
    b"-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: a: b\n\n"
    + base64.b64encode(_PACKET)
    + b"\n=AbCd\n-----END PGP PRIVATE KEY BLOCK-----\n"
)


def test_age_identities_are_put_together() -> None:
    keys = read_sops_keys({"b.agekey": b"# c\nAGE-SECRET-KEY-2\n", "a.agekey": b"AGE-SECRET-KEY-1", "other": b"x"})
    assert keys.variables["SOPS_AGE_KEY"].split() == ["AGE-SECRET-KEY-1", "#", "c", "AGE-SECRET-KEY-2"]
    assert keys.names == ("a.agekey", "b.agekey")


def test_pgp_keys_become_one_ring_with_or_without_armour() -> None:
    assert read_sops_keys({"a.asc": _ARMOURED, "b.asc": _PACKET}).files == {"secring.gpg": _PACKET * 2}
    windows = b"-" + _ARMOURED[1:].replace(b"\n", b"\r\n")
    assert read_sops_keys({"a.asc": windows + _ARMOURED}).files == {"secring.gpg": _PACKET * 2}


@pytest.mark.parametrize(
    ("name", "value", "variables"),
    [
        ("sops.vault-token", b" token\n", {"VAULT_TOKEN": "token"}),
        (
            "sops.aws-kms",
            b"aws_access_key_id: a\naws_secret_access_key: b\naws_session_token: c\n",
            {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"},
        ),
        (
            "sops.azure-kv",
            b"tenantId: t\nclientId: c\nclientSecret: s\n",
            {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"},
        ),
        (
            "sops.azure-kv",
            json.dumps({"tenant": "t", "appId": "c", "password": "s", "authorityHost": "https://x"}).encode("utf-16"),
            {
                "AZURE_TENANT_ID": "t",
                "AZURE_CLIENT_ID": "c",
                "AZURE_CLIENT_SECRET": "s",
                "AZURE_AUTHORITY_HOST": "https://x",
            },
        ),
        ("sops.gcp-kms", b'{"type": "x"}\n', {"GOOGLE_CREDENTIALS": '{"type": "x"}'}),
    ],
)
def test_credentials_go_where_sops_looks_for_them(name: str, value: bytes, variables: dict[str, str]) -> None:
    keys = read_sops_keys({name: value})
    assert keys.variables == variables
    assert keys.names == (name,)


def test_a_certificate_is_a_file() -> None:
    value = b"tenantId: t\nclientId: c\nclientCertificate: PEM\nclientCertificateSendChain: true\n"
    keys = read_sops_keys({"sops.azure-kv": value})
    assert keys.variables["AZURE_CLIENT_CERTIFICATE_PATH"] == "{home}/azure-certificate"
    assert keys.variables["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"] == "true"
    assert keys.files == {"azure-certificate": b"PEM"}


def test_of_the_common_secret_only_age_keys_count() -> None:
    keys = read_sops_keys({"a.agekey": b"AGE-SECRET-KEY-1", "sops.vault-token": b"t", "b.asc": b"?"}, age_only=True)
    assert list(keys.variables) == ["SOPS_AGE_KEY"]
    assert not keys.files


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.agekey", b"hunter2"),
        ("a.agekey", b"\xff hunter2"),
        ("a.agekey", b"AGE-SECRET-KEY-1\nAGE-PLUGIN-hunter2"),
        ("a.asc", b"hunter2"),
        ("a.asc", b""),
        ("a.asc", _ARMOURED.replace(b"PRIVATE", b"PUBLIC") + b"hunter2"),
        ("a.asc", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2!\n-----END PGP PRIVATE KEY BLOCK-----\n"),
        ("sops.aws-kms", b"hunter2"),
        ("sops.aws-kms", b"a: b: hunter2"),
        ("sops.azure-kv", b"- hunter2"),
        ("sops.gcp-kms", b"hunter2"),
        ("sops.vault-token", b"\xff\xfe hunter2"),
    ],
)
def test_what_is_no_key_is_told_by_its_name_alone(name: str, value: bytes) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' of the decryption Secret") as caught:
        read_sops_keys({name: value})
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"


def test_no_key_shows_in_a_representation() -> None:
    keys = read_sops_keys({"a.agekey": b"AGE-SECRET-KEY-hunter2", "b.asc": _ARMOURED})
    assert "hunter2" not in repr(keys)
