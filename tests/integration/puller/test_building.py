"""Every field of a Kustomization that says what is applied, from the artifact to the API server."""

from __future__ import annotations

import base64
import json

import pytest

from tests.reconciling import OWNER, World, condition, config_map, inventory, manifest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]

DEPLOYMENT = manifest(
    "Deployment",
    "web",
    spec={
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "example/web:1"}]},
        },
    },
)


def data(world: World, name: str = "settings") -> dict[str, str]:
    found = world.get("ConfigMap", name)
    assert found is not None
    content: dict[str, str] = found.get("data", {})
    return content


def test_status_says_what_was_applied_and_objects_say_by_whom(world: World) -> None:
    published = world.publish({"a.yaml": config_map()})
    world.source()
    world.kustomization()

    body = world.applied("app", published.digest)

    status = body["status"]
    assert status["lastAppliedRevision"] == status["lastAttemptedRevision"] == published.revision
    assert status["lastAppliedOriginRevision"] == f"main@sha1:{'0' * 40}"
    assert status["observedGeneration"] == body["metadata"]["generation"]
    assert status["inventory"]["entries"] == [{"id": f"{world.namespace}_settings__ConfigMap", "v": "v1"}]
    assert condition(body, "Ready")["reason"] == "ReconciliationSucceeded"
    assert condition(body, "Ready")["message"] == f"Applied revision: {published.revision}"
    assert status["history"][0]["lastReconciledStatus"] == "ReconciliationSucceeded"
    assert status["history"][0]["metadata"]["revision"] == published.revision
    assert body["metadata"]["finalizers"] == ["finalizers.fluxcd.io"]
    applied = world.get("ConfigMap", "settings")
    assert applied is not None
    assert applied["metadata"]["labels"] == {f"{OWNER}/name": "app", f"{OWNER}/namespace": world.namespace}
    managers = {(entry["manager"], entry["operation"]) for entry in applied["metadata"]["managedFields"]}
    assert managers == {("kustomize-controller", "Apply")}


def test_path_is_where_the_manifests_are(world: World) -> None:
    files = {"one/a.yaml": config_map("one"), "two/a.yaml": config_map("two")}

    body = world.deliver(files, path="./two")

    assert inventory(body) == {f"{world.namespace}_two__ConfigMap"}


def test_folders_without_a_kustomization_file_are_taken_whole(world: World) -> None:
    nested = "resources: [c.yaml]\nnamePrefix: own-\n"
    files = {
        "a.yaml": config_map("a"),
        "deep/b.yml": config_map("b"),
        "unit/kustomization.yaml": nested,
        "unit/c.yaml": config_map("c"),
        "ignored.json": json.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "ignored"}}),
    }

    body = world.deliver(files)

    assert {entry.split("_")[1] for entry in inventory(body)} == {"a", "b", "own-c"}


def test_an_artifact_without_manifests_is_applied_as_nothing(world: World) -> None:
    body = world.deliver({"README.md": "nothing here\n"})

    assert inventory(body) == set()


def test_prefix_suffix_namespace_and_common_metadata(world: World) -> None:
    body = world.deliver(
        {"a.yaml": config_map()},
        namePrefix="pre-",
        nameSuffix="-post",
        commonMetadata={"labels": {"team": "red"}, "annotations": {"note": "common"}},
    )

    assert inventory(body) == {f"{world.namespace}_pre-settings-post__ConfigMap"}
    applied = world.get("ConfigMap", "pre-settings-post")
    assert applied is not None
    assert applied["metadata"]["labels"]["team"] == "red"
    assert applied["metadata"]["annotations"]["note"] == "common"


def test_patches_and_images(world: World) -> None:
    world.deliver(
        {"a.yaml": config_map() + "---\n" + DEPLOYMENT},
        patches=[
            {"patch": "- {op: add, path: /data/size, value: large}", "target": {"kind": "ConfigMap"}},
            {"patch": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: green}\n"},
        ],
        images=[{"name": "example/web", "newName": "example/other", "newTag": "2"}],
    )

    assert data(world) == {"color": "green", "size": "large"}
    web = world.get("Deployment", "web")
    assert web is not None
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "example/other:2"


