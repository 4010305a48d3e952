"""A Kustomization from options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from pipeline.errors import UsageError
from pipeline.model.creating.names import Named, by_name, given
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux.api import KUSTOMIZATIONS
from pipeline.model.flux.kustomization import read_kustomization
from pipeline.model.manifests import Body

_SOURCE_KINDS: Final = ("OCIRepository", "GitRepository", "Bucket", "ExternalArtifact")
_HEALTH_KINDS: Final = {
    "Deployment": "apps/v1",
    "DaemonSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "HelmRelease": "helm.toolkit.fluxcd.io/v2",
}
"""Kinds whose health the flux CLI lets one ask for, with their API versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KustomizationRequest:
    """What is asked for; empty texts are left out, durations in seconds."""

    source: str
    """``Kind/name`` or ``Kind/name.namespace``."""
    path: str = "./"
    prune: bool = False
    wait: bool = False
    health_checks: tuple[str, ...] = ()
    """``Kind/name.namespace`` each."""
    health_check_timeout: float = 120.0
    depends_on: tuple[str, ...] = ()
    """``name`` or ``namespace/name`` each."""
    service_account: str = ""
    decryption_provider: str = ""
    decryption_secret: str = ""
    target_namespace: str = ""
    kubeconfig_secret: str = ""
    interval: float = 60.0
    retry_interval: float = 0.0


def kustomization(named: Named, request: KustomizationRequest) -> Body:
    """The object.

    Raises:
        UsageError: options contradict each other or make no sense.
        InvalidObjectError: what they come to makes no sense; the field is named.
    """
    if request.decryption_secret and not request.decryption_provider:
        raise UsageError("how files are encrypted is not said", hint="add --decryption-provider sops")
    checks = () if request.wait else request.health_checks
    spec: dict[str, Any] = {
        "interval": format_duration(request.interval),
        "path": _inside(request.path),
        "prune": request.prune,
        "sourceRef": _source(request.source),
        **given(
            dependsOn=[_dependency(text) for text in request.depends_on],
            wait=request.wait,
            healthChecks=[_health_check(text) for text in checks],
            timeout=(request.wait or checks) and format_duration(request.health_check_timeout),
            serviceAccountName=request.service_account,
            decryption=request.decryption_provider and _decryption(request),
            targetNamespace=request.target_namespace,
            kubeConfig=request.kubeconfig_secret and {"secretRef": by_name(request.kubeconfig_secret)},
            retryInterval=request.retry_interval and format_duration(request.retry_interval),
        ),
    }
    body = {
        "apiVersion": KUSTOMIZATIONS.api_version,
        "kind": KUSTOMIZATIONS.kind,
        "metadata": named.metadata(),
        "spec": spec,
    }
    read_kustomization(body)
    return body


def _inside(path: str) -> str:
    """The path with ``./`` before it, as the flux CLI writes it.

    Raises:
        UsageError: it leads out of the artifact.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise UsageError(f"--path '{path}' leads out of the artifact; expected a folder inside, such as ./production")
    text = str(pure)
    return "./" if text == "." else f"./{text}"


def _source(text: str) -> dict[str, str]:
    kind, slash, name = text.partition("/")
    if not slash:
        kind, name = "", ""
    found = next((known for known in _SOURCE_KINDS if known.lower() == kind.lower()), None)
    if found is None or not name:
        raise UsageError(
            f"--source '{text}': expected KIND/NAME or KIND/NAME.NAMESPACE, KIND one of {', '.join(_SOURCE_KINDS)}"
        )
    name, _, namespace = name.partition(".")
    return {"kind": found, "name": name} | given(namespace=namespace)


def _dependency(text: str) -> dict[str, str]:
    namespace, slash, name = text.rpartition("/")
    if not name or (slash and not namespace):
        raise UsageError(f"--depends-on '{text}': expected NAME or NAMESPACE/NAME")
    return {"name": name} | given(namespace=namespace)


def _health_check(text: str) -> dict[str, str]:
    kind, _, rest = text.partition("/")
    name, _, namespace = rest.partition(".")
    if kind not in _HEALTH_KINDS or not name or not namespace:
        raise UsageError(
            f"--health-check '{text}': expected KIND/NAME.NAMESPACE, KIND one of {', '.join(_HEALTH_KINDS)}",
            hint="--wait looks at everything that is applied",
        )
    return {"apiVersion": _HEALTH_KINDS[kind], "kind": kind, "name": name, "namespace": namespace}


def _decryption(request: KustomizationRequest) -> dict[str, Any]:
    return {"provider": request.decryption_provider} | given(
        secretRef=request.decryption_secret and by_name(request.decryption_secret)
    )
