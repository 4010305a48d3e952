"""Access from within a pod: its service account's token, which is renewed in place, and the cluster's authority.

The ``kubernetes`` package knows this way too; reading three files does not take its 21 MiB of memory.
https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import urllib3

from pipeline.errors import ClusterError
from pipeline.ports import Environment

FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_CONNECTIONS = 64
_TOKEN_AGE = 60.0
"""Seconds; the kubelet writes a new token well before the old one expires."""


class PodAccess:
    """How to reach the API server of the cluster that we run in, as the pod's service account; safe in many threads."""

    context = "in-cluster"

    def __init__(self, environment: Environment, folder: Path | None = None) -> None:
        """Read everything once.

        Raises:
            ClusterError: we do not run in a pod, or its files cannot be used.
        """
        folder = folder or FOLDER
        host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT") or "443"
        if not host:
            raise ClusterError(
                "no cluster is configured: there is no kubeconfig, and we do not run in a pod",
                hint="set KUBECONFIG, or give --kubeconfig",
                code="cluster.configuration",
            )
        self._folder = folder
        self._lock = Lock()
        self.server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self._headers = self._read_token()
        self._read_at = time.monotonic()
        try:
            context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
            self.pool = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, ssl_context=context)
            namespace = folder / "namespace"
            self.namespace = namespace.read_text().strip() if namespace.is_file() else "default"
        except (ssl.SSLError, OSError, ValueError) as error:
            raise _unusable(error) from None

    def headers(self) -> Mapping[str, str]:
        """What authenticates a request; the token is read again in time.

        Raises:
            ClusterError: it cannot be read any more.
        """
        with self._lock:
            if time.monotonic() - self._read_at > _TOKEN_AGE:
                self._headers, self._read_at = self._read_token(), time.monotonic()
            return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there is another token than the refused one by now.

        Raises:
            ClusterError: it cannot be read any more.
        """
        with self._lock:
            if self._headers is refused:
                found = self._read_token()
                if found == refused:
                    return False
                self._headers, self._read_at = found, time.monotonic()
            return True

    def _read_token(self) -> Mapping[str, str]:
        try:
            token = (self._folder / "token").read_text().strip()
        except (OSError, ValueError) as error:
            raise _unusable(error) from None
        if not token.isascii() or not token.isprintable() or not token:
            raise _unusable(ValueError("its token has characters that no token has"))
        return {"Authorization": f"Bearer {token}"}


def _unusable(error: Exception) -> ClusterError:
    why = (error.strerror or "unreadable") if isinstance(error, OSError) else str(error)
    return ClusterError(f"the pod's service account cannot be used: {why}"[:300], code="cluster.configuration")
