"""The objects that make a cluster reconcile its own configuration from an artifact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Reference
from pipeline.model.creating.kustomizations import KustomizationRequest, kustomization
from pipeline.model.creating.names import Named
from pipeline.model.creating.secrets import certificates, public_keys, registry_login
from pipeline.model.creating.sources import SourceRequest, oci_repository
from pipeline.model.manifests import Body

_LOGIN: Final = "registry"
_KEYS: Final = "cosign"
_CERTIFICATES: Final = "tls"
"""What the Secrets' names end in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapRequest:
    """What is asked for; durations in seconds.

    Attributes:
        named: name and namespace of the source and the Kustomization.
        artifact: by tag, by digest, or (with ``semver``) by repository alone.
        keys: public keys by their file's name, of which any may have signed.
        secret: a Secret that is there already, to log in to the registry with.
        username: with ``password``: to make such a Secret from.
        authority: PEM of the registry's certificate authority.
        certificate: PEM of a client certificate, with ``certificate_key``.
    """

    named: Named
    artifact: Reference
    semver: str = ""
    path: str = "./"
    keys: Mapping[str, bytes] = field(default_factory=dict, hash=False)
    secret: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    authority: bytes = b""
    certificate: bytes = b""
    certificate_key: bytes = field(default=b"", repr=False)
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
    secrets = {body["metadata"]["name"]: body for body in _secrets(request)}
    login, keys, certs = (_name(named, what) for what in (_LOGIN, _KEYS, _CERTIFICATES))
    source = oci_repository(
        named,
        SourceRequest(
            url=str(artifact.repository),
            tag="" if artifact.digest else artifact.tag or "",
            digest=artifact.digest or "",
            semver=request.semver,
            secret=request.secret or (login if login in secrets else ""),
            cert_secret=certs if certs in secrets else "",
            verify_provider="cosign" if keys in secrets else "",
            verify_secret=keys if keys in secrets else "",
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
    return (*secrets.values(), source, configuration)


def _secrets(request: BootstrapRequest) -> Iterator[Body]:
    named, host = request.named, request.artifact.repository.host
    if request.username:
        yield registry_login(_beside(named, _LOGIN), host, request.username, request.password)
    if request.keys:
        yield public_keys(_beside(named, _KEYS), request.keys)
    if request.authority or request.certificate or request.certificate_key:
        yield certificates(
            _beside(named, _CERTIFICATES),
            certificate=request.certificate,
            key=request.certificate_key,
            authority=request.authority,
        )


def _beside(named: Named, what: str) -> Named:
    return replace(named, name=_name(named, what))


def _name(named: Named, what: str) -> str:
    return f"{named.name}-{what}"
