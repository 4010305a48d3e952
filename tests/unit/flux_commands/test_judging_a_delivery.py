from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.model.artifact.reference import Repository
from pipeline.model.flux.views import Key, KustomizationView, SourceView
from pipeline.model.flux.waiting import Memory, State, Verdict, Wanted, judge_delivery, notes, remember, scope_of
from tests.unit.flux_commands.objects import (
    AFTER,
    BEFORE,
    OURS,
    UNKNOWN,
    condition,
    failed,
    kustomization_view,
    source_view,
)

WANTED = Wanted(repository=Repository("registry.example", "acme/shop"), digest=OURS)
SHOP = Key("apps", "shop")

Look = tuple[list[SourceView], list[KustomizationView]]


def judge(*looks: Look, wanted: Wanted = WANTED) -> Verdict:
    """Judge the last look, having seen the others before."""
    memory, verdict = Memory(), None
    for sources, kustomizations in looks:
        scope = scope_of(wanted, sources, kustomizations)
        memory = remember(memory, wanted, scope)
        verdict = judge_delivery(wanted, scope, memory)
    assert verdict is not None
    return verdict


def look(source: SourceView | None = None, *kustomizations: KustomizationView) -> Look:
    return ([source_view()] if source is None else [source], list(kustomizations) or [kustomization_view()])


def test_the_digest_in_source_and_kustomization_with_a_current_ready_is_delivered() -> None:
    assert judge(look()).state is State.DELIVERED


@pytest.mark.parametrize(
    ("source", "kustomization"),
    [
        (source_view(BEFORE), kustomization_view(BEFORE)),
        (source_view(), kustomization_view(BEFORE)),
        (source_view(), kustomization_view(BEFORE, conditions=[UNKNOWN])),
        (source_view(), kustomization_view(BEFORE, OURS, conditions=[UNKNOWN])),
        (source_view(), kustomization_view("", conditions=[])),
        (source_view(), kustomization_view(generation=2)),
        (source_view(), kustomization_view(OURS, AFTER)),
        (source_view(), kustomization_view(conditions=[UNKNOWN])),
        (source_view(BEFORE), kustomization_view()),
        (source_view(""), kustomization_view("", conditions=[])),
    ],
    ids=[
        "nobody has it yet",
        "ready speaks of the revision before",
        "it has begun, and not said with what",
        "it is being applied",
        "it is new",
        "the spec has changed since",
        "another one is being tried",
        "ready is open, and it was not seen ready before",
        "a source that was rolled back and will come forward again",
        "the source is new",
    ],
)
def test_whatever_lacks_a_part_of_the_proof_is_waited_for(source: SourceView, kustomization: KustomizationView) -> None:
    assert judge(look(source, kustomization)).state is State.WAITING


def test_a_later_pass_over_the_same_digest_does_not_take_the_delivery_back() -> None:
    passing = look(None, kustomization_view(conditions=[UNKNOWN]))

    assert judge(look(), passing).state is State.DELIVERED
    assert judge(look(), passing, look()).state is State.DELIVERED


def test_a_changed_spec_takes_the_delivery_back() -> None:
    assert judge(look(), look(None, kustomization_view(generation=2, conditions=[UNKNOWN]))).state is State.WAITING


def test_a_later_failure_takes_the_delivery_back() -> None:
    broken = look(None, kustomization_view(conditions=failed("HealthCheckFailed", "timeout waiting for: [Deployment]")))
    trying = look(None, kustomization_view(conditions=[UNKNOWN]))

    assert judge(look(), broken).state is State.FAILED
    assert judge(look(), broken, trying, wanted=replace(WANTED, keep_waiting=True)).state is State.WAITING


@pytest.mark.parametrize(
    "reason", ["BuildFailed", "ArtifactFailed", "HealthCheckFailed", "ReconciliationFailed", "PruneFailed"]
)
def test_a_failed_attempt_of_the_digest_is_the_end(reason: str) -> None:
    verdict = judge(look(None, kustomization_view(BEFORE, OURS, failed(reason))))

    assert verdict.state is State.FAILED
    assert verdict.reason == f"Kustomization apps/shop: {reason}: it broke"


