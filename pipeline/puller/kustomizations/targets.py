"""Where, and as whom, a Kustomization is applied: this cluster or another, as the puller or a service account."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from pipeline.model.flux import api
from pipeline.model.flux.kustomization import KustomizationSpec, RemoteCluster
from pipeline.model.flux.options import PullerOptions
from pipeline.ports import ApiServer, Cluster
from pipeline.puller.kustomizations.stops import StopError

_MOST = 64
_KEYS = ("value", "value.yaml")
_HOME = "here"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
"""RFC 1123 subdomain: what an object may be called."""


class Connection(Protocol):
    """An API server that can be reached under several identities."""

    def cluster(self, *, manager: str) -> Cluster:
        """As we are."""
        ...

    def impersonating(self, user: str) -> Connection:
        """As somebody else."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster under one identity; ``identity`` is the same exactly for the same of both."""

    cluster: Cluster
    identity: str
    service_account: str = ""
    """``namespace/name`` of whom we act as; empty for ourselves."""

    @property
    def is_home(self) -> bool:
        """Whether it is this cluster, as ourselves."""
        return self.identity == _HOME


class Targets:
    """Clusters by identity, a bounded number of them kept. Safe in many threads."""

    def __init__(
        self,
        home: Connection,
        remote: Callable[[bytes, str], Connection],
        api_server: ApiServer,
        options: PullerOptions,
    ) -> None:
        """``remote`` connects with the text of a kubeconfig; its second argument says in messages where it is from."""
        self._home = home
        self._remote = remote
        self._api = api_server
        self._options = options
        self._lock = Lock()
        self._targets: OrderedDict[str, Target] = OrderedDict()

    def of(self, spec: KustomizationSpec, namespace: str) -> Target:
        """The target of a Kustomization in that namespace.

        Raises:
            StopError: its kubeconfig cannot be used.
            ClusterError: the cluster does not answer.
        """
        account = spec.service_account or self._options.default_service_account
        if account and _NAME.fullmatch(account) is None:
            raise StopError(
                api.RECONCILIATION_FAILED,
                f"'{account[:100]}' names no service account; expected lower-case letters, digits, '-' or '.'",
                is_final=True,
            )
        user = f"system:serviceaccount:{namespace}:{account}" if account else ""
        kubeconfig, subject = b"", ""
        if spec.remote_cluster is not None:
            kubeconfig, subject = self._kubeconfig(spec.remote_cluster, namespace)
        identity = f"{hashlib.sha256(kubeconfig).hexdigest()[:16] if kubeconfig else _HOME} {user}".rstrip()
        with self._lock:
            found = self._targets.get(identity)
            if found is not None:
                self._targets.move_to_end(identity)
                return found
        connection = self._remote(kubeconfig, subject) if kubeconfig else self._home
        if user:
            connection = connection.impersonating(user)
        made = Target(connection.cluster(manager=api.APPLY_MANAGER), identity, f"{namespace}/{account}" if user else "")
        with self._lock:
            self._targets[identity] = made
            while len(self._targets) > _MOST:
                self._targets.popitem(last=False)
        return made

    def _kubeconfig(self, remote: RemoteCluster, namespace: str) -> tuple[bytes, str]:
        if remote.config_map:
            raise StopError(
                api.RECONCILIATION_FAILED,
                "spec.kubeConfig.configMapRef asks for a cloud provider's login, which this puller does not have;"
                " expected spec.kubeConfig.secretRef with a kubeconfig",
                is_final=True,
            )
        subject = f"Secret {namespace}/{remote.secret}"
        secret = self._api.read(api.SECRETS, namespace, remote.secret)
        if secret is None:
            raise StopError(api.RECONCILIATION_FAILED, f"{subject} with the kubeconfig does not exist")
        data = secret.get("data") or {}
        names = (remote.key,) if remote.key else _KEYS
        text = next((data[name] for name in names if data.get(name)), None)
        if text is None:
            expected = " or ".join(f"'{name}'" for name in names)
            raise StopError(api.RECONCILIATION_FAILED, f"{subject} has no key {expected} with a kubeconfig")
        try:
            return base64.b64decode(text, validate=True), subject
        except (binascii.Error, ValueError):
            raise StopError(api.RECONCILIATION_FAILED, f"{subject}: its kubeconfig is not base64") from None
