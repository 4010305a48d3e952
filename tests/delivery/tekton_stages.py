"""What Tekton's tasks say beyond a stage's options: summaries, the parameters that matter first, and results."""

from __future__ import annotations

from dataclasses import dataclass

from tests.delivery.stage_inputs import STAGES, Input, inputs

VERSION = "0.1"
IMAGE = "ghcr.io/gitless/gitless@sha256:" + "0" * 64
"""The image of every stage. No digest is known before an image is published: a release writes its own here."""
LEFT_OUT = frozenset({"comment"})
"""Inputs that nothing comes of in Tekton, where no pull request is at hand."""

_ARTIFACT = (
    "Artifact by its digest, such as the result digest-url of gitless-package: oci://HOST/REPOSITORY@sha256:DIGEST."
)
_SIDE = "A folder or file, an artifact, live (the cluster), or deployed:CLUSTER (its signed deploy records)."
_DIGEST_URL = "The artifact by its digest: oci://HOST/REPOSITORY@sha256:DIGEST."
_FINDINGS = ("passed", "errors", "warnings", "report-file")
_CHANGES = ("changed", "counts", "digest-url", "report-file")

ARGUMENTS: dict[tuple[str, str], str] = {
    ("build", "path"): "Folders or files to render: plain manifests, a kustomization or a Helm chart.",
    ("validate", "path"): "Folder, file or artifact to validate; otherwise the sources of gitless.yaml.",
    ("package", "path"): "Folder or file to publish.",
    ("package", "repository"): "Where to: oci://HOST/REPOSITORY[:TAG].",
    ("sign", "ref"): _ARTIFACT,
    ("attest", "ref"): _ARTIFACT,
    ("diff", "from"): f"What there is. {_SIDE}",
    ("diff", "to"): f"What is to be. {_SIDE}",
    ("plan", "from"): f"What there is. {_SIDE}",
    ("plan", "to"): f"What is to be. {_SIDE}",
    ("apply", "ref"): f"{_ARTIFACT} Empty where `plan` says what to apply.",
    ("verify", "ref"): f"{_ARTIFACT} Empty: what runs in the cluster.",
    ("wait", "ref"): _ARTIFACT,
    ("promote", "from"): _ARTIFACT,
    ("promote", "to"): "Where to: oci://HOST/REPOSITORY[:TAG].",
}
"""Descriptions of what is an argument of the command."""

RESULTS = {
    "IMAGE_URL": "Repository that was pushed to, without scheme and tag; a type hint for Tekton Chains.",
    "IMAGE_DIGEST": "Digest of what was pushed, sha256:HEX; a type hint for Tekton Chains.",
    "digest-url": _DIGEST_URL,
    "tag": "The first tag that points at it; empty where there is none.",
    "pushed": "true, or false where the registry had it already.",
    "signature-digest": "Digest of the manifest that carries the signature.",
    "attestation-digest": "Digest of the manifest that carries the statement.",
    "passed": "true where no gate found an error, or false.",
    "errors": "Number of findings of severity error.",
    "warnings": "Number of findings of severity warning.",
    "changed": "true where anything would change or has changed, or false.",
    "counts": "How many objects are created, updated and deleted.",
    "plan-file": "Path of the saved plan in the workspace source; empty where it is not saved.",
    "plan-digest": "Digest of the saved plan, which approvals are about; empty where it is not saved.",
    "verified": "true or false.",
    "report-file": "Paths of the reports, separated by commas; empty where there is none.",
}
"""Every result, without a line break at its end and shorter than 256 bytes."""
PROPERTIES = {"counts": ("created", "updated", "deleted")}
"""Results that are objects."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage in Tekton.

    Attributes:
        summary: one line.
        details: what else a reader of the catalog wants to know.
        first: the names of the inputs that matter most.
        results: names of :data:`RESULTS`.
        defaults: where the task's default is not the program's.
        needs_source: whether there is nothing to do without the workspace ``source``.
    """

    name: str
    summary: str
    details: str
    first: tuple[str, ...]
    results: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    needs_source: bool = False

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The command's, those that matter first."""
        found = {given.name: given for given in inputs(self.name) if given.name not in LEFT_OUT}
        return tuple(found[name] for name in (*self.first, *(name for name in found if name not in self.first)))

    @property
    def names(self) -> frozenset[str]:
        """The inputs' names."""
        return frozenset(given.name for given in self.inputs)

    @property
    def writes(self) -> bool:
        """Whether it may write into the workspace ``source``."""
        return bool(self.names & {"reports", "save"}) or self.name == "build"


