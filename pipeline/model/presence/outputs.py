"""The outputs of a step: short texts for the steps after it, by the names that CI users know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import Result
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.attest import AttestResult
from pipeline.model.outcome.attestations import AttestationsResult
from pipeline.model.outcome.build import BuildResult
from pipeline.model.outcome.copy import CopyResult
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.outcome.image import ImageResult
from pipeline.model.outcome.image_build import ImageBuildResult
from pipeline.model.outcome.image_push import ImagePushResult
from pipeline.model.outcome.images_check import ImagesCheckResult
from pipeline.model.outcome.images_lock import ImagesLockResult
from pipeline.model.outcome.images_update import ImagesUpdateResult
from pipeline.model.outcome.matrix import MatrixResult
from pipeline.model.outcome.package import PackageResult
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.outcome.promote import PromoteResult
from pipeline.model.outcome.pull import PullResult
from pipeline.model.outcome.rollback import RollbackResult
from pipeline.model.outcome.run import RunResult
from pipeline.model.outcome.sign import SignResult
from pipeline.model.outcome.tag import TagResult
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import VerifyResult
from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.outcome.wait import WaitResult
from pipeline.model.plan import Action, Plan
from pipeline.model.validation.finding import Severity

_Pairs = Iterator[tuple[str, Any]]


def outputs_of(result: Result) -> dict[str, str]:
    """What this result knows of ``digest``, ``changed``, ``verified`` and so on; what is empty has no name.

    Booleans are ``true`` and ``false``. ``digest`` is there also where nothing was pushed.
    """
    return {name: _text(value) for name, value in (*_pairs(result), *_image(result)) if value not in ("", None)}


def _pairs(result: Result) -> _Pairs:
    match result:
        case PackageResult() | SignResult() | AttestResult() | AttestationsResult() | CopyResult() | TagResult():
            yield from _published(result)
        case PlanResult():
            yield from _differing(result.diff)
            yield from (("plan-file", result.file), ("plan-digest", result.digest))
        case DiffResult():
            yield from _differing(result)
        case ApplyResult():
            yield from (("digest", result.digest), ("digest-url", result.digest_url))
            yield from _changed(result.plan, is_changed=not result.plan.is_empty)
        case VerifyResult():
            yield from _artifact(result.artifact)
            yield "verified", result.is_verified
        case VerifyArtifactResult() | PullResult():
            yield from _artifact(result.artifact)
            yield "verified", isinstance(result, VerifyArtifactResult) or bool(result.signatures)
        case ValidateResult():
            yield from (("passed", result.is_passed), ("errors", result.count(Severity.ERROR)))
            yield "warnings", result.count(Severity.WARNING)
        case BuildResult():
            yield "manifests-file", result.file
        case _:
            yield from _ended(result)


def _ended(result: Result) -> _Pairs:
    match result:
        case WaitResult():
            yield from _artifact(result.artifact)
            yield "delivered", result.outcome == "delivered"
        case MatrixResult():
            yield from (("matrix", result.matrix), ("any", bool(result.entries)))
        case PromoteResult() | RollbackResult():
            yield from _artifact(result.target)
            yield from (("tag", result.target.tag or ""), ("changed", result.is_changed))
        case _:
            yield from _others(result)


def _others(result: Result) -> _Pairs:
    match result:
        case ImagesLockResult() | ImagesUpdateResult():
            yield "changed", result.is_changed
        case ImagesCheckResult():
            yield "changed", bool(result.problems)
        case RunResult():
            yield from (("digest", result.digest_url.rpartition("@")[2]), ("digest-url", result.digest_url))
            yield "tag", result.tags.tags[0].tag if result.tags and result.tags.tags else ""


def _published(
    result: PackageResult | SignResult | AttestResult | AttestationsResult | CopyResult | TagResult,
) -> _Pairs:
    yield from _artifact(result.target if isinstance(result, CopyResult) else result.artifact)
    match result:
        case PackageResult():
            yield from (("tag", next(iter(result.tags), "")), ("pushed", result.pushed))
        case CopyResult():
            yield "tag", next(iter(result.tags), "")
        case TagResult():
            yield "tag", next((moved.tag for moved in result.tags), "")
        case SignResult():
            yield "signature-digest", result.signature_digest
        case AttestResult():
            yield "attestation-digest", result.attestation_digest
        case AttestationsResult():
            # One name, several manifests: in the order in which the settings have them.
            yield "attestation-digest", ",".join(made.attestation_digest for made in result.attestations)


def _image(result: Result) -> _Pairs:
    match result:
        case ImageBuildResult():
            yield from (("image", result.image), ("image-id", result.image_id))
        case ImagePushResult():
            yield from _artifact(result.artifact)
            yield from (("image", result.image.pinned), ("tag", result.image.tag), ("pushed", True))
        case ImageResult():
            # Digest and tag are those of the artifact that a later stage publishes.
            yield "images", result.references


def _artifact(artifact: PinnedReference | None) -> _Pairs:
    if artifact is not None:
        yield from (("digest", artifact.digest), ("digest-url", artifact.digest_url))


def _differing(result: DiffResult) -> _Pairs:
    yield from _artifact(result.after.artifact or result.before.artifact)
    yield from _changed(result.plan, is_changed=result.is_different)


def _changed(plan: Plan, *, is_changed: bool) -> _Pairs:
    # A generated object under a new name is an update, as in every report: nobody is to be asked about a deletion.
    yield "changed", is_changed
    yield "created", plan.count(Action.CREATE) - plan.renames
    yield "updated", plan.count(Action.CONFIGURE) + plan.count(Action.RECREATE) + plan.renames
    yield "deleted", plan.count(Action.PRUNE) - plan.replaced


def _text(value: Any) -> str:  # noqa: ANN401 - texts, numbers and booleans
    return str(value).lower() if isinstance(value, bool) else str(value)
