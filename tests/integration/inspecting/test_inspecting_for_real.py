"""What the commands tell about objects of a real API server."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.flux.api import EVENTS, FINALIZER, KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import ObjectId
from pipeline.operations.events import EventsQuery, follow_events
from tests.integration.inspecting.conftest import MANAGER, Gitless, World
from tests.platform.control_plane import Cluster
from tests.unit.verify.support import Talk

READY = {
    "type": "Ready",
    "status": "True",
    "reason": "ReconciliationSucceeded",
    "message": "Applied revision: 1.0@sha256:aa\x1b[2J",
    "lastTransitionTime": "2026-11-25T18:00:00Z",
}
VERIFIED = {
    "type": "SourceVerified",
    "status": "True",
    "reason": "Succeeded",
    "message": "verified signature of revision 1.0@sha256:aa",
    "lastTransitionTime": "2026-11-25T18:00:00Z",
}
ARTIFACT = {
    "revision": "1.0@sha256:aa",
    "digest": "sha256:bb",
    "size": 10,
    "url": "",
    "path": "",
    "lastUpdateTime": "2026-11-25T18:00:00Z",
    "metadata": {
        "org.opencontainers.image.revision": "main@sha1:cc",
        "org.opencontainers.image.source": "https://git.test/shop",
    },
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.test/web:1"}]},
        },
    },
}


def pod_of(world: World) -> str:
    """The Deployment's pod, once the controllers have made it."""
    pods = world.server.resource_type("v1", "Pod")
    assert pods is not None
    for _ in range(300):
        found = world.server.list(pods, world.namespace, "app=web").items
        if found:
            return str(found[0]["metadata"]["name"])
        wiring.clock().sleep(0.1)
    raise AssertionError("the Deployment got no pod")


def test_a_tree_shows_nested_objects_and_their_health(world: World, gitless: Gitless) -> None:
    world.kustomization("root", inventory=("{ns}_apps_kustomize.toolkit.fluxcd.io_Kustomization",))
    world.kustomization("apps", inventory=("{ns}_here__ConfigMap", "{ns}_gone__ConfigMap", "_a__b_x.test_Odd"))
    world.config_map("here")

    shown = gitless("tree", "ks", "root", "--health")
    document = gitless("tree", "kustomization", "root", "--health", "-o", "yaml")

    assert (shown.code, document.code) == (0, 0)
    ns = world.namespace
    assert shown.out.splitlines() == [
        f"Kustomization.kustomize.toolkit.fluxcd.io {ns}/root  Current",
        f"└── Kustomization.kustomize.toolkit.fluxcd.io {ns}/apps  Current",
        f"    ├── ConfigMap {ns}/here  Current",
        f"    ├── ConfigMap {ns}/gone  NotFound: NotFound, does not exist",
        "    └── Odd.x.test a:b  NotFound: NotFound, does not exist",
    ]
    below = yaml.safe_load(document.out)["root"]["objects"][0]["objects"]
    assert [item["health"]["status"] for item in below] == ["Current", "NotFound", "NotFound"]


def test_a_missing_kustomization_is_a_cluster_error(gitless: Gitless) -> None:
    found = gitless("tree", "kustomization", "nobody")

    assert (found.code, found.out) == (6, "")
    assert "/nobody does not exist in " in found.err


def test_a_pod_is_traced_through_its_makers_to_the_source_and_up(world: World, gitless: Gitless) -> None:
    world.source(
        status={"artifact": ARTIFACT, "conditions": [READY | {"message": "stored artifact"}, VERIFIED]},
        verify={"provider": "cosign", "secretRef": {"name": "keys"}},
    )
    status = {
        "conditions": [READY],
        "lastAppliedRevision": "1.0@sha256:aa",
        "lastAppliedOriginRevision": "main@sha1:cc",
    }
    world.kustomization("root", inventory=("{ns}_apps_kustomize.toolkit.fluxcd.io_Kustomization",))
    world.kustomization(
        "apps", inventory=("{ns}_web_apps_Deployment",), status=status, metadata={"labels": world.owned_by("root")}
    )
    world.create({**DEPLOYMENT, "metadata": {"name": "web", "labels": world.owned_by("apps")}})
    pod = pod_of(world)

    shown = gitless("trace", "pod", pod)
    document = gitless("trace", f"po/{pod}", "-o", "json").document

    assert shown.code == 0
    assert "\x1b" not in shown.out
    ns = world.namespace
    for line in (
        f"Object:          Pod {ns}/{pod}",
        f"Made by:         Deployment.apps {ns}/web",
        f"Kustomization:   {ns}/apps",
        "Revision:        1.0@sha256:aa",
        "Status:          ready, ReconciliationSucceeded since 2026-11-25T18:00:00Z",
        "Message:         Applied revision: 1.0@sha256:aa\\u001b[2J",
        f"OCIRepository:   {ns}/apps",
        "URL:             oci://registry.test/apps",
        "Origin source:   https://git.test/shop",
        "Origin:          main@sha1:cc",
        "Verified:        verified signature of revision 1.0@sha256:aa",
        f"Kustomization:   {ns}/root",
    ):
        assert line in shown.out.splitlines()
    assert document["managed"] is True
    assert [item["kind"] for item in document["through"]] == ["ReplicaSet", "Deployment"]
    assert [(step["name"], step["listsObject"]) for step in document["kustomizations"]] == [
        ("apps", True),
        ("root", True),
    ]
    assert document["kustomizations"][0]["source"]["verified"] is True


