from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.registries.layout import LayoutRegistry
from tests.command_line import Outcome, command_line
from tests.unit.sign.support import private_key, public_pem

MANIFEST = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"


Gitless = Callable[..., Outcome]


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    """Run a command line in an empty folder, with nobody at the terminal and no variables set."""
    monkeypatch.chdir(tmp_path)
    for name in ("COSIGN_PASSWORD", "GITLESS_KEY", "GITLESS_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)

    return command_line(capsys)


@pytest.fixture
def keys(tmp_path: Path) -> None:
    """``ours`` and ``theirs``: plain keys, which open without delay; ``.key`` and ``.pub``."""
    for name in ("ours", "theirs"):
        key = private_key(name)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (tmp_path / f"{name}.key").write_bytes(pem)
        (tmp_path / f"{name}.pub").write_text(public_pem(key))


@pytest.fixture
def artifact(tmp_path: Path) -> PinnedReference:
    """An artifact in the layout folder ``out``, tagged ``v1``."""
    store = LayoutRegistry(Repository("", "out"))
    with pytest.MonkeyPatch.context() as here:
        here.chdir(tmp_path)
        made = build_artifact(pack([("settings.yaml", MANIFEST)]), source="https://git.test/shop", revision="v1@sha1:0")
        for blob in (made.config, made.layer):
            store.write_blob(blob.descriptor, lambda content=blob.content: (content,))  # type: ignore[misc]
        digest = store.write_manifest(made.manifest, "v1").digest
    return PinnedReference(store.repository, digest)
