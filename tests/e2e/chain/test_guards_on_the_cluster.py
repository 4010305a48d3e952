"""What others changed, own or claim in the cluster: found by verify, refused by apply, taken only when asked to."""

from __future__ import annotations

import pytest

from tests.e2e.chain.conftest import Document, Project

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

UNVERIFIED, REFUSED = 7, 9


def deployment(project: Project, replicas: int = 2) -> Document:
    labels = {"app": "web"}
    containers = [{"name": "main", "image": "shop.example/main:1"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": project.name, "labels": {"tier": "front"}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def test_drift_is_named_with_its_field_and_manager_and_repaired_by_the_next_apply(project: Project) -> None:
    project.write(deployment(project))
    project.run()
    project.kubectl("scale", "deployment", "web", "--replicas=3")
    project.kubectl("label", "deployment", "web", "tier=back", "--overwrite", "--field-manager=somebody")

    drifted = project.verify("--no-wait")
    assert drifted.code == UNVERIFIED, drifted
    for words in ("Deployment.apps", "spec.replicas", "kubectl", "metadata.labels.tier", "somebody"):
        assert words in drifted.out

    refused = project.gitless("run", "--target", "staging")
    assert refused.code == REFUSED, refused
    assert "kubectl owns .spec.replicas; somebody owns .metadata.labels.tier" in refused.out
    project.run("--force-conflicts")
    assert project.verify("--no-wait").code == 0
    assert (
        project.kubectl("get", "deployment", "web", "-ojsonpath={.spec.replicas} {.metadata.labels.tier}") == "2 front"
    )


def test_a_deletion_behind_our_back_is_drift_and_repaired(project: Project) -> None:
    project.write(project.settings(), project.settings("other"))
    project.run()
    project.kubectl("delete", "configmap", "other")

    drifted = project.verify("--no-wait")
    assert drifted.code == UNVERIFIED, drifted
    assert f"ConfigMap {project.name}/other" in drifted.out
    project.run()
    assert set(project.objects()) == {"ConfigMap/settings", "ConfigMap/other"}


def test_a_field_of_another_manager_is_refused_by_name_and_taken_when_forced(project: Project) -> None:
    project.write(project.settings(color="blue"), project.settings("other"))
    project.run()
    inventory = project.inventory()
    patch = '{"data": {"color": "theirs"}}'
    project.kubectl("patch", "configmap", "settings", "--type=merge", f"-p={patch}", "--field-manager=their-tool")
    project.write(project.settings(color="green"), project.settings("other", color="red"), project.settings("new"))
    reference = project.publish()

    conflict = project.apply(reference)

    assert (conflict.code, conflict.out) == (REFUSED, ""), conflict
    for words in ("their-tool", "data.color", f"ConfigMap {project.name}/settings", "--force-conflicts"):
        assert words in conflict.err
    assert colors(project) == {"settings": "theirs", "other": "blue"}
    assert project.inventory() == inventory
    assert project.apply(reference, "--force-conflicts").code == 0
    assert colors(project) == {"settings": "green", "other": "red", "new": "blue"}


def colors(project: Project) -> dict[str, str]:
    return {item["metadata"]["name"]: item["data"]["color"] for item in project.objects().values()}


FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
HELM = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "front"}


@pytest.mark.parametrize(
    ("place", "marks", "owner"),
    [
        ("label", FLUX, "Flux Kustomization flux-system/apps"),
        ("annotate", HELM, "Helm release front/web"),
    ],
)
def test_what_belongs_to_another_is_refused_and_taken_over_when_asked(
    project: Project, place: str, marks: dict[str, str], owner: str
) -> None:
    project.kubectl("create", "configmap", "settings", "--from-literal=size=large")
    project.kubectl(place, "configmap", "settings", *(f"{key}={value}" for key, value in marks.items()))
    project.write(project.settings(), project.settings("new"))
    reference = project.publish()

    foreign = project.apply(reference)

    assert (foreign.code, foreign.out) == (REFUSED, ""), foreign
    for words in (owner, f"ConfigMap {project.name}/settings", "--take-ownership"):
        assert words in foreign.err
    assert "new" not in project.kubectl("get", "configmaps")
    assert "gitless-inventory" not in project.kubectl("get", "configmaps")
    taken = project.apply(reference, "--take-ownership")
    assert taken.code == 0, taken
    assert colors(project) == {"settings": "blue", "new": "blue"}


def test_what_belongs_to_another_inventory_is_refused_and_moves_when_asked(project: Project) -> None:
    project.write(project.settings())
    first = project.gitless("run", "--target", "staging", "--inventory", "another")
    assert first.code == 0, first
    project.write(project.settings(color="green"))
    reference = project.publish()

    foreign = project.apply(reference)

    assert (foreign.code, foreign.out) == (REFUSED, ""), foreign
    assert f"gitless inventory {project.name}/another" in foreign.err
    assert project.objects() == {}
    assert project.apply(reference, "--take-ownership").code == 0
    assert colors(project) == {"settings": "green"}
    # The one it was taken from lets it go, and does not delete it.
    project.write(project.settings("rest"))
    assert project.gitless("run", "--target", "staging", "--inventory", "another").code == 0
    assert colors(project) == {"settings": "green"}