def test_an_object_that_nobody_applies_is_traced_to_nobody(world: World, gitless: Gitless) -> None:
    world.config_map("lonely")
    world.config_map("orphan", labels=world.owned_by("gone"))
    world.config_map("released", annotations={"meta.helm.sh/release-name": "shop"})

    lonely, orphan, released = (gitless("trace", f"cm/{name}") for name in ("lonely", "orphan", "released"))
    missing = gitless("trace", "cm/nobody")

    assert [found.code for found in (lonely, orphan, released, missing)] == [7, 7, 7, 6]
    assert "managed by no Kustomization and no inventory" in lonely.err
    assert f"labels of Kustomization {world.namespace}/gone, which does not exist" in orphan.err
    assert "managed by Helm release shop" in released.err


def test_an_object_of_a_pipelines_inventory_is_traced_to_it(world: World, gitless: Gitless, tmp_path: Any) -> None:  # noqa: ANN401
    folder = tmp_path / "shop-app"
    folder.mkdir()
    (folder / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ours}\n")
    applied = gitless("apply", str(folder), "--insecure-skip-verification")
    assert applied.code == 0, applied.err

    document = gitless("trace", "configmap/ours", "-o", "json").document

    assert document["managed"] is True
    assert document["inventory"]["name"] == "shop-app"
    assert document["inventory"]["listsObject"] is True
    assert document["inventory"]["verifiedBy"] == []


def test_events_are_those_of_the_two_kinds_and_of_a_kustomizations_source(world: World, gitless: Gitless) -> None:
    source, apps = world.source(), world.kustomization("apps")
    other, unrelated = world.kustomization("other"), world.config_map("unrelated")
    at = {"firstTimestamp": "2026-11-25T17:00:00Z"}
    world.event("e1", source, "stored\x1b[2J artifact", lastTimestamp="2026-11-25T17:00:01Z", **at)
    world.event("e2", apps, "it\nfailed", lastTimestamp="2026-11-25T17:00:02Z", type="Warning", count=3, **at)
    world.event("e3", other, "of another", lastTimestamp="2026-11-25T17:00:03Z", **at)
    world.event("e4", unrelated, "of no interest", lastTimestamp="2026-11-25T17:00:04Z", **at)

    def messages(*arguments: str) -> list[str]:
        found = gitless("events", "-o", "json", *arguments)
        assert found.code == 0, found.err
        return [event["message"] for event in found.document["events"]]

    assert messages() == ["stored\x1b[2J artifact", "it\nfailed", "of another"]
    assert messages("--for", "Kustomization/apps") == ["stored\x1b[2J artifact", "it\nfailed"]
    assert messages("--for", "OCIRepository") == ["stored\x1b[2J artifact"]
    assert messages("--types", "warning") == ["it\nfailed"]
    assert messages("--for", "ks/nobody") == []
    assert {"it\nfailed", "of another"} <= set(messages("-A"))
    text = gitless("events").out.splitlines()
    assert text[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert text[1].endswith("OCIRepository/apps   stored\\u001b[2J artifact")
    assert " (x3)  " in text[2]
    assert text[2].endswith("Kustomization/apps   it failed")


def test_an_exported_source_can_be_applied_again(world: World, gitless: Gitless) -> None:
    world.source(secretRef={"name": "login"}, status={"artifact": ARTIFACT})
    world.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"password": "hunter2"}}
    )

    alone = gitless("export", "source", "oci", "apps")
    complete = gitless("export", "source", "oci", "--all", "--with-credentials")

    assert "aHVudGVyMg" not in alone.out
    (exported,) = yaml.safe_load_all(alone.out)
    assert exported["metadata"] == {"name": "apps", "namespace": world.namespace}
    assert "status" not in exported
    assert [item["kind"] for item in yaml.safe_load_all(complete.out)] == ["OCIRepository", "Secret"]
    assert "aHVudGVyMg==" in complete.out
    object_id = ObjectId(OCI_REPOSITORIES.group, OCI_REPOSITORIES.kind, world.namespace, "apps")
    assert world.server.delete(OCI_REPOSITORIES, object_id)
    world.server.create(OCI_REPOSITORIES, exported, manager=MANAGER)
    assert gitless("export", "source", "oci", "apps").out == alone.out


