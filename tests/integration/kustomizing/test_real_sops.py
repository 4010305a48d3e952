from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.decryptors.sops import SopsDecryptor
from pipeline.errors import ToolError
from pipeline.model.kustomizing.sops_keys import read_sops_keys
from pipeline.renderers.kustomize_tree import KustomizeTreeBuilder
from tests.integration.kustomizing.conftest import AgeKey
from tests.unit.kustomizing.support import render

pytestmark = pytest.mark.tool

_SECRET = b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\nstringData:\n  password: hunter2\n  n: '8'\n"
_ONLY_DATA = ("--encrypted-regex", "^(data|stringData)$")
_SOPS = {"provider": "sops", "secretRef": {"name": "keys"}}


def _decryptor(tools: Mapping[str, str], **entries: bytes) -> SopsDecryptor:
    return SopsDecryptor(read_sops_keys({name.replace("_", "."): value for name, value in entries.items()}), tools)


@pytest.mark.parametrize(
    ("file_type", "content"),
    [
        ("yaml", b"a: hunter2\n"),
        ("json", b'{\n\t"a": "hunter2"\n}'),
        ("dotenv", b"A=hunter2\nB=\n"),
        ("ini", b"[a]\nb = hunter2\n"),
        ("binary", bytes(range(256)) * 10),
    ],
)
def test_every_type_of_file(tools: Mapping[str, str], age_key: AgeKey, file_type: str, content: bytes) -> None:
    encrypted = age_key.encrypt(content, file_type)
    assert b"hunter2" not in encrypted
    decryptor = _decryptor(tools, a_agekey=age_key.identity)
    assert decryptor.decrypt(encrypted, input_type=file_type, output_type=file_type).strip() == content.strip()


@pytest.mark.parametrize("suffix", ["", "-x"])
def test_a_secret_is_decrypted_with_kustomize_and_without(
    tools: Mapping[str, str], trees: KustomizeTreeBuilder, age_key: AgeKey, suffix: str
) -> None:
    files = {"keys.yaml": age_key.encrypt(_SECRET, "yaml", *_ONLY_DATA).decode()}
    decryptor = _decryptor(tools, a_agekey=age_key.identity)
    rendered = render(files, trees=trees, decryptor=decryptor, decryption=_SOPS, nameSuffix=suffix)
    (secret,) = rendered.manifests
    assert secret.body["stringData"] == {"password": "hunter2", "n": "8"}
    assert secret.id.name == "keys" + suffix
    assert "sops" not in secret.body


def test_generators_and_patches_take_encrypted_files(
    tools: Mapping[str, str], trees: KustomizeTreeBuilder, age_key: AgeKey
) -> None:
    patch = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  patched: hunter2\n"
    files = {
        "app/kustomization.yaml": (
            "resources: [a.yaml]\npatches: [{path: patch.yaml}]\ngeneratorOptions: {disableNameSuffixHash: true}\n"
            "secretGenerator:\n- {name: s, envs: [s.env], files: [.dockerconfigjson=docker.enc, raw=raw.bin]}\n"
        ),
        "app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        "app/patch.yaml": age_key.encrypt(patch, "yaml", "--encrypted-regex", "^data$").decode(),
        "app/s.env": age_key.encrypt(b"A=hunter2\n", "dotenv").decode(),
        "app/docker.enc": age_key.encrypt(b'{"auths": {"x": "hunter2"}}', "json").decode(),
        "app/raw.bin": age_key.encrypt(b"\x00\xff", "binary").decode(),
    }
    decryptor = _decryptor(tools, a_agekey=age_key.identity)
    rendered = render(files, trees=trees, decryptor=decryptor, decryption=_SOPS, path="app")
    config, secret = (resource.body for resource in rendered.manifests)
    assert config["data"] == {"patched": "hunter2"}
    values = {key: base64.b64decode(value) for key, value in secret["data"].items()}
    assert values["A"] == b"hunter2"
    assert values["raw"] == b"\x00\xff"
    assert b"hunter2" in values[".dockerconfigjson"]
    assert b"sops" not in values[".dockerconfigjson"]


