from __future__ import annotations

from typing import Any

from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.validation.finding import Checked, Finding, Rule, Severity
from pipeline.model.validation.options import ValidationOptions
from pipeline.model.validation.suppressing import apply_settings

WHY = "the vendor publishes no digest"
KEY = "ignore.gitless.dev/image-digest"
RULE = Rule(id="image-digest", gate="lint", title="x", reason="x", fix="x", severity=Severity.WARNING)


def workload(kind: str, name: str, own: dict[str, str], template: dict[str, str]) -> Resource:
    made: dict[str, Any] = {"template": {"metadata": {"annotations": template}}}
    spec = {"jobTemplate": {"spec": made}} if kind == "CronJob" else made
    group = "batch/v1" if kind == "CronJob" else "apps/v1"
    body = {"apiVersion": group, "kind": kind, "metadata": {"name": name, "annotations": own}, "spec": spec}
    return Resource.from_body(body)


def settled(*resources: Resource, found_at: str = "") -> tuple[Finding, ...]:
    findings = tuple(
        Finding(gate="lint", rule="image-digest", severity=Severity.WARNING, message="x", object_id=resource.id)
        for resource in resources
        if resource.id.name == found_at
    )
    checked = Checked(gate="lint", objects=len(resources), findings=findings, rules=(RULE,))
    return apply_settings(checked, ValidationOptions(), Manifests.of(resources)).findings


def test_an_annotation_on_the_template_of_the_pods_holds_for_the_object_that_makes_them() -> None:
    for kind in ("Deployment", "CronJob"):
        (found,) = settled(workload(kind, "web", {}, {KEY: WHY}), found_at="web")

        assert found.suppression is not None
        assert found.suppression.reason == WHY


def test_what_is_wrong_with_one_on_the_template_is_told_there() -> None:
    (unused,) = settled(workload("CronJob", "web", {}, {KEY: WHY}))
    (empty,) = settled(workload("Deployment", "web", {}, {KEY: ""}))

    assert unused.rule == "suppression-unused"
    assert unused.path == f"spec.jobTemplate.spec.template.metadata.annotations[{KEY}]"
    assert empty.rule == "suppression-reason"
    assert empty.path == f"spec.template.metadata.annotations[{KEY}]"


def test_the_same_on_the_object_and_on_its_template_is_one_suppression() -> None:
    (found,) = settled(workload("Deployment", "web", {KEY: WHY}, {KEY: WHY}))

    assert found.path == f"metadata.annotations[{KEY}]"
    assert found.message == "the suppression of image-digest matches no finding"


def test_the_same_on_many_objects_is_told_once_if_it_is_of_no_use_at_some() -> None:
    many = [workload("Deployment", name, {KEY: WHY}, {KEY: WHY}) for name in ("api", "queue", "web")]

    suppressed, unused = settled(*many, found_at="queue")

    assert suppressed.suppression is not None
    assert unused.message == "the suppression of image-digest matches no finding at 2 of the 3 objects that have it"
    assert unused.object_id == ObjectId("apps", "Deployment", "", "api")


def test_the_same_rule_for_another_reason_is_another_suppression() -> None:
    first = workload("Deployment", "api", {KEY: WHY}, {})
    second = workload("Deployment", "web", {KEY: "another vendor without digests"}, {})

    found = settled(first, second)

    assert [item.message for item in found] == ["the suppression of image-digest matches no finding"] * 2