def test_exporting_nothing_says_so(gitless: Gitless) -> None:
    found = gitless("export", "kustomization", "--all")

    assert (found.code, found.out) == (0, "")
    assert "there is no Kustomization in namespace" in found.err


def test_deleting_waits_until_the_finalizer_is_gone(world: World, gitless: Gitless) -> None:
    world.kustomization("plain")
    world.kustomization("held", inventory=("{ns}_a__ConfigMap",), metadata={"finalizers": [FINALIZER]})

    plain = gitless("delete", "kustomization", "plain", "-s")
    held = gitless("delete", "ks", "held", "-s", "--timeout", "1s")

    assert plain.code == 0, plain.err
    assert plain.out == f"Deleted Kustomization.kustomize.toolkit.fluxcd.io {world.namespace}/plain\n"
    assert held.code == 7
    assert "1 object that it applied will be deleted with it: prune is true" in held.err
    assert "still there after 1s" in held.err
    marked = gitless("delete", "ks", "held", "-s", "--no-wait", "-o", "json")
    assert marked.document["gone"] is False
    object_id = ObjectId(KUSTOMIZATIONS.group, KUSTOMIZATIONS.kind, world.namespace, "held")
    world.server.merge_patch(KUSTOMIZATIONS, object_id, {"metadata": {"finalizers": None}}, manager=MANAGER)
    assert world.read(KUSTOMIZATIONS, "held") is None


def test_deleting_a_source_names_who_uses_it(world: World, gitless: Gitless) -> None:
    world.source()
    world.kustomization("apps")

    found = gitless("delete", "source", "oci", "apps", "--silent", "-o", "json")

    assert found.code == 0, found.err
    assert f"will fail until it is back: {world.namespace}/apps" in found.err
    assert json.loads(found.out)["gone"] is True
    assert world.read(OCI_REPOSITORIES, "apps") is None


def test_nothing_is_deleted_where_nobody_can_be_asked(world: World, gitless: Gitless) -> None:
    world.source()

    found = gitless("delete", "source", "oci", "apps")

    assert found.code == 2
    assert world.read(OCI_REPOSITORIES, "apps") is not None


def test_new_events_are_told_as_they_come(world: World) -> None:
    apps = world.kustomization("apps")
    world.event("e1", apps, "old")
    query = EventsQuery(namespace=world.namespace, kind="Kustomization", name="apps")
    found = follow_events(query, world.server, wiring.clock(), Talk())

    assert next(found).message == "old"
    world.event("e2", world.config_map("other"), "of no interest")
    world.event("e3", apps, "new")
    assert next(found).message == "new"
    world.server.merge_patch(EVENTS, ObjectId("", "Event", world.namespace, "e1"), {"count": 2}, manager=MANAGER)
    assert next(found).count == 2


def test_a_tree_is_shown_to_who_may_not_read_what_hangs_in_it(
    world: World, control_plane: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    world.kustomization("apps", inventory=("{ns}_login__Secret", "{ns}_here__ConfigMap"))
    world.config_map("here")
    user = f"viewer-{world.namespace}"
    rules = [
        {"apiGroups": [KUSTOMIZATIONS.group], "resources": [KUSTOMIZATIONS.plural], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
    ]
    rbac = "rbac.authorization.k8s.io"
    world.create({"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "see"}, "rules": rules})
    world.create(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "see"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "see"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
        }
    )
    kubeconfig = str(control_plane.user(user, []))

    code = run_guarded(
        application, ["tree", "ks", "apps", "--health", "-n", world.namespace, "--kubeconfig", kubeconfig]
    )

    shown = capsys.readouterr()
    assert code == 0, shown.err
    assert shown.out.splitlines()[1:] == [
        f"├── Secret {world.namespace}/login",
        f"└── ConfigMap {world.namespace}/here  Current",
    ]
