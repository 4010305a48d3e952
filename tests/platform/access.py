"""Reaching an API server: kubeconfig files, and the few requests the platform makes itself."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .certificates import KeyPair
from .errors import PlatformError

CONTEXT = "gitless-local"


@dataclass(frozen=True, kw_only=True)
class Access:
    """A server, the authority that vouches for it, and who we are there."""

    server: str
    authority: Path
    identity: KeyPair

    def request(
        self, method: str, path: str, body: object = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """One request; the answer's status and its JSON (or text)."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.identity.certificate, self.identity.key)
        address = urlsplit(self.server)
        connection = http.client.HTTPSConnection(address.hostname or "", address.port, timeout=30, context=context)
        payload = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, payload, {"Content-Type": content_type})
            answer = connection.getresponse()
            text = answer.read().decode()
            kind = answer.headers.get_content_type()
            return answer.status, json.loads(text) if kind == "application/json" else text
        finally:
            connection.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """The JSON at that path, or an error that quotes the server."""
        status, answer = self.request("GET", path)
        if status != http.client.OK:
            raise PlatformError(f"GET {path} answered {status}: {answer}")
        return answer

    def answers(self, path: str) -> bool:
        """Whether the server is there and says 200."""
        try:
            return self.request("GET", path)[0] == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def write_kubeconfig(self, path: Path, *, user: str = "admin") -> Path:
        """A self-contained kubeconfig with one context, readable by its owner only."""
        cluster = {"server": self.server, "certificate-authority-data": _encoded(self.authority)}
        credentials = {
            "client-certificate-data": _encoded(self.identity.certificate),
            "client-key-data": _encoded(self.identity.key),
        }
        context = {"cluster": CONTEXT, "user": user}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": cluster}],
            "contexts": [{"name": CONTEXT, "context": context}],
            "users": [{"name": user, "user": credentials}],
        }
        path.touch(mode=0o600)
        path.chmod(0o600)
        # JSON is YAML, and needs no library here.
        path.write_text(json.dumps(document, indent=2) + "\n")
        return path


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
