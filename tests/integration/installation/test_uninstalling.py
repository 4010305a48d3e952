"""Taking the puller away from a real cluster: what it applied stays, whatever finalizers say."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest

from pipeline.model.flux.api import CONFIG_MAPS, FINALIZER, KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.installation.kinds import DEFINITION_TYPE, NAMESPACES
from pipeline.model.manifests import ObjectId
from pipeline.ports import ApiServer
from tests.flux_objects import kustomization, source
from tests.integration.installation.conftest import Gitless, Kubectl, apply_definitions, deployment

pytestmark = pytest.mark.cluster

DEFINITIONS = ("ocirepositories.source.toolkit.fluxcd.io", "kustomizations.kustomize.toolkit.fluxcd.io")


@pytest.fixture(autouse=True)
def _definitions_stay_for_others(api: ApiServer) -> Iterator[None]:
    yield
    deadline = time.monotonic() + 60
    while any(
        (live := api.read(DEFINITION_TYPE, "", name)) and live["metadata"].get("deletionTimestamp")
        for name in DEFINITIONS
    ):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    apply_definitions(api)


def applied(api: ApiServer, place: str) -> None:
    """A source, a Kustomization that prunes, and a ConfigMap that it has applied."""
    for kind, body in ((OCI_REPOSITORIES, source(place)), (KUSTOMIZATIONS, kustomization(place))):
        body["metadata"]["finalizers"] = [FINALIZER]
        api.create(kind, body, manager="flux")
    labels = {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": place}
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web", "namespace": place, "labels": labels},
    }
    api.create(CONFIG_MAPS, config, manager="kustomize-controller")
    status = {"status": {"inventory": {"entries": [{"id": f"{place}_web__ConfigMap", "v": "v1"}]}}}
    object_id = ObjectId(KUSTOMIZATIONS.group, KUSTOMIZATIONS.kind, place, "shop")
    api.merge_patch(KUSTOMIZATIONS, object_id, status, manager="kustomize-controller", subresource="status")


def gone(api: ApiServer, name: str) -> bool:
    live = api.read(DEFINITION_TYPE, "", name)
    return live is None or bool(live["metadata"].get("deletionTimestamp"))


def test_what_was_applied_goes_on_running(gitless: Gitless, api: ApiServer, place: str) -> None:
    assert gitless("install", "-n", place).code == 0
    applied(api, place)

    outcome = gitless("uninstall", "-n", place, "--silent", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert deployment(api, place) is None
    assert api.read(CONFIG_MAPS, place, "web") is not None
    assert {(item["kind"], item["name"]) for item in outcome.document["released"] if item["namespace"] == place} == {
        ("Kustomization", "shop"),
        ("OCIRepository", "shop"),
    }
    assert all(gone(api, name) for name in DEFINITIONS)
    # The namespace was there before; and the Kustomization's objects are in it.
    assert api.read(NAMESPACES, "", place) is not None


def test_nothing_is_left_of_a_namespace_of_our_own(gitless: Gitless, api: ApiServer, kubectl: Kubectl) -> None:
    place = "gitless-alone"
    assert gitless("install", "-n", place).code == 0
    live = api.read(NAMESPACES, "", place)
    assert live is not None
    assert live["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"

    assert gitless("uninstall", "-n", place, "-s").code == 0

    kubectl("wait", "--for=delete", f"namespace/{place}", "--timeout=60s")
    left = kubectl("get", "clusterroles,clusterrolebindings", "-l", f"app.kubernetes.io/instance={place}", "-o", "name")
    assert left.stdout == ""
    again = gitless("uninstall", "-n", place, "-s", "--keep-crds")
    assert (again.code, "Nothing to do" in again.out) == (0, True)


def test_keeping_definitions_keeps_the_objects_for_whoever_comes_next(
    gitless: Gitless, api: ApiServer, place: str
) -> None:
    assert gitless("install", "-n", place).code == 0
    applied(api, place)

    assert gitless("uninstall", "-n", place, "-s", "--keep-crds").code == 0

    live = api.read(KUSTOMIZATIONS, place, "shop")
    assert live is not None
    assert "finalizers" not in live["metadata"]
    assert live["status"]["inventory"]["entries"]


def test_a_dry_run_takes_nothing_away(gitless: Gitless, api: ApiServer, place: str) -> None:
    assert gitless("install", "-n", place).code == 0
    applied(api, place)

    outcome = gitless("uninstall", "-n", place, "--dry-run", "-o", "json")

    assert outcome.code == 0, outcome.err
    kinds = {change["kind"] for change in outcome.document["changes"] if change["action"] == "prune"}
    assert {"Deployment", "ClusterRole", "ClusterRoleBinding", "ServiceAccount"} <= kinds
    assert deployment(api, place) is not None
    live = api.read(KUSTOMIZATIONS, place, "shop")
    assert live is not None
    assert live["metadata"]["finalizers"] == [FINALIZER]


def test_without_a_terminal_it_asks_for_the_word_silent(gitless: Gitless, api: ApiServer, place: str) -> None:
    assert gitless("install", "-n", place, "--no-wait").code == 0

    outcome = gitless("uninstall", "-n", place)

    assert outcome.code == 2
    assert "--silent" in outcome.err
    assert deployment(api, place) is not None


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_who_answers_no_keeps_everything(
    gitless: Gitless, api: ApiServer, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gitless("install", "-n", place, "--no-wait").code == 0
    monkeypatch.setattr("io.StringIO", Terminal)

    outcome = gitless("uninstall", "-n", place, stdin="n\n")

    assert outcome.code == 9
    assert "nothing was deleted" in outcome.err
    assert deployment(api, place) is not None


def test_definitions_of_flux_are_neither_written_nor_deleted(
    gitless: Gitless, api: ApiServer, kubectl: Kubectl, place: str
) -> None:
    apply_definitions(api)
    kubectl("label", "--overwrite", "crd", *DEFINITIONS, "app.kubernetes.io/part-of=flux")

    made = gitless("install", "-n", place, "-o", "json")
    assert made.code == 0, made.err
    skipped = [change["name"] for change in made.document["changes"] if change["action"] == "skip"]
    assert set(DEFINITIONS) <= set(skipped)
    assert gitless("check", "-n", place).code == 0

    removed = gitless("uninstall", "-n", place, "-s", "-o", "json")
    kept = {change["name"]: change["reason"] for change in removed.document["changes"] if change["action"] == "skip"}
    assert kept[DEFINITIONS[0]] == "somebody else brought it"
    assert not any(gone(api, name) for name in DEFINITIONS)
