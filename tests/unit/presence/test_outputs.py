from __future__ import annotations

import pytest

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.flux.waiting import State, Verdict
from pipeline.model.images.writing import PinnedImage
from pipeline.model.manifests import Manifests, ObjectId, Origin
from pipeline.model.outcome import Result
from pipeline.model.outcome.attest import AttestResult
from pipeline.model.outcome.attestations import AttestationsResult
from pipeline.model.outcome.build import BuildResult
from pipeline.model.outcome.copy import CopyCounts, CopyResult
from pipeline.model.outcome.image import ImageResult
from pipeline.model.outcome.image_build import ImageBuildResult
from pipeline.model.outcome.image_push import ImagePushResult
from pipeline.model.outcome.matrix import MatrixEntry, MatrixResult
from pipeline.model.outcome.package import PackageResult
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.outcome.promote import PromoteResult
from pipeline.model.outcome.pull import PullResult
from pipeline.model.outcome.rollback import RollbackResult
from pipeline.model.outcome.run import RunResult
from pipeline.model.outcome.sign import SignResult
from pipeline.model.outcome.tag import MovedTag, TagResult
from pipeline.model.outcome.wait import WaitResult
from pipeline.model.plan import Action, Change
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.presence.annotations import annotations_of
from pipeline.model.presence.outputs import outputs_of
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.validation.finding import Severity
from tests.unit.markdown.support import (
    ARTIFACT,
    DIGEST,
    all_changes,
    applied,
    change,
    diff,
    hostile_obstacle,
    plan,
    validation,
    verified,
)

PLACE = {"digest": DIGEST, "digest-url": f"oci://ghcr.io/acme/shop@{DIGEST}"}
OTHER = "sha256:" + "e" * 64
STAGING = PinnedReference(ARTIFACT.repository, ARTIFACT.digest, "staging")


def package(*, pushed: bool = True, tags: tuple[str, ...] = ("1.1", "latest")) -> PackageResult:
    return PackageResult(
        artifact=ARTIFACT, tags=tags, pushed=pushed, content_digest=OTHER, size=1, files=1, created="", source="",
        revision="",
    )  # fmt: skip


def attestation(digest: str = OTHER) -> AttestResult:
    return AttestResult(artifact=ARTIFACT, predicate_type="x", attestation_digest=digest, signer="key", attested=True)


BUILT = ImageBuildResult(
    image="ghcr.io/acme/shop:1.1", image_id=OTHER, size=1, platform="linux/amd64", engine="docker 1", source="",
    revision="", created="",
)  # fmt: skip
PUSHED = ImagePushResult(
    image=PinnedImage(repository="ghcr.io/acme/shop", tag="1.1", digest=DIGEST),
    artifact=ARTIFACT,
    tags=("1.1",),
    size=1,
)


def delivery(state: State) -> WaitResult:
    return WaitResult(
        artifact=ARTIFACT, cluster="here", verdict=Verdict(state=state, reason="", lines=()), seconds=1.0, timeout=2.0
    )


RESULTS: list[tuple[Result, dict[str, str]]] = [
    (package(), {**PLACE, "tag": "1.1", "pushed": "true"}),
    (package(pushed=False, tags=()), {**PLACE, "pushed": "false"}),
    (
        SignResult(artifact=ARTIFACT, format=SignatureFormat.BUNDLE, signature_digest=OTHER, key_fingerprint="",
                   signed=True),
        {**PLACE, "signature-digest": OTHER},
    ),
    (BUILT, {"image": "ghcr.io/acme/shop:1.1", "image-id": OTHER}),
    (PUSHED, {**PLACE, "image": f"ghcr.io/acme/shop:1.1@{DIGEST}", "tag": "1.1", "pushed": "true"}),
    (
        ImageResult(((BUILT, PUSHED), (BUILT, PUSHED))),
        {"images": f"ghcr.io/acme/shop@{DIGEST},ghcr.io/acme/shop@{DIGEST}"},
    ),
    (attestation(), {**PLACE, "attestation-digest": OTHER}),
    (
        AttestationsResult(artifact=ARTIFACT, attestations=(attestation(), attestation(DIGEST))),
        {**PLACE, "attestation-digest": f"{OTHER},{DIGEST}"},
    ),
    (TagResult(artifact=ARTIFACT, tags=(MovedTag(tag="prod", previous=None),)), {**PLACE, "tag": "prod"}),
    (CopyResult(source=PinnedReference(Repository("a.test", "b"), OTHER), target=ARTIFACT, tags=("1",),
                counts=CopyCounts()), {**PLACE, "tag": "1"}),
    (
        PullResult(artifact=ARTIFACT, folder="x", files=1, size=1, left_out=(), created="", source="", revision=""),
        {**PLACE, "verified": "false"},
    ),
    (diff(*all_changes()), {**PLACE, "changed": "true", "created": "1", "updated": "3", "deleted": "1"}),
    (diff(), {**PLACE, "changed": "false", "created": "0", "updated": "0", "deleted": "0"}),
    (
        plan(),
        {**PLACE, "changed": "true", "created": "1", "updated": "3", "deleted": "1", "plan-file": "plan.json",
         "plan-digest": DIGEST},
    ),
    (applied(), {**PLACE, "changed": "true", "created": "1", "updated": "3", "deleted": "1"}),
    (verified(), {**PLACE, "verified": "false"}),
    (validation(), {"passed": "false", "errors": "2", "warnings": "1"}),
    (BuildResult(Manifests(()), file="rendered/manifests.yaml"), {"manifests-file": "rendered/manifests.yaml"}),
    (BuildResult(Manifests(())), {}),
    (
        PromoteResult(source=ARTIFACT, target=STAGING, tags=(MovedTag(tag="staging", previous=None),)),
        {**PLACE, "tag": "staging", "changed": "true"},
    ),
    (
        RollbackResult(target=STAGING, previous=OTHER, is_release=False, is_changed=False, lock=None),
        {**PLACE, "tag": "staging", "changed": "false"},
    ),
    (delivery(State.DELIVERED), {**PLACE, "delivered": "true"}),
    (delivery(State.WAITING), {**PLACE, "delivered": "false"}),
    (RunResult(name="shop", target="", digest_url=PLACE["digest-url"], stages=()), PLACE),
    (RunResult(name="shop", target="", digest_url="", stages=()), {}),
    (
        MatrixResult(since=OTHER, entries=(MatrixEntry(name="shop", file="a/gitless.yaml", target="staging"),)),
        {"matrix": '[{"name":"shop","file":"a/gitless.yaml","target":"staging"}]', "any": "true"},
    ),
    (MatrixResult(since=OTHER, entries=()), {"matrix": "[]", "any": "false"}),
]  # fmt: skip