def test_a_failed_attempt_is_waited_out_where_that_is_asked_for() -> None:
    wanted = replace(WANTED, keep_waiting=True)
    broken = look(None, kustomization_view(BEFORE, OURS, failed("ReconciliationFailed")))
    again = look(None, kustomization_view(BEFORE, OURS, [UNKNOWN]))

    assert judge(broken, wanted=wanted).state is State.WAITING
    assert judge(broken, again, look(), wanted=wanted).state is State.DELIVERED


def test_a_failure_of_the_revision_before_proves_nothing() -> None:
    verdict = judge(look(None, kustomization_view(BEFORE, conditions=failed("HealthCheckFailed"))))

    assert verdict.state is State.WAITING
    assert "has not tried the digest yet" in verdict.lines[0].message


def test_an_attempt_that_failed_before_it_was_recorded_is_known_by_what_reconciling_says() -> None:
    conditions = [
        condition("Reconciling", "True", "ProgressingWithRetry", f"Fetching manifests for revision main@{OURS}"),
        condition("Ready", "False", "ArtifactFailed", "kustomization path not found: stat /tmp/deploy"),
    ]

    assert judge(look(None, kustomization_view(BEFORE, conditions=conditions))).state is State.FAILED


def test_a_failure_of_an_earlier_spec_proves_nothing() -> None:
    stale = kustomization_view(BEFORE, OURS, failed("BuildFailed", generation=1), generation=2)

    assert judge(look(None, stale)).state is State.WAITING


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("DependencyNotReady", "dependency 'apps/database' is not ready"),
        ("Progressing", "Reconciliation in progress"),
        ("HealthCheckCanceled", "New reconciliation triggered by OCIRepository/apps/shop"),
        ("ArtifactFailed", "Source is not ready, artifact not found, retrying in 30s"),
    ],
)
def test_what_passes_by_itself_is_waited_for_and_shown(reason: str, message: str) -> None:
    verdict = judge(look(None, kustomization_view(BEFORE, OURS, [condition("Ready", "False", reason, message)])))

    assert verdict.state is State.WAITING
    assert message in verdict.lines[0].message


def test_a_stalled_kustomization_fails_whatever_it_tried() -> None:
    stalled = [
        condition("Ready", "False", "InvalidCELExpression", "no such field"),
        condition("Stalled", "True", "InvalidCELExpression", "no such field"),
    ]

    assert judge(look(None, kustomization_view(BEFORE, conditions=stalled))).state is State.FAILED


def test_a_source_that_moves_on_supersedes_even_what_was_not_applied_yet() -> None:
    waiting, later = kustomization_view(BEFORE), source_view(AFTER)

    verdict = judge(look(source_view(BEFORE), waiting), look(source_view(), waiting), look(later, waiting))

    assert verdict.state is State.SUPERSEDED
    assert verdict.reason.endswith(f"OCIRepository apps/shop has moved on to main@{AFTER}")


def test_a_kustomization_that_goes_on_to_another_revision_supersedes_though_the_source_was_missed() -> None:
    first = look(source_view(AFTER), kustomization_view(OURS, conditions=[UNKNOWN]))
    then = look(source_view(AFTER), kustomization_view(OURS, AFTER, [UNKNOWN]))

    assert judge(first).state is State.WAITING
    assert judge(first, then).state is State.SUPERSEDED


def test_a_rollback_to_a_digest_that_ran_before_is_waited_for() -> None:
    newer = kustomization_view(BEFORE)

    assert judge(look(source_view(BEFORE), newer), look(source_view(), newer)).state is State.WAITING
    assert judge(look(source_view(BEFORE), newer), look(source_view(), newer), look()).state is State.DELIVERED


def test_a_source_that_looked_when_asked_and_chose_another_supersedes() -> None:
    wanted = replace(WANTED, asked={("OCIRepository", SHOP): "now"})
    behind = kustomization_view(BEFORE)

    assert judge(look(source_view(BEFORE), behind), wanted=wanted).state is State.WAITING
    looked = source_view(BEFORE, status={"lastHandledReconcileAt": "now"})
    verdict = judge(look(looked, behind), wanted=wanted)
    assert verdict.state is State.SUPERSEDED
    assert "(tag main)" in verdict.reason


def test_an_old_failure_does_not_count_once_a_new_attempt_was_asked_for() -> None:
    wanted = replace(WANTED, asked={("Kustomization", SHOP): "now"})
    broken = failed("HealthCheckFailed")
    handled = {"lastHandledReconcileAt": "now"}

    assert judge(look(None, kustomization_view(BEFORE, OURS, broken)), wanted=wanted).state is State.WAITING
    again = kustomization_view(BEFORE, OURS, broken, status=handled)
    assert judge(look(None, again), wanted=wanted).state is State.FAILED


