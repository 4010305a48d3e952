"""What an OCIRepository asks for (source-controller ``api/v1/ocirepository_types.go``)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.model.flux.reading import Fields
from pipeline.model.manifests import Body

EXTRACT, COPY = "extract", "copy"
DEFAULT_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class ArtifactReference:
    """Which artifact: a digest wins over a range of versions, that over a tag; nothing at all means ``latest``."""

    digest: str = ""
    semver: str = ""
    semver_filter: str = ""
    """A regular expression (Go's) that tags must match to count for ``semver``."""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class OidcIdentity:
    """Regular expressions for a keyless certificate's issuer and subject."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whose signature is asked for; ``secret`` holds the public keys (``*.pub``)."""

    provider: str
    secret: str = ""
    identities: tuple[OidcIdentity, ...] = ()
    trusted_root_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OCIRepositorySpec:
    """The spec; durations in seconds, names of Secrets and service accounts in the object's own namespace."""

    url: str
    reference: ArtifactReference = field(default_factory=ArtifactReference)
    layer_media_type: str = ""
    layer_operation: str = EXTRACT
    provider: str = "generic"
    secret: str = ""
    service_account: str = ""
    cert_secret: str = ""
    proxy_secret: str = ""
    verify: Verification | None = None
    interval: float
    timeout: float = DEFAULT_TIMEOUT
    ignore: str | None = None
    insecure: bool = False
    suspend: bool = False


def read_oci_repository(body: Body) -> OCIRepositorySpec:
    """Read the spec of an OCIRepository.

    Raises:
        InvalidObjectError: a field is missing or has the wrong type; the field is named.
    """
    spec = Fields(body.get("spec"))
    reference, selector = spec.below("ref"), spec.below("layerSelector")
    verify = spec.below("verify")
    interval = spec.duration("interval", required=True)
    timeout = spec.duration("timeout", DEFAULT_TIMEOUT)
    return OCIRepositorySpec(
        url=spec.text("url", None),
        reference=_reference(reference) if reference else ArtifactReference(),
        layer_media_type=selector.text("mediaType") if selector else "",
        layer_operation=selector.choice("operation", (EXTRACT, COPY), EXTRACT) if selector else EXTRACT,
        provider=spec.choice("provider", ("generic", "aws", "azure", "gcp"), "generic"),
        secret=_name(spec, "secretRef"),
        service_account=spec.text("serviceAccountName"),
        cert_secret=_name(spec, "certSecretRef"),
        proxy_secret=_name(spec, "proxySecretRef"),
        verify=_verification(verify) if verify else None,
        interval=interval or 0.0,
        timeout=timeout or DEFAULT_TIMEOUT,
        ignore=spec.text("ignore") if "ignore" in spec else None,
        insecure=spec.flag("insecure"),
        suspend=spec.flag("suspend"),
    )


def _reference(fields: Fields) -> ArtifactReference:
    return ArtifactReference(
        fields.text("digest"), fields.text("semver"), fields.text("semverFilter"), fields.text("tag")
    )


def _verification(fields: Fields) -> Verification:
    identities = tuple(
        OidcIdentity(item.text("issuer", None), item.text("subject", None)) for item in fields.each("matchOIDCIdentity")
    )
    provider = fields.text("provider", "cosign")
    return Verification(provider, _name(fields, "secretRef"), identities, _name(fields, "trustedRootSecretRef"))


def _name(fields: Fields, key: str) -> str:
    reference = fields.below(key)
    return reference.text("name", None) if reference else ""
