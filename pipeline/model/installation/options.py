"""How the puller is to be installed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipeline.errors import UsageError
from pipeline.model.flux.options import PullerOptions

IMAGE_NAME = "gitless"
DEFAULT_REGISTRY = "ghcr.io/gitless"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallOptions:
    """One installation.

    Attributes:
        version: version of gitless that is installed; labels say it, and it is the tag of the image.
        puller: how the process works; ``puller.namespace`` is where it is installed.
        registry: host and path in front of the image's name; not looked at where ``image`` is given.
        image: the whole name of the image, best with its digest.
        image_pull_secret: Secret in the namespace to pull the image with.
        log_level: what the process says: ``debug``, ``info`` or ``error``.
        cluster_admin: whether the puller may itself apply everything; otherwise only as service accounts that
            Kustomizations, or the default, name.
        network_policy: whether only metrics and health can be reached from outside.
        priority_class: such as ``system-cluster-critical``; empty: none.
        toleration_keys: taints that the pod tolerates.
    """

    version: str
    puller: PullerOptions = field(default_factory=PullerOptions)
    registry: str = DEFAULT_REGISTRY
    image: str = ""
    image_pull_secret: str = ""
    log_level: str = "info"
    cluster_admin: bool = True
    network_policy: bool = True
    priority_class: str = ""
    toleration_keys: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        """Where it is installed."""
        return self.puller.namespace

    @property
    def full_image(self) -> str:
        """The image with tag or digest."""
        return self.image or f"{self.registry.rstrip('/')}/{IMAGE_NAME}:v{self.version}"

    @property
    def is_locked_down(self) -> bool:
        """Whether nothing is applied with the puller's own rights."""
        return not self.cluster_admin or bool(self.puller.default_service_account)

    def in_namespace(self, namespace: str) -> InstallOptions:
        """The same in another namespace."""
        return replace(self, puller=replace(self.puller, namespace=namespace))


def port_of(address: str) -> int:
    """The port of ``host:port``.

    Raises:
        UsageError: there is none that a container without rights may open.
    """
    _, colon, port = address.rpartition(":")
    first, last = 1024, 65535
    if not colon or not port.isdecimal() or not first <= int(port) <= last:
        raise UsageError(f"'{address}' is no address to listen at; expected :PORT or HOST:PORT, {first} to {last}")
    return int(port)
