"""The real cosign, versions 2 and 3, offline, against a registry on loopback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Literal, Self

from cryptography.hazmat.primitives import serialization

from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignSigner, CosignVerifier, generate_key_pair, read_public_key
from pipeline.stages.sign import sign
from pipeline.wiring import registry
from tests.contract.registry.servers import Silent
from tests.platform.binaries import binary
from tests.unit.sign.support import PrivateKey

Major = Literal[2, 3]
PASSWORD = "correct horse"

_numbers = count(1)


@dataclass(frozen=True)
class Workplace:
    """A folder with the keys ``ours``, ``cosign2`` and ``cosign3``, and a registry to sign in."""

    folder: Path
    address: str

    @classmethod
    def in_folder(cls, folder: Path, address: str) -> Self:
        made = cls(folder, address)
        # cosign 2 insists on a trusted root to read any bundle and would fetch it; a key needs nothing of it.
        made.trusted_root.write_text('{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}')
        generate_key_pair(str(folder / "ours"), PASSWORD.encode)
        majors: tuple[Major, ...] = (2, 3)
        for major in majors:
            made.cosign(major, "generate-key-pair", "--output-key-prefix", f"cosign{major}")
        return made

    @property
    def trusted_root(self) -> Path:
        return self.folder / "trusted_root.json"

    def key(self, name: str) -> str:
        return str(self.folder / f"{name}.key")

    def import_key(self, name: str, key: PrivateKey) -> None:
        """Let cosign make a key pair of a key that it would not generate itself."""
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / f"{name}.pem").write_bytes(pem)
        if not Path(self.key(name)).exists():
            self.cosign(3, "import-key-pair", f"--key={name}.pem", f"--output-key-prefix={name}")

    def policy(self, *names: str) -> TrustPolicy:
        return TrustPolicy(tuple(read_public_key(str(self.folder / f"{name}.pub")) for name in names))

    def connect(self, name: str) -> Registry:
        return registry(Repository(self.address, f"signed/{name}"), RegistryOptions(), {}, Silent())

    def publish(self) -> tuple[PinnedReference, Registry]:
        """A new artifact in a repository of its own; cosign rejects names of one letter."""
        number = next(_numbers)
        store = self.connect(f"app-{number}")
        manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{number}\n".encode()
        artifact = build_artifact(pack([("settings.yaml", manifest)]), revision=f"run-{number}")
        for blob in (artifact.config, artifact.layer):
            store.write_blob(blob.descriptor, lambda content=blob.content: (content,))  # type: ignore[misc]
        digest = store.write_manifest(artifact.manifest, "v1").digest
        return PinnedReference(store.repository, digest, "v1"), store

    def sign(self, artifact: PinnedReference, store: Registry, key: str, signature_format: SignatureFormat) -> None:
        assert sign(artifact, store, self.signer(key, signature_format), CosignVerifier()).signed

    def signer(self, key: str, signature_format: SignatureFormat) -> CosignSigner:
        return _opened(self.key(key), signature_format)

    def cosign(
        self, major: Major, *arguments: str, accepted: bool = True, variables: Mapping[str, str] | None = None
    ) -> str:
        """Run it offline; its home is empty, its proxy is a closed port, which leaves loopback alone."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "COSIGN_PASSWORD": PASSWORD,
            "HTTPS_PROXY": "http://127.0.0.1:9",
            **(variables or {}),
        }
        command = [str(binary(f"cosign{major}")), *arguments]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.folder, env=environment, timeout=60
        )
        assert (done.returncode == 0) is accepted, done.stderr
        return done.stdout + done.stderr

    def cosign_verify(self, major: Major, artifact: PinnedReference, key: str, *, accepted: bool = True) -> str:
        options = ["--allow-http-registry", "--insecure-ignore-tlog"]
        if major == 2:
            options.append(f"--trusted-root={self.trusted_root}")
        name = f"{artifact.repository.name}@{artifact.digest}"
        return self.cosign(major, "verify", f"--key={key}.pub", *options, name, accepted=accepted)

    def cosign_sign(self, major: Major, artifact: PinnedReference, key: str, signature_format: SignatureFormat) -> None:
        is_bundle = str(signature_format is SignatureFormat.BUNDLE).lower()
        options = ["--allow-http-registry", "--tlog-upload=false", f"--new-bundle-format={is_bundle}", "-y"]
        if major == 3:
            options.append("--use-signing-config=false")
        name = f"{artifact.repository.name}@{artifact.digest}"
        self.cosign(major, "sign", f"--key={key}.key", *options, name)


@cache
def _opened(file: str, signature_format: SignatureFormat) -> CosignSigner:
    return CosignSigner.from_file(file, signature_format, PASSWORD.encode)