def test_pgp_keys_are_used_without_gpg(tools: Mapping[str, str], pgp_key: bytes, tmp_path: Path) -> None:
    environment = {**os.environ, "GNUPGHOME": str(tmp_path)}
    try:
        subprocess.run(["gpg", "--batch", "--import"], input=pgp_key, env=environment, capture_output=True, check=True)
        listed = subprocess.run(
            ["gpg", "--list-keys", "--with-colons"], env=environment, capture_output=True, check=True
        )
        fingerprint = next(
            line.split(b":")[9] for line in listed.stdout.splitlines() if line.startswith(b"fpr:")
        ).decode()
        argv = [tools["GITLESS_SOPS"], "encrypt", "--pgp", fingerprint, "--input-type", "yaml", "--output-type", "yaml"]
        encrypted = subprocess.run(
            [*argv, "/dev/stdin"], input=_SECRET, env=environment, capture_output=True, check=True
        ).stdout
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)
    decryptor = _decryptor({**tools, "PATH": "/nowhere"}, key_asc=pgp_key)
    assert b"hunter2" in decryptor.decrypt(encrypted, input_type="yaml", output_type="yaml")
    with pytest.raises(ToolError, match=fingerprint):
        _decryptor(tools).decrypt(encrypted, input_type="yaml", output_type="yaml")


def test_a_key_that_does_not_fit_is_told_with_whom_it_is_for(
    tools: Mapping[str, str], age_key: AgeKey, new_age_key: Callable[[], AgeKey]
) -> None:
    encrypted = age_key.encrypt(_SECRET, "yaml")
    with pytest.raises(ToolError, match=f"no key at hand opens it; it is encrypted for {age_key.recipient}") as caught:
        _decryptor(tools, other_agekey=new_age_key().identity).decrypt(encrypted, input_type="yaml", output_type="yaml")
    assert "other.agekey" in (caught.value.hint or "")
    assert "AGE-SECRET-KEY" not in f"{caught.value}{caught.value.hint}"


def test_several_keys_are_tried(tools: Mapping[str, str], age_key: AgeKey, new_age_key: Callable[[], AgeKey]) -> None:
    decryptor = _decryptor(tools, a_agekey=new_age_key().identity, b_agekey=age_key.identity)
    assert b"hunter2" in decryptor.decrypt(age_key.encrypt(_SECRET, "yaml"), input_type="yaml", output_type="yaml")


def test_complaints_hold_nothing_of_the_content(tools: Mapping[str, str], age_key: AgeKey) -> None:
    encrypted = age_key.encrypt(_SECRET, "yaml", *_ONLY_DATA).replace(b"password: ENC[", b"password: hunter3ENC[")
    decryptor = _decryptor(tools, a_agekey=age_key.identity)
    with pytest.raises(ToolError) as caught:
        decryptor.decrypt(encrypted, input_type="yaml", output_type="yaml")
    assert "hunter3" not in f"{caught.value}{caught.value.hint}"
    with pytest.raises(ToolError, match="no metadata"):
        decryptor.decrypt(b"a: hunter2\n", input_type="yaml", output_type="yaml")


def test_nothing_is_left_behind_and_no_key_is_an_argument(
    age_key: AgeKey, pgp_key: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = tmp_path.parent / f"{tmp_path.name}-said"
    spy = tmp_path.parent / f"{tmp_path.name}-sops"
    spy.write_text(f'#!/bin/sh\n{{ echo "$@"; stat -c "%a %n" "$HOME" "$HOME"/*; pwd; }} > {said}\nexec cat\n')
    spy.chmod(0o700)
    tools = {"GITLESS_SOPS": str(spy), "PATH": os.defpath, "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu"}
    decryptor = _decryptor(tools, a_agekey=age_key.identity, b_asc=pgp_key)
    assert decryptor.decrypt(b"content", input_type="yaml", output_type="json") == b"content"
    lines = said.read_text().splitlines()
    assert lines[0] == "decrypt --ignore-mac --input-type yaml --output-type json /dev/stdin"
    assert lines[1].startswith("700 ")
    assert lines[2].startswith("600 ")
    assert lines[2].endswith("/secring.gpg")
    assert not list(tmp_path.iterdir())
    assert "AGE-SECRET" not in repr(decryptor) + repr(decryptor._keys)


def test_without_sops_the_error_says_where_to_get_it(age_key: AgeKey) -> None:
    decryptor = _decryptor({"PATH": "/nowhere"}, a_agekey=age_key.identity)
    with pytest.raises(ToolError, match="sops is not installed; it decrypts files"):
        decryptor.decrypt(b"", input_type="yaml", output_type="yaml")
