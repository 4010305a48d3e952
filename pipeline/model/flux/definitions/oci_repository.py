"""The definition of OCIRepository (source-controller ``api/v1/ocirepository_types.go``)."""

from __future__ import annotations

from typing import Any, Final

from pipeline.model.flux.definitions.schema import (
    AGE,
    NOT_SUBSTITUTED,
    READY,
    SHORT_DURATION,
    STATUS,
    Schema,
    choice,
    column,
    conditions,
    duration,
    each,
    fields,
    flag,
    named,
    number,
    reconcile_request,
    table,
    text,
    time,
    whole,
)


def _layer_selector(description: str) -> Schema:
    return fields(
        description,
        {
            "mediaType": text("Media type of the layer; the first that has it is taken."),
            "operation": choice("extract unpacks the layer (the default), copy keeps it as it is.", "extract", "copy"),
        },
    )


def _reference() -> Schema:
    return fields(
        "Which artifact of the repository; without any, the tag latest.",
        {
            "digest": text("Digest of the manifest, sha256:…; wins over semver and tag."),
            "semver": text("Range of versions; the highest tag within is taken. Wins over tag."),
            "semverFilter": text("Regular expression (Go's) that tags must match to count for semver."),
            "tag": text("Tag to follow."),
        },
    )


def _verification() -> Schema:
    identity = fields(
        "An identity that is accepted: both expressions must match.",
        {
            "issuer": text("Regular expression (Go's) for the OIDC issuer."),
            "subject": text("Regular expression (Go's) for the subject."),
        },
        ["issuer", "subject"],
    )
    return fields(
        "Whose signature the artifact must have before anything of it is used.",
        {
            "provider": choice("How it was signed.", "cosign", "notation", default="cosign"),
            "secretRef": named("Secret with the public keys (*.pub); any one is enough."),
            "matchOIDCIdentity": each("Identities of keyless signatures; any one is enough.", identity),
            "trustedRootSecretRef": named("Secret with trusted_root.json of a Sigstore of one's own."),
        },
        ["provider"],
    )


def _spec() -> Schema:
    return fields(
        "Which artifact to keep at hand.",
        {
            "url": text("The repository, oci://HOST/PATH without tag or digest.", pattern="^oci://.*$"),
            "ref": _reference(),
            "layerSelector": _layer_selector("Which layer of the artifact, and what to do with it; the first one."),
            "provider": choice(
                "How to log in: by Secrets (generic), or as a workload of a cloud.",
                "generic", "aws", "azure", "gcp",
                default="generic",
            ),
            "secretRef": named("Secret of type kubernetes.io/dockerconfigjson to log in with."),
            "serviceAccountName": text("Service account whose image pull secrets log in."),
            "certSecretRef": named("Secret with ca.crt, and tls.crt with tls.key where the registry asks for them."),
            "proxySecretRef": named("Secret with the proxy's address, and username with password where it asks."),
            "verify": _verification(),
            "interval": duration("How often to look for a new artifact; some jitter is added."),
            "timeout": duration("How long one look may take.", SHORT_DURATION, default="60s"),
            "ignore": text("Patterns of files to leave out, in .gitignore's syntax; replaces the usual ones."),
            "insecure": flag("Talk HTTP to the registry."),
            "suspend": flag("Do not look for new artifacts."),
        },
        ["url", "interval"],
    )  # fmt: skip


def _artifact() -> Schema:
    return fields(
        "The artifact that was accepted last.",
        {
            "revision": text("What it is: TAG@sha256:…, or the digest alone."),
            "digest": text(
                "Digest of the stored file, ALGORITHM:CHECKSUM.",
                pattern="^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$",
            ),
            "size": number("Bytes of the stored file."),
            "path": text("Where it is stored."),
            "url": text("Where it is served, if it is."),
            "lastUpdateTime": time("When it was stored."),
            "metadata": table("Annotations of the artifact's manifest."),
        },
        ["digest", "lastUpdateTime", "path", "revision", "url"],
    )


def _status() -> Schema:
    return fields(
        "What became of it.",
        {
            "observedGeneration": number("The generation of the spec that was handled last."),
            "conditions": conditions(),
            "url": text("Where the artifact is served, if it is."),
            "artifact": _artifact(),
            "observedIgnore": text("The ignore patterns that the artifact was stored with."),
            "observedLayerSelector": _layer_selector("The layer selector that the artifact was stored with."),
            "lastHandledReconcileAt": reconcile_request(),
        },
    )


OCI_REPOSITORY: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "ocirepositories.source.toolkit.fluxcd.io", "annotations": NOT_SUBSTITUTED},
    "spec": {
        "group": "source.toolkit.fluxcd.io",
        "scope": "Namespaced",
        "names": {
            "kind": "OCIRepository",
            "listKind": "OCIRepositoryList",
            "plural": "ocirepositories",
            "singular": "ocirepository",
            "shortNames": ["ocirepo"],
            "categories": ["all", "fluxcd", "fluxcd-sources"],
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [column("URL", ".spec.url"), READY, STATUS, AGE],
                "schema": {
                    "openAPIV3Schema": whole(
                        "An artifact in an OCI registry, looked for at an interval.", _spec(), _status()
                    )
                },
            }
        ],
    },
}
