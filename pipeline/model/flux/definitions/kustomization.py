"""The definition of Kustomization (kustomize-controller ``api/v1/kustomization_types.go``)."""

from __future__ import annotations

from typing import Any, Final

from pipeline.model.flux.definitions.kustomization_status import kustomization_status
from pipeline.model.flux.definitions.schema import (
    AGE,
    NOT_SUBSTITUTED,
    READY,
    STATUS,
    Schema,
    choice,
    duration,
    each,
    fields,
    flag,
    named,
    selector,
    table,
    text,
    whole,
)

_ONE_OF_BOTH: Final = "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified"


def _source() -> Schema:
    return fields(
        "Where the manifests come from.",
        {
            "apiVersion": text("API version of the source."),
            "kind": choice("Kind of the source.", "OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"),
            "name": text("Name of the source."),
            "namespace": text("Namespace of the source; the Kustomization's own if empty."),
        },
        ["kind", "name"],
    )


def _dependency() -> Schema:
    return fields(
        "A Kustomization that must be ready first.",
        {
            "name": text("Its name."),
            "namespace": text("Its namespace; the same if empty."),
            "readyExpr": text("CEL over dep and self that says whether it is ready, in place of the usual check."),
        },
        ["name"],
    )


def _health_check() -> Schema:
    return fields(
        "An object whose health is waited for.",
        {
            "apiVersion": text("Its API version; apps/v1 if empty."),
            "kind": text("Its kind."),
            "name": text("Its name."),
            "namespace": text("Its namespace; the Kustomization's own if empty."),
        },
        ["kind", "name"],
    )


def _health_expressions() -> Schema:
    return fields(
        "How the health of a kind is told, in CEL over the object.",
        {
            "apiVersion": text("API version of the kind."),
            "kind": text("The kind; all of the group if empty."),
            "current": text("Whether the object is as desired."),
            "inProgress": text("Whether it is still on its way."),
            "failed": text("Whether it has failed."),
        },
        ["apiVersion", "current"],
    )


def _remote_cluster() -> Schema:
    secret = fields(
        "Secret with a kubeconfig.",
        {"name": text("Its name."), "key": text("Key of the kubeconfig; value or value.yaml if empty.")},
        ["name"],
    )
    return fields(
        "Another cluster to apply to.",
        {
            "secretRef": secret,
            "configMapRef": named("ConfigMap that names a cloud provider and a cluster to log in to."),
        },
    ) | {
        "x-kubernetes-validations": [
            {"rule": "has(self.configMapRef) || has(self.secretRef)", "message": _ONE_OF_BOTH},
            {"rule": "!has(self.configMapRef) || !has(self.secretRef)", "message": _ONE_OF_BOTH},
        ]
    }


def _patch() -> Schema:
    return fields(
        "One patch.",
        {
            "patch": text("A strategic merge patch, or a JSON patch as a list of operations; YAML as text."),
            "target": selector("Which objects it is for; needed by JSON patches."),
        },
        ["patch"],
    )


def _image() -> Schema:
    return fields(
        "What an image is replaced by.",
        {
            "name": text("The image's name without tag."),
            "newName": text("Its new name."),
            "newTag": text("Its new tag."),
            "digest": text("Its digest, in place of a tag."),
        },
        ["name"],
    )


def _post_build() -> Schema:
    source = fields(
        "A ConfigMap or Secret of the same namespace whose data become variables.",
        {
            "kind": choice("Its kind.", "Secret", "ConfigMap"),
            "name": text("Its name.", minLength=1, maxLength=253),
            "optional": flag("Whether it may be missing.", default=False),
        },
        ["kind", "name"],
    )
    return fields(
        "What is done to the rendered objects.",
        {
            "substitute": table("Variables and what they are replaced by; they win over substituteFrom."),
            "substituteFrom": each("Where more variables come from; later ones win.", source),
            "substituteStrategy": choice(
                "WithVariables substitutes if there is any variable (the default), Always in any case.",
                "WithVariables", "Always",
            ),
        },
    )  # fmt: skip


