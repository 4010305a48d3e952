"""Publishing to a plain-HTTP registry byte by byte: a test says what is in an artifact, wrong things included."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip"
CONFIG = "application/vnd.cncf.flux.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REVISION = "org.opencontainers.image.revision"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer."""

    content: bytes
    media_type: str = CONTENT


@dataclass(frozen=True)
class Published:
    """What a push came to; ``digest`` is the manifest's."""

    repository: str
    tag: str
    digest: str

    @property
    def revision(self) -> str:
        """As Flux writes it where the tag was asked for."""
        return f"{self.tag}@{self.digest}"


@dataclass
class Publisher:
    """Pushes to the registry at ``address``."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def push(
        self,
        repository: str,
        content: Mapping[str, str | bytes] | Sequence[Layer],
        *,
        tag: str = "latest",
        annotations: Mapping[str, str] | None = None,
    ) -> Published:
        """Push files, or layers as they are, under a tag."""
        layers = [Layer(content=packed(content))] if isinstance(content, Mapping) else list(content)
        config = b"{}"
        blobs = [self._blob(repository, layer.content, layer.media_type) for layer in layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(repository, config, CONFIG),
            "layers": blobs,
            "annotations": {REVISION: f"main@sha1:{'0' * 40}", **(annotations or {})},
        }
        body = json.dumps(manifest).encode()
        self._send("PUT", f"/v2/{repository}/manifests/{tag}", body, MANIFEST)
        return Published(repository, tag, digest_of(body))

    def _blob(self, repository: str, content: bytes, media_type: str) -> dict[str, object]:
        digest = digest_of(content)
        place = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"", "application/octet-stream")
        separator = "&" if "?" in place else "?"
        self._send("PUT", f"{place}{separator}digest={digest}", content, "application/octet-stream")
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _send(self, method: str, path: str, body: bytes, media_type: str) -> str:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        path = path.removeprefix(f"http://{self.address}")
        try:
            connection.request(method, path, body, {"Content-Type": media_type, **self.headers})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status in {201, 202}, (method, path, answer.status, text)
            return answer.headers.get("Location", "")
        finally:
            connection.close()


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """A tar.gz of these files, the same for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(files.items()):
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def digest_of(content: bytes) -> str:
    """As registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
