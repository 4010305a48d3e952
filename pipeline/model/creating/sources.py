"""An OCIRepository from options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import REGISTRY_SCHEME, is_digest, parse_reference
from pipeline.model.creating.names import Named, by_name, given
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux.api import OCI_REPOSITORIES
from pipeline.model.flux.oci_repository import COPY, EXTRACT, read_oci_repository
from pipeline.model.manifests import Body

_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """What is asked for; empty texts are left out, durations in seconds, names of Secrets in the same namespace."""

    url: str
    tag: str = ""
    semver: str = ""
    semver_filter: str = ""
    digest: str = ""
    provider: str = "generic"
    secret: str = ""
    proxy_secret: str = ""
    service_account: str = ""
    cert_secret: str = ""
    verify_provider: str = ""
    verify_secret: str = ""
    verify_subject: str = ""
    verify_issuer: str = ""
    ignore_paths: tuple[str, ...] = ()
    insecure: bool = False
    layer_selector: str = ""
    interval: float = 60.0
    fetch_timeout: float = 0.0


def oci_repository(named: Named, request: SourceRequest) -> Body:
    """The object.

    Raises:
        UsageError: options contradict each other or make no sense.
        InvalidObjectError: what they come to makes no sense; the field is named.
    """
    _check_url(request.url)
    if not (request.tag or request.semver or request.digest):
        raise UsageError("nothing says which artifact to follow", hint="give --tag, --tag-semver or --digest")
    if request.digest and not is_digest(request.digest):
        raise UsageError(f"--digest '{request.digest}' is not a digest; expected sha256: and 64 hexadecimal digits")
    spec: dict[str, Any] = {
        "url": request.url,
        "ref": given(digest=request.digest, semver=request.semver, semverFilter=request.semver_filter, tag=request.tag),
        "interval": format_duration(request.interval),
        "provider": request.provider,
        **given(
            layerSelector=_layer_selector(request.layer_selector),
            secretRef=request.secret and by_name(request.secret),
            serviceAccountName=request.service_account,
            certSecretRef=request.cert_secret and by_name(request.cert_secret),
            proxySecretRef=request.proxy_secret and by_name(request.proxy_secret),
            verify=_verification(request),
            timeout=request.fetch_timeout and _without_hours(request.fetch_timeout),
            ignore="\n".join(request.ignore_paths),
            insecure=request.insecure,
        ),
    }
    body = {
        "apiVersion": OCI_REPOSITORIES.api_version,
        "kind": OCI_REPOSITORIES.kind,
        "metadata": named.metadata(),
        "spec": spec,
    }
    read_oci_repository(body)
    return body


def _without_hours(seconds: float) -> str:
    """The one duration of Flux's API that may not be written with hours."""
    whole = int(seconds)
    return f"{whole // 60}m{whole % 60}s" if whole >= _HOUR else format_duration(seconds)


def _check_url(url: str) -> None:
    if not url.startswith(REGISTRY_SCHEME):
        raise UsageError(f"--url '{url}' is not a repository in a registry; expected oci://HOST/REPOSITORY")
    reference = parse_reference(url)
    if reference.tag or reference.digest:
        raise UsageError(
            f"--url '{url}' names an artifact; expected the repository alone",
            hint=f"say --url {reference.repository} and --tag or --digest",
        )


def _layer_selector(text: str) -> dict[str, str]:
    if not text:
        return {}
    media_type, _, operation = text.rpartition(":")
    if not media_type or operation not in {EXTRACT, COPY}:
        raise UsageError(f"--layer-selector '{text}': expected MEDIA-TYPE:{EXTRACT} or MEDIA-TYPE:{COPY}")
    return {"mediaType": media_type, "operation": operation}


def _verification(request: SourceRequest) -> dict[str, Any]:
    identity = given(issuer=request.verify_issuer, subject=request.verify_subject)
    if not request.verify_provider:
        if identity or request.verify_secret:
            raise UsageError("how signatures are made is not said", hint="add --verify-provider cosign")
        return {}
    if identity and len(identity) == 1:
        raise UsageError("--verify-subject and --verify-issuer go together")
    return given(
        provider=request.verify_provider,
        secretRef=request.verify_secret and by_name(request.verify_secret),
        matchOIDCIdentity=[identity] if identity else [],
    )
