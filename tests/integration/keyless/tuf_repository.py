"""A TUF repository on loopback that serves a trusted root and a signing configuration."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined] # not in its __all__
from tuf.api.metadata import (  # type: ignore[attr-defined] # not in its __all__
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)


class TufRepository:
    """Files in a folder, signed by one key for every role."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        self._signer = CryptoSigner.generate_ed25519()
        self._version = 0
        (folder / "targets").mkdir(parents=True)
        root = Root(expires=_later(), consistent_snapshot=True)
        for role in ("root", "timestamp", "snapshot", "targets"):
            root.add_key(self._signer.public_key, role)
        self.root = self._signed(Metadata(root), "1.root.json")

    def publish(self, targets: dict[str, bytes], *, expired: bool = False) -> None:
        """Make these the newest version of everything."""
        self._version += 1
        listed = Targets(version=self._version, expires=_later())
        for name, content in targets.items():
            listed.targets[name] = TargetFile.from_data(name, content, ["sha256"])
            (self.folder / "targets" / f"{hashlib.sha256(content).hexdigest()}.{name}").write_bytes(content)
        self._signed(Metadata(listed), f"{self._version}.targets.json")
        snapshot = Snapshot(version=self._version, expires=_later(), meta={"targets.json": MetaFile(self._version)})
        self._signed(Metadata(snapshot), f"{self._version}.snapshot.json")
        expires = datetime(2020, 1, 1, tzinfo=UTC) if expired else _later()
        timestamp = Timestamp(version=self._version, expires=expires, snapshot_meta=MetaFile(self._version))
        self._signed(Metadata(timestamp), "timestamp.json")

    @contextmanager
    def serving(self) -> Iterator[str]:
        requests = self.requests

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                requests.append(self.path)

        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(self.folder)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _signed(self, metadata: Metadata, name: str) -> bytes:  # type: ignore[type-arg] # of whichever role
        metadata.sign(self._signer)
        content = metadata.to_bytes()
        (self.folder / name).write_bytes(content)
        return content


def _later() -> datetime:
    return (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0)