def _decryption() -> Schema:
    return fields(
        "How encrypted files are read.",
        {
            "provider": choice("What they were encrypted with.", "sops"),
            "secretRef": named("Secret with the keys (*.agekey, *.asc) and credentials (sops.*)."),
            "serviceAccountName": text("Service account to ask a cloud's key service as."),
        },
        ["provider"],
    )


def _ignore() -> Schema:
    return fields(
        "Fields that are left as they are in the cluster.",
        {
            "paths": each("JSON pointers (RFC 6901) of the fields.", {"type": "string"}),
            "target": selector("Which objects; all if empty."),
        },
        ["paths"],
    )


def _building() -> dict[str, Schema]:
    """The fields that say how manifests become objects."""
    affix = {"minLength": 1, "maxLength": 200}
    return {
        "path": text("Folder of the artifact that holds the manifests; its root if empty."),
        "targetNamespace": text("Namespace that all objects are put into.", minLength=1, maxLength=63),
        "namePrefix": text("Text before the name of every object.", **affix),
        "nameSuffix": text("Text behind the name of every object.", **affix),
        "commonMetadata": fields(
            "Labels and annotations for every object; they win over the object's own.",
            {"labels": table("The labels."), "annotations": table("The annotations.")},
        ),
        "patches": each("Patches, in order.", _patch()),
        "images": each("Names, tags and digests of images to replace.", _image()),
        "components": each("Paths of kustomize components, relative to path.", {"type": "string"}),
        "ignoreMissingComponents": flag("Leave out components that are not there."),
        "buildMetadata": each(
            "What kustomize notes on the objects.",
            {"type": "string", "enum": ["originAnnotations", "transformerAnnotations"]},
        ),
        "postBuild": _post_build(),
        "decryption": _decryption(),
    }


def _applying() -> dict[str, Schema]:
    """The fields that say how, when and as whom objects are applied."""
    return {
        "sourceRef": _source(),
        "dependsOn": each("Kustomizations that must be ready first.", _dependency()),
        "interval": duration("How often to apply again, which corrects drift; some jitter is added."),
        "retryInterval": duration("When to try again after a failure; the interval if empty."),
        "timeout": duration("How long building, applying and waiting may take; the interval if empty."),
        "prune": flag("Delete objects that are gone from the source."),
        "deletionPolicy": choice(
            "What becomes of the objects when the Kustomization is deleted; MirrorPrune does as prune says.",
            "MirrorPrune", "Delete", "WaitForTermination", "Orphan",
        ),
        "force": flag("Recreate objects whose immutable fields change.", default=False),
        "wait": flag("Wait until all objects are healthy; healthChecks are not looked at then."),
        "healthChecks": each("Objects whose health is waited for.", _health_check()),
        "healthCheckExprs": each("How the health of custom resources is told.", _health_expressions()),
        "ignore": each("Fields that are neither compared nor applied.", _ignore()),
        "kubeConfig": _remote_cluster(),
        "serviceAccountName": text("Service account to apply as."),
        "suspend": flag("Do not apply."),
    }  # fmt: skip


KUSTOMIZATION: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "kustomizations.kustomize.toolkit.fluxcd.io", "annotations": NOT_SUBSTITUTED},
    "spec": {
        "group": "kustomize.toolkit.fluxcd.io",
        "scope": "Namespaced",
        "names": {
            "kind": "Kustomization",
            "listKind": "KustomizationList",
            "plural": "kustomizations",
            "singular": "kustomization",
            "shortNames": ["ks"],
            "categories": ["all", "fluxcd", "fluxcd-appliers"],
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [AGE, READY, STATUS],
                "schema": {
                    "openAPIV3Schema": whole(
                        "Manifests of a source, built by kustomize and applied at an interval.",
                        fields(
                            "What to apply, and how.", _applying() | _building(), ["interval", "prune", "sourceRef"]
                        ),
                        kustomization_status(),
                    )
                },
            }
        ],
    },
}