_TAGS_REFUSED = (("allow-tag", "false"),)
_ALL = (
    Stage(
        "build", "Render plain manifests, kustomizations and Helm charts into one stream.",
        "The same input gives the same bytes on every machine. With `to` the result is DIRECTORY/manifests.yaml in the"
        " workspace; otherwise it is in the log.",
        ("path", "to", "values", "sets", "renderer"), needs_source=True,
    ),
    Stage(
        "validate", "Hold manifests against schemas, policies and lint rules.",
        "A finding of severity error fails the task.",
        ("path", "kubernetes", "gates", "policies", "reports"), _FINDINGS, needs_source=True,
    ),
    Stage(
        "package", "Publish manifests as an OCI artifact.",
        "The same files give the same digest. Flux, oras and crane can pull it. Its results are type hints for Tekton"
        " Chains, which can sign and attest what this task published.",
        ("path", "repository", "tags", "revision", "source", "annotations", "push-if-changed"),
        ("IMAGE_URL", "IMAGE_DIGEST", "digest-url", "tag", "pushed"), needs_source=True,
    ),
    Stage(
        "sign", "Sign an artifact, by a key or as the identity of the service account.",
        "Leave this task out where Tekton Chains signs.",
        ("ref", "key", "password-file", "keyless", "identity-token-file"), ("signature-digest", "digest-url"),
    ),
    Stage(
        "attest", "State something about an artifact, signed: provenance, a bill of materials, test results.",
        "Tekton Chains, which sees the whole run from outside, is the better witness of provenance: leave it to Chains"
        " where there is one.",
        ("ref", "type", "predicate", "path", "key", "password-file", "keyless"),
        ("attestation-digest", "digest-url"),
    ),
    Stage(
        "diff", "Show what would change, field by field.",
        "It succeeds whether anything changes or not: look at the result `changed` in `when`. Values of Secrets are"
        " never shown.",
        ("from", "to", "inventory", "namespace", "reports", "exit-code"), _CHANGES,
    ),
    Stage(
        "plan", "Keep what would change, to be approved and applied exactly.",
        "With `save` the plan is a file in the workspace `source`, whose digest is the result `plan-digest`.",
        ("from", "to", "save", "inventory", "namespace", "keys", "verify-policy"),
        ("changed", "counts", "plan-digest", "plan-file", "digest-url", "report-file"),
    ),
    Stage(
        "apply", "Apply a signed artifact to a cluster, and prune what is gone from it.",
        "Everything is checked before the first write. Tags are refused unless `allow-tag` says otherwise.",
        ("ref", "inventory", "namespace", "keys", "verify-policy", "plan", "dry-run", "prune", "timeout", "allow-tag"),
        _CHANGES, _TAGS_REFUSED,
    ),
    Stage(
        "verify", "Prove that what runs is what was signed, has not drifted, and is healthy.",
        "With `ref` that artifact alone is verified, without any cluster.",
        ("ref", "inventory", "namespace", "keys", "verify-policy", "timeout", "allow-tag"),
        ("verified", "digest-url", "report-file"), _TAGS_REFUSED,
    ),
    Stage(
        "wait", "Wait until a cluster runs an artifact that it pulls by itself.",
        "By its API, or with `deployed` by its signed deploy records alone.",
        ("ref", "deployed", "record-keys", "timeout", "namespace", "kustomizations"),
    ),
)  # fmt: skip


def stages() -> tuple[Stage, ...]:
    """Every stage whose command there is, in the order of the chain."""
    known = {stage.name: stage for stage in _ALL}
    return tuple(known[name] for name in STAGES if name in known)
