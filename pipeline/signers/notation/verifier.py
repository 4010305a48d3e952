"""Notary Project signatures, by the real ``notation``: it is given everything in a private folder, and no network.

The artifact's manifest and its signatures are put into an OCI image layout, so that the registry's login, certificates
and proxy are ours alone to handle, and so is how much is read. Only where a certificate says so does notation ask
others: whether it was revoked.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from pipeline.errors import ToolError, TrustError
from pipeline.model.artifact.manifest import StoredManifest, sha256_digest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.printable import printable
from pipeline.model.trust.notation import NotationAnswer, NotationMaterial, NotationTrust
from pipeline.ports import Environment
from pipeline.threaded_command import Ended

_TIMEOUT = 30.0
_VERIFIED = "Successfully verified signature for "
_SKIPPED = "Trust policy is configured to skip signature verification for "
_UNAUTHENTIC = "Warning: authenticity was set to "
_ERROR = "Error: "
_LONGEST_COMPLAINT = 400


class NotationVerifier:
    """Safe in many threads; nothing outlives a call."""

    def __init__(self, environment: Environment, *, timeout: float = _TIMEOUT) -> None:
        """``timeout`` in seconds for each artifact."""
        self._environment = environment
        self._timeout = timeout

    def check(self) -> None:
        """Make sure that there is a notation.

        Raises:
            ToolError: there is none.
        """
        from pipeline.command import find_tool

        find_tool("notation", self._environment)

    def verify(self, artifact: PinnedReference, material: NotationMaterial, trust: NotationTrust) -> NotationAnswer:
        """Let the trust policy decide.

        Raises:
            TrustError: it refuses the artifact, or is no trust policy.
            ToolError: notation is missing, or did not end in time.
        """
        from pipeline.command import find_tool
        from pipeline.threaded_command import run_to_end

        program = find_tool("notation", self._environment)
        try:
            with _folder() as home:
                layout = _write(home, material, trust)
                ended = run_to_end(
                    [
                        *(program, "verify", "--oci-layout", f"{layout}@{artifact.digest}"),
                        *("--scope", artifact.repository.name),
                    ],
                    environment=self._environment,
                    extra=_surroundings(home),
                    cwd=PurePath(home),
                    timeout=self._timeout,
                )
        except OSError as error:
            raise ToolError(f"notation has no place for its files: {error.strerror}", code="tool.files") from None
        return _answer(ended, f"{layout}@{artifact.digest}", artifact)


def _surroundings(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home),
        "GOMAXPROCS": "1",
        # Layouts are behind this switch.
        "NOTATION_EXPERIMENTAL": "1",
    }


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gitless-notation-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _write(home: Path, material: NotationMaterial, trust: NotationTrust) -> Path:
    """Configuration, trust stores and layout; returns the layout's folder."""
    _file(home / "notation" / "trustpolicy.json", trust.policy)
    for kind, name in trust.stores:
        for file, content in trust.certificates.items():
            _file(home / "notation" / "truststore" / "x509" / kind / name / file, content)
    layout = home / "layout"
    manifests = (material.subject, *material.signatures)
    for content in (*(manifest.content for manifest in manifests), *material.envelopes):
        _file(layout / "blobs" / "sha256" / sha256_digest(content).removeprefix("sha256:"), content)
    _file(layout / "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    index = {"schemaVersion": 2, "manifests": [_described(manifest) for manifest in manifests]}
    _file(layout / "index.json", json.dumps(index).encode())
    return layout


def _described(manifest: StoredManifest) -> dict[str, str | int]:
    return {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.content)}


def _file(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _answer(ended: Ended, called: str, artifact: PinnedReference) -> NotationAnswer:
    """What it says, where that is exactly what it says of this artifact."""
    if ended.exit_code != 0:
        raise TrustError(f"{artifact.digest_url} is refused by notation: {_complaint(ended, called, artifact)}")
    said = ended.stdout.decode("utf-8", "replace").splitlines()[:1]
    if said == [f"{_SKIPPED}{called}"]:
        return NotationAnswer.SKIPPED
    if said != [f"{_VERIFIED}{called}"]:
        raise TrustError(f"notation says of {artifact.digest_url} what we do not understand; expected that it verified")
    if any(line.startswith(_UNAUTHENTIC) for line in ended.stderr.splitlines()):
        return NotationAnswer.UNAUTHENTIC
    return NotationAnswer.VERIFIED


def _complaint(ended: Ended, called: str, artifact: PinnedReference) -> str:
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    words = next((line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)), (lines or ["nothing"])[-1])
    return printable(words.replace(called, artifact.digest_url), _LONGEST_COMPLAINT)
