"""A real Kubernetes control plane on loopback, with simulated nodes.

``ControlPlane.start(directory)`` runs etcd, kube-apiserver,
kube-controller-manager, kube-scheduler and kwok. Objects are validated,
scheduled and controlled for real; only the containers are made up, by the rules
in ``stages/``.

``$GITLESS_TEST_KUBECONFIG`` names a cluster to test against instead:
``cluster(directory)`` then gives that one. Its current context is used, and the
tests create, change and delete namespaces in it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from .access import Access
from .binaries import ensure
from .certificates import Authority, signing_key
from .errors import PlatformError
from .ports import free_port
from .processes import ProcessGroup, Running

STAGES = Path(__file__).parent / "stages"
SERVERS = ("etcd", "kube-apiserver", "kube-controller-manager")
WORKLOADS = ("kube-scheduler", "kwok")
# Without workloads these alone run: enough to delete namespaces and owned objects.
HOUSEKEEPING = ("namespace-controller", "serviceaccount-controller", "garbage-collector-controller")
_SECONDS = 120.0


class Cluster(Protocol):
    """What a test needs of a cluster, ours or a given one."""

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig file whose current context may do everything."""

    def user(self, name: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig for a user without any rights but those granted by RBAC."""


@dataclass(frozen=True, kw_only=True)
class GivenCluster:
    """The cluster of ``$GITLESS_TEST_KUBECONFIG``."""

    kubeconfig: Path

    def user(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Not possible: nobody gave us the authority of that cluster."""
        raise PlatformError(
            f"a given cluster has no user {name} in {list(groups)}",
            hint="unset GITLESS_TEST_KUBECONFIG to run this test on the local platform",
        )


@contextmanager
def cluster(directory: Path, *, workloads: bool = True) -> Iterator[Cluster]:
    """The given cluster if there is one, else a control plane for as long as the context lasts."""
    given = os.environ.get("GITLESS_TEST_KUBECONFIG")
    if given:
        yield GivenCluster(kubeconfig=Path(given).expanduser().absolute())
        return
    with ControlPlane.start(directory, workloads=workloads) as started:
        yield started


@dataclass(kw_only=True)
class ControlPlane(Running):
    """A running control plane; a context manager that stops it at the end."""

    directory: Path
    kubeconfig: Path
    access: Access
    logs: Path
    _authority: Authority = field(repr=False)
    _processes: ProcessGroup = field(repr=False)

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        stages: Path | None = None,
        nodes: int = 1,
        workloads: bool = True,
        detached: bool = False,
    ) -> Self:
        """Start everything and return once Pods can be scheduled (or objects applied).

        ``workloads=False`` leaves out scheduler and nodes: objects can be applied and
        deleted, nothing runs, and it takes less memory. ``stages`` replaces our rules
        of life by another file or folder of kwok Stage documents. What an earlier
        control plane left in ``directory`` is replaced.
        """
        directory = directory.absolute()
        binaries = ensure((*SERVERS, *WORKLOADS) if workloads else SERVERS)
        processes = ProcessGroup(directory, detached=detached)
        try:
            authority = Authority.create(directory / "certificates")
            launch = _Launch(directory, binaries, processes, authority)
            access = launch.api_server()
            launch.controllers(access, workloads=workloads)
            if workloads:
                launch.nodes(access, stages or STAGES, nodes)
        except BaseException:
            processes.stop()
            raise
        return cls(
            directory=directory,
            kubeconfig=directory / "kubeconfig",
            access=access,
            logs=processes.logs,
            _authority=authority,
            _processes=processes,
        )

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self.access.server

    def user(self, name: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig for a user without any rights but those granted by RBAC."""
        identity = self._authority.user(name, groups)
        access = Access(server=self.server, authority=self.access.authority, identity=identity)
        return access.write_kubeconfig(identity.certificate.with_suffix(".kubeconfig"), user=name)

    def check(self) -> None:
        """Raise when one of the programs has ended by itself."""
        self._processes.check()

    @contextmanager
    def without_api_server(self) -> Iterator[None]:
        """Kill the API server; at the end it starts again, with the same data, and is waited for."""
        self._processes.end("kube-apiserver")
        try:
            yield
        finally:
            self._processes.restart("kube-apiserver")
            self._processes.wait(lambda: self.access.answers("/readyz"), seconds=_SECONDS, what="the API server")

    def stop(self) -> None:
        """Stop everything; the logs stay."""
        self._processes.stop()


class _Launch:
    """The steps of a start, in their order."""

    def __init__(
        self, directory: Path, binaries: dict[str, Path], processes: ProcessGroup, authority: Authority
    ) -> None:
        self._directory = directory
        self._binaries = binaries
        self._processes = processes
        self._authority = authority
        self._token_key, self._token_public = signing_key(authority.directory / "tokens.key")

    def api_server(self) -> Access:
        """etcd and the API server; the access of an administrator, once it is ready."""
        etcd = self._etcd()
        port = free_port()
        # 10.96.0.1 is how the API server calls itself inside the cluster.
        served = self._authority.server("api-server", ["localhost", "127.0.0.1", "10.96.0.1"])
        self._run(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self._authority.directory}",
            f"--tls-cert-file={served.certificate}",
            f"--tls-private-key-file={served.key}",
            f"--client-ca-file={self._authority.certificate_file}",
            f"--service-account-key-file={self._token_public}",
            f"--service-account-signing-key-file={self._token_key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            "--profiling=false",
        )
        access = Access(
            server=f"https://127.0.0.1:{port}",
            authority=self._authority.certificate_file,
            identity=self._authority.user("admin", ["system:masters"]),
        )
        access.write_kubeconfig(self._directory / "kubeconfig")
        self._wait(lambda: access.answers("/readyz"), "the API server")
        return access

    def controllers(self, access: Access, *, workloads: bool) -> None:
        """The controller manager and, for workloads, the scheduler."""
        kubeconfig = f"--kubeconfig={self._directory / 'kubeconfig'}"
        # nodeipam hands out address ranges to nodes and fails without a cluster CIDR.
        controllers = "*,-node-ipam-controller" if workloads else ",".join(HOUSEKEEPING)
        self._run(
            "kube-controller-manager",
            kubeconfig,
            f"--service-account-private-key-file={self._token_key}",
            f"--root-ca-file={self._authority.certificate_file}",
            f"--controllers={controllers}",
            # Its own 20 requests a second are made for a shared API server; whoever delivers would wait for it.
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--leader-elect=false",
            "--secure-port=0",
        )
        if workloads:
            self._run("kube-scheduler", kubeconfig, "--leader-elect=false", "--secure-port=0")
        # Admission refuses Pods in a namespace without its service account.
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._wait(lambda: access.answers(account), "the default service account")

    def nodes(self, access: Access, stages: Path, count: int) -> None:
        """Simulated nodes, once they take Pods."""
        self._run(
            "kwok",
            f"--kubeconfig={self._directory / 'kubeconfig'}",
            *(f"--config={path}" for path in _documents(stages)),
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            "--cidr=10.1.0.0/16",
            "--node-ip=10.0.0.1",
        )
        for number in range(1, count + 1):
            access.request("POST", "/api/v1/nodes", _node(f"node-{number}"))
        self._wait(lambda: _usable_nodes(access) == count, f"{count} usable node(s)")

    def _etcd(self) -> str:
        data = self._directory / "etcd"
        shutil.rmtree(data, ignore_errors=True)
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._run(
            "etcd",
            f"--data-dir={data}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        return client

    def _run(self, name: str, *arguments: str) -> None:
        self._processes.start(name, [self._binaries[name], *arguments])

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        self._processes.wait(ready, seconds=_SECONDS, what=what)


def _documents(stages: Path) -> list[Path]:
    found = sorted(stages.glob("*.yaml")) if stages.is_dir() else [stages]
    if not found:
        raise PlatformError(f"no stage documents in {stages}", hint="kwok needs at least one *.yaml file there")
    return found


def _node(name: str) -> dict[str, object]:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    metadata = {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata}


def _usable_nodes(access: Access) -> int:
    """Nodes that are ready and from which the not-ready taint is gone."""
    usable = 0
    for node in access.get("/api/v1/nodes")["items"]:
        conditions = node.get("status", {}).get("conditions", [])
        ready = any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
        usable += ready and not node["spec"].get("taints")
    return usable
