"""What Tekton's tasks say beyond a stage's options: summaries, the parameters that matter first, and results."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.cli.application import COMMANDS
from tests.delivery.stage_inputs import STAGES, Input, inputs
from tests.delivery.stage_outputs import OUTPUTS, outputs

VERSION = "0.1"
IMAGE = "ghcr.io/gitless/gitless@sha256:" + "0" * 64
"""The image of every stage. No digest is known before an image is published: a release writes its own here."""
LEFT_OUT = frozenset({"comment"})
"""Inputs that nothing comes of in Tekton, where no pull request is at hand."""


RESULTS = OUTPUTS | {
    "IMAGE_URL": "Repository that was pushed to, without scheme and tag; a type hint for Tekton Chains.",
    "IMAGE_DIGEST": "Digest of what was pushed, sha256:HEX; a type hint for Tekton Chains.",
    "counts": "How many objects are created, updated and deleted.",
}
"""Every result by name: what it holds, without a line break at its end and shorter than 256 bytes."""
PROPERTIES = {"counts": ("created", "updated", "deleted")}
"""Results that are objects."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage in Tekton.

    Attributes:
        summary: one line.
        details: what else a reader of the catalog wants to know.
        first: the names of the inputs that matter most.
        defaults: where the task's default is not the program's.
        needs_source: whether there is nothing to do without the workspace ``source``.
    """

    name: str
    summary: str
    details: str
    first: tuple[str, ...]
    defaults: tuple[tuple[str, str], ...] = ()
    needs_source: bool = False

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The command's, those that matter first."""
        found = {given.name: given for given in inputs(self.name) if given.name not in LEFT_OUT}
        return tuple(found[name] for name in (*self.first, *(name for name in found if name not in self.first)))

    @property
    def results(self) -> tuple[str, ...]:
        """The command's outputs: one family of type hints for what was published, one object for what is counted."""
        found = dict.fromkeys(name for name in outputs(self.name) if name not in {"digest", "summary-file"})
        if PROPERTIES["counts"][0] in found:
            found = dict.fromkeys("counts" if name == "created" else name for name in found)
        hints = ("IMAGE_URL", "IMAGE_DIGEST") if "pushed" in found else ()
        return (*hints, *(name for name in found if name not in PROPERTIES["counts"]))

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
        ("path", "to", "values", "set", "renderer"), needs_source=True,
    ),
    Stage(
        "validate", "Hold manifests against schemas, policies and lint rules.",
        "A finding of severity error fails the task.",
        ("path", "kubernetes", "gates", "policies", "reports"), needs_source=True,
    ),
    Stage(
        "package", "Publish manifests as an OCI artifact.",
        "The same files give the same digest. Flux, oras and crane can pull it. Its results are type hints for Tekton"
        " Chains, which can sign and attest what this task published.",
        ("path", "repository", "tags", "revision", "source", "annotations", "push-if-changed"), needs_source=True,
    ),
    Stage(
        "sign", "Sign an artifact, by a key or as the identity of the service account.",
        "Leave this task out where Tekton Chains signs.",
        ("ref", "key", "password-file", "keyless", "identity-token-file"),
    ),
    Stage(
        "attest", "State something about an artifact, signed: provenance, a bill of materials, test results.",
        "Tekton Chains, which sees the whole run from outside, is the better witness of provenance: leave it to Chains"
        " where there is one.",
        ("ref", "type", "predicate", "path", "key", "password-file", "keyless"),
    ),
    Stage(
        "diff", "Show what would change, field by field.",
        "It succeeds whether anything changes or not: look at the result `changed` in `when`. Values of Secrets are"
        " never shown.",
        ("from", "to", "inventory", "namespace", "reports", "fail-on"),
    ),
    Stage(
        "plan", "Keep what would change, to be approved and applied exactly.",
        "With `save` the plan is a file in the workspace `source`, whose digest is the result `plan-digest`.",
        ("from", "to", "save", "inventory", "namespace", "keys", "verify-policy"),
    ),
    Stage(
        "apply", "Apply a signed artifact to a cluster, and prune what is gone from it.",
        "Everything is checked before the first write. Tags are refused unless `allow-tag` says otherwise.",
        ("ref", "inventory", "namespace", "keys", "verify-policy", "plan", "dry-run", "prune", "timeout", "allow-tag"),
        _TAGS_REFUSED,
    ),
    Stage(
        "verify", "Prove that what runs is what was signed, has not drifted, and is healthy.",
        "With `ref` that artifact alone is verified, without any cluster.",
        ("ref", "inventory", "namespace", "keys", "verify-policy", "timeout", "allow-tag"),
        _TAGS_REFUSED,
    ),
    Stage(
        "wait", "Wait until a cluster runs an artifact that it pulls by itself.",
        "By its API, or with `deployed` by its signed deploy records alone.",
        ("ref", "deployed", "record-keys", "timeout", "namespace", "kustomizations"),
    ),
    Stage(
        "promote", "Give an artifact, by its digest, the tag or repository of the next environment.",
        "Signatures and everything else beside it come along. What does not satisfy the trust policy is not promoted.",
        ("from", "to", "tags", "require-healthy", "min-age", "keys", "verify-policy", "record-keys"),
    ),
    Stage(
        "rollback", "Point a tag at an artifact that was good before, and hold it there.",
        "Nothing rolls forward until the lock is released.",
        ("ref", "to", "cluster", "reason", "lock", "release", "keys", "verify-policy", "record-keys", "signing-key"),
    ),
)  # fmt: skip


def stages() -> tuple[Stage, ...]:
    """Every stage whose command there is, in the order of the chain."""
    known = {stage.name: stage for stage in _ALL}
    return tuple(known[name] for name in STAGES if name in COMMANDS)
