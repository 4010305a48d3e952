"""The objects that make a cluster reconcile its own configuration from an artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Reference
from pipeline.model.creating.kustomizations import KustomizationRequest, kustomization
from pipeline.model.creating.names import Named
from pipeline.model.creating.secrets import public_keys, registry_login
from pipeline.model.creating.sources import SourceRequest, oci_repository
from pipeline.model.manifests import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapRequest:
    """What is asked for; durations in seconds.

    Attributes:
        named: name and namespace of the source and the Kustomization.
        artifact: by tag, by digest, or (with ``semver``) by repository alone.
        keys: public keys by their file's name, of which any may have signed.
        secret: a Secret that is there already, to log in to the registry with.
        username: with ``password``: to make such a Secret from.
    """

    named: Named
    artifact: Reference
    semver: str = ""
    path: str = "./"
    keys: Mapping[str, bytes] = field(default_factory=dict, hash=False)
    secret: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    insecure: bool = False
    interval: float = 60.0
    prune: bool = True
    wait: bool = True
    timeout: float = 300.0
    service_account: str = ""


def bootstrap_objects(request: BootstrapRequest) -> tuple[Body, ...]:
    """Secrets where they are asked for, the source, and the Kustomization, in this order.

    Raises:
        UsageError: the request makes no sense.
    """
    named = request.named
    artifact = request.artifact
    if artifact.repository.is_layout:
        raise UsageError(f"{artifact} is a folder, which no cluster can pull from; expected oci://HOST/REPOSITORY:TAG")
    if request.secret and request.username:
        raise UsageError("--secret-ref and --username both say how to log in; give one of them")
    if not (artifact.tag or artifact.digest or request.semver):
        raise UsageError(f"{artifact} has no tag", hint="add one, such as :production, or give --tag-semver")
    secrets: list[Body] = []
    login, keys = f"{named.name}-registry", f"{named.name}-cosign"
    if request.username:
        secrets.append(
            registry_login(_named(named, login), artifact.repository.host, request.username, request.password)
        )
    if request.keys:
        secrets.append(public_keys(_named(named, keys), request.keys))
    source = oci_repository(
        named,
        SourceRequest(
            url=str(artifact.repository),
            tag="" if artifact.digest else artifact.tag or "",
            digest=artifact.digest or "",
            semver=request.semver,
            secret=request.secret or (login if request.username else ""),
            verify_provider="cosign" if request.keys else "",
            verify_secret=keys if request.keys else "",
            insecure=request.insecure,
            interval=request.interval,
        ),
    )
    configuration = kustomization(
        named,
        KustomizationRequest(
            source=f"OCIRepository/{named.name}",
            path=request.path,
            prune=request.prune,
            wait=request.wait,
            health_check_timeout=request.timeout,
            service_account=request.service_account,
            # The source's changes come at once; this is how often drift is corrected.
            interval=600.0,
        ),
    )
    return (*secrets, source, configuration)


def _named(named: Named, name: str) -> Named:
    return Named(name, named.namespace, named.labels)