def test_what_is_suspended_fails_at_once_and_says_how_to_go_on() -> None:
    kustomization = judge(look(None, kustomization_view(BEFORE, spec={"suspend": True})))
    source = judge(look(source_view(BEFORE, spec={"suspend": True}), kustomization_view(BEFORE)))

    assert (kustomization.state, kustomization.lines[0].hint) == (
        State.FAILED,
        "gitless resume kustomization shop -n apps",
    )
    assert (source.state, source.lines[0].hint) == (State.FAILED, "gitless resume source oci shop -n apps")


def test_what_is_suspended_but_has_it_is_delivered() -> None:
    suspended = {"suspend": True}

    assert judge(look(source_view(spec=suspended), kustomization_view(spec=suspended))).state is State.DELIVERED


def test_a_source_pinned_to_another_digest_fails_at_once() -> None:
    pinned = source_view(BEFORE, spec={"ref": {"digest": BEFORE}})

    verdict = judge(look(pinned, kustomization_view(BEFORE)))

    assert verdict.state is State.FAILED
    assert f"pinned to {BEFORE}" in verdict.reason


def test_a_pinned_source_does_not_count_beside_one_that_is_not() -> None:
    pinned = source_view(BEFORE, name="pinned", spec={"ref": {"digest": BEFORE}})
    other = kustomization_view(BEFORE, name="other", spec={"sourceRef": {"kind": "OCIRepository", "name": "pinned"}})

    assert judge(([source_view(), pinned], [kustomization_view(), other])).state is State.DELIVERED


NEWS = condition("ArtifactOutdated", "True", "NewRevision", f"new revision 'main@{OURS}' for 'registry.example/shop'")


@pytest.mark.parametrize("reason", ["VerificationError", "OCIArtifactLayerOperationFailed"])
def test_a_source_that_refuses_the_digest_fails(reason: str) -> None:
    conditions = [NEWS, condition("Ready", "False", reason, "it will not do")]
    verdict = judge(look(source_view(BEFORE, *conditions), kustomization_view(BEFORE)))

    assert verdict.state is State.FAILED
    assert f"{reason}: it will not do" in verdict.reason


@pytest.mark.parametrize(
    "conditions",
    [
        [NEWS, condition("Ready", "False", "OCIArtifactPullFailed", "connection reset")],
        [NEWS, condition("Ready", "False", "NewRevision", f"new revision 'main@{OURS}'")],
        [condition("Ready", "False", "VerificationError", f"no signature of {AFTER}")],
        [NEWS, condition("Ready", "False", "VerificationError", "no signature", generation=7)],
    ],
    ids=["the registry is away", "it is being fetched", "it refuses another one", "it is about an earlier spec"],
)
def test_a_source_that_did_not_refuse_this_digest_is_waited_for(conditions: list[dict[str, Any]]) -> None:
    assert judge(look(source_view(BEFORE, *conditions), kustomization_view(BEFORE))).state is State.WAITING


def test_a_source_that_cannot_reach_the_registry_is_waited_for_and_shown() -> None:
    away = condition("Ready", "False", "OCIArtifactPullFailed", "connection refused")

    verdict = judge(look(source_view(BEFORE, away), kustomization_view(BEFORE)))

    assert verdict.state is State.WAITING
    assert "OCIArtifactPullFailed: connection refused" in verdict.lines[0].message


def test_a_stalled_source_fails() -> None:
    stalled = [
        condition("Stalled", "True", "URLInvalid", "the URL has a tag"),
        condition("Ready", "False", "URLInvalid", "the URL has a tag"),
    ]

    assert judge(look(source_view("", *stalled), kustomization_view(""))).state is State.FAILED


def test_all_kustomizations_must_have_it_and_each_is_told() -> None:
    late = kustomization_view(BEFORE, OURS, [UNKNOWN], name="late")

    verdict = judge(look(None, late, kustomization_view()))

    assert verdict.state is State.WAITING
    assert [(line.kustomization.name, line.state) for line in verdict.lines] == [
        ("late", State.WAITING),
        ("shop", State.DELIVERED),
    ]


