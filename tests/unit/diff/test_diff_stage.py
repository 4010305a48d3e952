from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema_rs

from pipeline.errors import RefusedError
from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.manifests import Manifests, ObjectId, Origin, Resource
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.plan import ABSENT, Action, Change, FieldChange, Plan
from pipeline.stages.diff import diff

OLD, NEW = "web-5k2fm8gt4h", "web-7bc5dh2g9k"
SCHEMA = json.loads(resources.files("pipeline.schemas").joinpath("diff-result.v1.json").read_text(encoding="utf-8"))


def config(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(config_name: str, namespace: str = "shop") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"volumes": [{"name": "config", "configMap": {"name": config_name}}]},
    }


def manifests(*bodies: dict[str, Any]) -> Manifests:
    return Manifests.of(Resource.from_body(body, Origin("a.yaml", 1)) for body in bodies)


def described(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action.value, change.object_id.name) for change in plan.changes]


def test_equal_sides_give_an_empty_plan_that_counts_what_is_equal() -> None:
    plan = diff(manifests(config("a"), config("b")), manifests(config("b"), config("a")))
    assert plan == Plan((), 2)
    assert plan.is_empty


def test_objects_are_created_configured_and_pruned_in_apply_order_with_prunes_last_and_reversed() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    before = manifests(role, config("gone"), config("kept", a="1"))
    after = manifests(pod("x"), config("kept", a="2"), config("new"))
    assert described(diff(before, after)) == [
        ("configure", "kept"),
        ("create", "new"),
        ("create", "web"),
        ("prune", "gone"),
        ("prune", "r"),
    ]


def test_the_content_of_created_and_pruned_objects_is_listed_only_on_request() -> None:
    before, after = manifests(config("gone", a="1")), manifests(config("new", b="2"))
    assert [change.fields for change in diff(before, after).changes] == [(), ()]
    assert [change.fields for change in diff(before, after, is_full=True).changes] == [
        (FieldChange("data.b", ABSENT, "2"),),
        (FieldChange("data.a", "1", ABSENT),),
    ]


def test_a_new_hash_is_a_rename_with_its_data_and_the_references_follow() -> None:
    plan = diff(manifests(config(OLD, a="1"), pod(OLD)), manifests(config(NEW, a="2"), pod(NEW)))
    created, configured, pruned = plan.changes
    old_id, new_id = ObjectId("", "ConfigMap", "shop", OLD), ObjectId("", "ConfigMap", "shop", NEW)
    assert (created.action, created.renamed_from) == (Action.CREATE, old_id)
    assert created.fields == (FieldChange("data.a", "1", "2"),)
    assert (pruned.action, pruned.renamed_to) == (Action.PRUNE, new_id)
    path = "spec.volumes[name=config].configMap.name"
    assert configured.fields == (FieldChange(path, OLD, NEW, follows=f"{OLD} → {NEW}"),)
    assert plan.renames == 1


def test_a_reference_in_another_namespace_does_not_follow_the_rename() -> None:
    plan = diff(manifests(config(OLD), pod(OLD, "other")), manifests(config(NEW), pod(NEW, "other")))
    assert [field.follows for change in plan.changes for field in change.fields] == [""]


def test_generated_names_of_other_namespaces_kinds_or_bases_are_no_renames() -> None:
    secret = config(NEW) | {"kind": "Secret"}
    for other in (config(NEW, namespace="other"), secret, config("api-7bc5dh2g9k"), config("web"), config("web-new")):
        assert diff(manifests(config(OLD)), manifests(other)).renames == 0


def test_several_generated_objects_of_one_base_are_paired_in_order_and_the_rest_is_created() -> None:
    before = manifests(config("web-22222bbbbb"), config("web-44444bbbbb"))
    after = manifests(config("web-55555bbbbb"), config("web-66666bbbbb"), config("web-77777bbbbb"))
    renamed = {change.object_id.name: change.renamed_from for change in diff(before, after).changes[:3]}
    assert [old.name if old else None for old in renamed.values()] == ["web-22222bbbbb", "web-44444bbbbb", None]


def test_every_kind_of_result_document_follows_the_published_schema() -> None:
    digest = "sha256:" + "0" * 64
    object_id = ObjectId("apps", "Deployment", "shop", "web")
    everything = Change(
        Action.RECREATE,
        object_id,
        "apps/v1",
        (FieldChange("a", 1, 2, manager="kubectl", is_drift=True), FieldChange("b", ["x"], ["y"], is_order=True)),
        "immutable",
    )
    plan = diff(
        manifests(config(OLD, a="1"), pod(OLD), config("gone")), manifests(config(NEW, b="2"), pod(NEW)), is_full=True
    )
    results = [
        DiffResult(before=Side(name="a"), after=Side(name="b"), plan=plan),
        DiffResult(
            before=Side(name="live", is_live=True),
            after=Side(
                name="oci://r/x:1",
                artifact=PinnedReference(Repository("r", "x"), digest),
                source="s",
                revision="r",
            ),
            plan=Plan((everything, Change(Action.SKIP, object_id, "apps/v1", reason="disabled")), 3),
            obstacles=(Obstacle("it", "is owned", "take it", RefusedError), Obstacle("it", "is owned")),
            notes=("note",),
        ),
        DiffResult(before=Side(name="a"), after=Side(name="b"), plan=Plan()),
    ]
    validator = jsonschema_rs.validator_for(SCHEMA)
    for result in results:
        document = json.loads(json.dumps(result.document()))
        assert [str(error) for error in validator.iter_errors(document)] == []
    assert [result.is_different for result in results] == [True, True, False]


def test_only_skipped_objects_are_no_difference_but_an_obstacle_is() -> None:
    skipped = Plan((Change(Action.SKIP, ObjectId("", "ConfigMap", "", "a"), "v1"),))
    result = DiffResult(before=Side(name="a"), after=Side(name="b"), plan=skipped)
    assert not result.is_different
    blocked = DiffResult(before=Side(name="a"), after=Side(name="b"), plan=skipped, obstacles=(Obstacle("a", "b"),))
    assert blocked.is_different