def test_spec_is_merged_into_the_artifacts_own_kustomization(world: World) -> None:
    own = "resources: [a.yaml]\nimages: [{name: example/web, newTag: '7'}]\nlabels: [{pairs: {own: 'yes'}}]\n"
    files = {"kustomization.yaml": own, "a.yaml": DEPLOYMENT, "unused.yaml": config_map()}

    body = world.deliver(files, images=[{"name": "example/web", "newName": "example/other"}])

    assert inventory(body) == {f"{world.namespace}_web_apps_Deployment"}
    web = world.get("Deployment", "web")
    assert web is not None
    assert web["metadata"]["labels"]["own"] == "yes"
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "example/other:7"


def test_components_and_missing_ones(world: World) -> None:
    component = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "patches: [{patch: '- {op: add, path: /data/by, value: component}', target: {kind: ConfigMap}}]\n"
    )
    files = {"base/a.yaml": config_map(), "parts/big/kustomization.yaml": component}

    world.deliver(files, path="./base", components=["../parts/big", "../parts/none"], ignoreMissingComponents=True)

    assert data(world) == {"color": "blue", "by": "component"}
    world.kustomization(path="./base", components=["../parts/big", "../parts/none"])
    assert "parts/none" in condition(world.failed("Kustomization", reason="BuildFailed"), "Ready")["message"]


def test_build_metadata(world: World) -> None:
    files = {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": config_map()}

    world.deliver(files, buildMetadata=["originAnnotations"])

    applied = world.get("ConfigMap", "settings")
    assert applied is not None
    assert "path: a.yaml" in applied["metadata"]["annotations"]["config.kubernetes.io/origin"]


def test_substitution_from_everywhere(world: World) -> None:
    world.put({"kind": "ConfigMap", "metadata": {"name": "vars"}, "data": {"one": "map", "two": "map"}})
    secret = {"two": base64.b64encode(b"secret").decode(), "three": base64.b64encode(b"secret").decode()}
    world.put({"kind": "Secret", "metadata": {"name": "vars"}, "data": secret})
    left_alone = manifest("ConfigMap", "alone", labels={f"{OWNER}/substitute": "disabled"}, data={"x": "${one}"})

    world.deliver(
        {"a.yaml": config_map(x="${one} ${two} ${three} ${four:-four} $${five}"), "b.yaml": left_alone},
        postBuild={
            "substitute": {"three": "spec"},
            "substituteFrom": [
                {"kind": "ConfigMap", "name": "vars"},
                {"kind": "Secret", "name": "vars"},
                {"kind": "Secret", "name": "missing", "optional": True},
            ],
        },
    )

    assert data(world) == {"x": "map secret spec four ${five}"}
    assert data(world, "alone") == {"x": "${one}"}


def test_substitution_is_strict_and_asks_for_what_is_named(world: World) -> None:
    world.publish({"a.yaml": config_map(x="${undefined}")})
    world.source()
    world.kustomization(postBuild={"substitute": {"other": "1"}})

    message = condition(world.failed("Kustomization", reason="BuildFailed"), "Ready")["message"]

    assert "undefined" in message
    world.kustomization(postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "missing"}]})
    world.until("Kustomization", "app", lambda body: "missing" in condition(body, "Ready").get("message", ""), "it")


def test_a_change_of_watched_variables_is_applied_at_once(world: World) -> None:
    metadata = {"name": "vars", "labels": {"reconcile.fluxcd.io/watch": "Enabled"}}
    world.put({"kind": "ConfigMap", "metadata": metadata, "data": {"one": "1"}})
    world.deliver(
        {"a.yaml": config_map(x="v${one}")}, postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "vars"}]}
    )

    world.put({"kind": "ConfigMap", "metadata": metadata, "data": {"one": "2"}})

    world.until("ConfigMap", "settings", lambda body: body["data"]["x"] == "v2", "the new value")


def test_without_variables_text_stays_as_it_is(world: World) -> None:
    world.deliver({"a.yaml": config_map(x="${one} $$")})

    assert data(world) == {"x": "${one} $$"}


@pytest.mark.parametrize(("strategy", "expected"), [("Always", "default $"), ("WithVariables", "${one:-default} $$")])
def test_substitution_strategy(world: World, strategy: str, expected: str) -> None:
    world.deliver({"a.yaml": config_map(x="${one:-default} $$")}, postBuild={"substituteStrategy": strategy})

    assert data(world) == {"x": expected}
