"""What the GitHub actions say of themselves, and what each needs; everything else in them follows from the program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionText:
    """What stands at the top of an action.

    Attributes:
        permissions: what the job has to be allowed, each with the reason.
    """

    description: str
    icon: str
    permissions: tuple[tuple[str, str], ...]


_READ_SOURCES = ("contents: read", "to check out the sources")
_READ_ARTIFACTS = ("packages: read", "where an artifact in GitHub's registry is read")
_WRITE_ARTIFACTS = ("packages: write", "to push to GitHub's registry")
_IDENTITY = ("id-token: write", "with `keyless`")
_COMMENT = ("pull-requests: write", "with `comment`")

TEXTS = {
    "build": ActionText(
        "Render folders, kustomizations and Helm charts into canonical YAML.",
        "layers",
        (_READ_SOURCES, ("packages: read", "with `update-images`")),
    ),
    "validate": ActionText(
        "Hold Kubernetes manifests against schemas, policies and lint rules, with annotations at their lines.",
        "check-square",
        (_READ_SOURCES, _READ_ARTIFACTS, _COMMENT),
    ),
    "package": ActionText(
        "Pack a folder of Kubernetes manifests as an OCI artifact and push it.",
        "package",
        (_READ_SOURCES, _WRITE_ARTIFACTS),
    ),
    "sign": ActionText(
        "Sign an artifact's digest, with a key or as the identity of this job.",
        "edit-3",
        (_WRITE_ARTIFACTS, _IDENTITY),
    ),
    "attest": ActionText(
        "State something about an artifact, signed, beside it: provenance, a bill of materials, an approved plan.",
        "award",
        (_READ_SOURCES, _WRITE_ARTIFACTS, _IDENTITY),
    ),
    "diff": ActionText(
        "Show what would change between two sides, field by field: folders, artifacts, what is deployed, the cluster.",
        "git-pull-request",
        (_READ_SOURCES, _READ_ARTIFACTS, _COMMENT),
    ),
    "plan": ActionText(
        "Show what would change and how far that reaches, and keep it, to be approved and applied exactly.",
        "map",
        (_READ_SOURCES, _READ_ARTIFACTS, _COMMENT),
    ),
    "apply": ActionText(
        "Verify an artifact and apply it to a cluster, prune, and record what was applied.",
        "upload-cloud",
        (
            _READ_SOURCES,
            _READ_ARTIFACTS,
            ("packages: write", "with `deploy-record`, in its place"),
            ("id-token: write", "with `record-keyless`"),
            _COMMENT,
        ),
    ),
    "verify": ActionText(
        "Prove that an artifact is signed by whom it has to be, or that what runs in a cluster is that, and healthy.",
        "shield",
        (_READ_SOURCES, _READ_ARTIFACTS, _COMMENT),
    ),
    "wait": ActionText(
        "Wait until one very digest is applied and healthy, by the cluster or by its signed deploy records alone.",
        "clock",
        (_READ_SOURCES, _READ_ARTIFACTS),
    ),
    "promote": ActionText(
        "Carry an artifact, by its digest and with all that is signed about it, to where the next environment reads.",
        "chevrons-up",
        (_READ_SOURCES, _WRITE_ARTIFACTS),
    ),
    "rollback": ActionText(
        "Point an environment back at an artifact that was good, and hold it there.",
        "rewind",
        (_READ_SOURCES, _WRITE_ARTIFACTS),
    ),
}
ROOT = ActionText(
    "Publish Kubernetes manifests as signed OCI artifacts and deliver them: the whole chain of a gitless.yaml, or one"
    " stage of it.",
    "git-branch",
    (_READ_SOURCES, _WRITE_ARTIFACTS, _IDENTITY, _COMMENT),
)
COLOR = "blue"
AUTHOR = "gitless"

OWN_DEFAULTS = {("build", "to"): "rendered"}
"""Where an action has a default that the program has not: what is rendered does not belong into a job's log."""

ROOT_DESCRIPTIONS = {
    "from": "First stage of the chain; for diff and plan what there is: a folder, an artifact, live, deployed:CLUSTER;"
    " for promote what is promoted.",
    "to": "Last stage of the chain; for diff and plan what it is to become; for build the folder to write into; for"
    " promote and rollback where to.",
    "path": "For another command than run: the folder, file or artifact that it is about; sources in each line.",
    "ref": "For another command than run: the artifact, by its digest: oci://HOST/REPOSITORY@sha256:…",
    "repository": "Repository to publish to, such as ghcr.io/acme/shop, instead of the settings file's.",
}
"""Inputs of the action at the root that are about more than the chain."""