@pytest.mark.parametrize(("result", "expected"), RESULTS, ids=lambda value: getattr(value, "kind", ""))
def test_outputs_are_what_each_stage_knows(result: Result, expected: dict[str, str]) -> None:
    assert outputs_of(result) == expected


def test_findings_stand_beside_their_lines_and_suppressed_ones_nowhere() -> None:
    found = annotations_of(validation())

    assert [(item.severity, item.title, item.file, item.line) for item in found] == [
        (Severity.ERROR, "later", "web.yaml", 30),
        (Severity.ERROR, "earlier", "web.yaml", 4),
        (Severity.WARNING, "minor", "web.yaml", 1),
        (Severity.WARNING, "odd: not evaluated", "", None),
    ]
    assert found[0].message == "Deployment.apps shop/web: has no digest (name one)"


def test_of_a_diff_obstacles_come_before_deletions_and_nothing_else_is_said() -> None:
    found = annotations_of(diff(*all_changes(), obstacles=(hostile_obstacle(""),)))

    assert [(item.severity, item.message) for item in found] == [
        (Severity.ERROR, "subject: problem"),
        (Severity.WARNING, "Deployment.apps shop/recreated will be deleted and created anew"),
        (Severity.WARNING, "Deployment.apps shop/pruned will be deleted"),
    ]


def test_a_deletion_that_takes_data_with_it_comes_first_with_its_place_and_once() -> None:
    claim = ObjectId("", "PersistentVolumeClaim", "shop", "data")
    deleted = change(Action.PRUNE, "old"), Change(Action.PRUNE, claim, "v1", origin=Origin("data.yaml", 7))
    radius = BlastRadius(objects=2, data_lost=(Touched(claim, "its volume goes with it"),))

    found = annotations_of(PlanResult(diff=diff(*deleted), radius=radius))

    assert [(item.title, item.message, item.file, item.line) for item in found] == [
        ("data lost", "PersistentVolumeClaim shop/data will be deleted (its volume goes with it)", "data.yaml", 7),
        ("deletion", "Deployment.apps shop/old will be deleted", "web.yaml", 3),
    ]


def test_a_generated_object_under_a_new_name_is_an_update_and_no_deletion() -> None:
    old, new = (ObjectId("", "ConfigMap", "shop", name) for name in ("env-5m7h", "env-b8f6"))
    renamed = diff(Change(Action.CREATE, new, "v1", renamed_from=old), Change(Action.PRUNE, old, "v1", renamed_to=new))

    found = outputs_of(renamed)
    assert {name: found[name] for name in ("changed", "created", "updated", "deleted")} == {
        "changed": "true", "created": "0", "updated": "1", "deleted": "0",
    }  # fmt: skip
    assert annotations_of(renamed) == ()


def test_a_plan_also_says_what_takes_data_with_it() -> None:
    titles = [item.title for item in annotations_of(plan())]

    assert titles == ["would be refused", "data lost", "deletion", "deletion"]


def test_what_is_not_verified_is_an_error() -> None:
    found = annotations_of(verified())

    assert [(item.severity, item.title) for item in found] == [
        (Severity.ERROR, "not healthy"),
        (Severity.ERROR, "drift"),
    ]


def test_results_that_nobody_waits_for_say_nothing() -> None:
    assert (annotations_of(package()), annotations_of(applied())) == ((), ())