def test_one_failure_ends_the_wait_for_the_others() -> None:
    late = kustomization_view(BEFORE, OURS, [UNKNOWN], name="late")
    broken = kustomization_view(BEFORE, OURS, failed("BuildFailed"), name="broken")

    verdict = judge(look(None, late, broken, kustomization_view()))

    assert verdict.state is State.FAILED
    assert verdict.reason.startswith("Kustomization apps/broken")


def test_only_the_named_kustomizations_count() -> None:
    late = kustomization_view(BEFORE, name="late")

    assert judge(look(None, late, kustomization_view()), wanted=replace(WANTED, kustomizations=("shop",))).state is (
        State.DELIVERED
    )


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (([], [kustomization_view(BEFORE)]), "OCIRepository apps/shop is gone"),
        (([source_view()], []), "it is gone"),
        (look(source_view(BEFORE, spec={"url": "oci://registry.example/other"})), "reads something else"),
        (
            look(None, kustomization_view(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})),
            "it is being deleted",
        ),
        (
            look(source_view(BEFORE, metadata={"deletionTimestamp": "x"}), kustomization_view(BEFORE)),
            "OCIRepository apps/shop is being deleted",
        ),
    ],
)
def test_what_goes_away_meanwhile_fails(after: Look, told: str) -> None:
    verdict = judge(look(source_view(BEFORE), kustomization_view(BEFORE)), after)

    assert verdict.state is State.FAILED
    assert told in verdict.reason


def test_sources_of_other_repositories_and_kinds_do_not_count() -> None:
    other = source_view(name="other", spec={"url": "oci://registry.example/acme/shop2"})
    git = kustomization_view(name="git", spec={"sourceRef": {"kind": "GitRepository", "name": "shop"}})
    elsewhere = kustomization_view(name="elsewhere", spec={"sourceRef": {"kind": "OCIRepository", "name": "other"}})

    scope = scope_of(WANTED, [source_view(), other], [kustomization_view(), git, elsewhere])

    assert (list(scope.sources), [item.key for item in scope.kustomizations]) == ([SHOP], [SHOP])


def test_the_host_is_compared_in_lower_case_and_a_slash_at_the_end_does_not_count() -> None:
    written = source_view(spec={"url": "oci://Registry.Example/acme/shop/"})

    assert judge(look(written)).state is State.DELIVERED


def test_a_source_in_another_namespace_is_found_by_its_reference() -> None:
    source = source_view(namespace="flux-system")
    using = kustomization_view(
        spec={"sourceRef": {"kind": "OCIRepository", "name": "shop", "namespace": "flux-system"}}
    )

    assert judge(([source], [using])).state is State.DELIVERED


def test_nothing_at_all_is_waited_for() -> None:
    assert judge(([], [])).state is State.WAITING


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"tag": "main"}, "selects tag main: it takes the digest only once that tag points at it"),
        ({}, "selects tag latest: it takes"),
        ({"semver": ">=2.0.0"}, "selects semver >=2.0.0, which 1.4.0 is not among"),
        ({"semver": ">=1.0.0", "semverFilter": "-prod$"}, "which 1.4.0 is not among"),
        ({"semver": ">=1.0.0"}, ""),
        ({"semver": "not a range"}, ""),
        ({"tag": "1.4.0"}, ""),
        ({"digest": OURS, "tag": "main"}, ""),
    ],
)
def test_a_reference_that_does_not_select_the_tag_is_told(reference: dict[str, Any], expected: str) -> None:
    wanted = replace(WANTED, tag="1.4.0")
    scope = scope_of(wanted, [source_view(BEFORE, spec={"ref": reference})], [kustomization_view(BEFORE)])

    told = "\n".join(notes(wanted, scope))

    assert expected in told
    assert bool(told) is bool(expected)


def test_a_kustomization_that_does_not_wait_for_health_is_told() -> None:
    scope = scope_of(WANTED, [source_view()], [kustomization_view(spec={"wait": False})])

    assert "neither waits nor has health checks" in notes(WANTED, scope)[0]
    assert "does not wait for health" in judge_delivery(WANTED, scope).lines[0].message
    checked = kustomization_view(spec={"wait": False, "healthChecks": [{"kind": "Deployment"}]})
    assert notes(WANTED, scope_of(WANTED, [source_view()], [checked])) == ()
