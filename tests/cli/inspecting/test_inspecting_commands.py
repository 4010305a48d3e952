from __future__ import annotations

import json
import sys
from io import StringIO
from itertools import islice

import pytest
import yaml

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import EVENTS, KUSTOMIZATIONS
from pipeline.operations import events
from pipeline.testing.api_server import MemoryApiServer
from tests.cli.inspecting.conftest import Gitless


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tree", "no kind is named"),
        ("tree helmrelease apps", "'helmrelease apps' is no kind that is served here"),
        ("tree source oci apps", "a tree has one Kustomization at its root"),
        ("tree ks", "a tree has one Kustomization at its root"),
        ("trace", "one object is traced"),
        ("trace deployment", "one object is traced"),
        ("trace deployment/", "one object is traced"),
        ("trace deployment/web web2", "one object is traced"),
        ("trace widget/web", "'widget' is no kind that gitless knows by name"),
        ("events --for Alert/a", "'Alert' is no kind that is served here"),
        ("events --for Kustomization/", "names no object"),
        ("events --types Bad", "--types 'Bad' is not understood"),
        ("logs --since 1m --since-time 2026-01-01T00:00:00Z", "contradict each other"),
        ("logs --since-time yesterday", "'yesterday' is no time"),
        ("logs --flux-namespace Bad_Name", "cannot name a namespace"),
        ("export source oci", "either one name or --all"),
        ("export source oci apps --all", "either one name or --all"),
        ("export source git apps", "'source git' is no kind that is served here"),
        ("export source oci apps -A", "'apps' may be in several namespaces"),
        ("export ks apps --with-credentials", "--with-credentials is for sources"),
        ("delete source oci", "one object is deleted at a time"),
        ("delete ks apps other -s", "one object is deleted at a time"),
        ("delete ks apps", "nobody is at the terminal to ask"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_word_on_what_does(gitless: Gitless, line: str, told: str) -> None:
    found = gitless(*line.split())

    assert (found.code, found.out) == (2, "")
    assert told in found.err


@pytest.mark.parametrize("words", ["kustomization apps", "ks apps", "Kustomizations apps"])
def test_the_namespace_is_fluxs_unless_another_is_named(gitless: Gitless, words: str) -> None:
    tree = gitless("tree", *words.split(), "-o", "json").document
    elsewhere = gitless("tree", *words.split(), "-n", "shop", "-o", "json").document

    assert tree["root"]["objects"][0]["namespace"] == "flux-system"
    assert elsewhere["root"]["objects"][0]["namespace"] == "shop"


def test_every_namespace_is_exported_in_order(gitless: Gitless) -> None:
    found = gitless("export", "kustomization", "--all", "-A")
    documents = list(yaml.safe_load_all(found.out))

    assert [(item["kind"], item["metadata"]["namespace"]) for item in documents] == [
        ("Kustomization", "flux-system"),
        ("Kustomization", "shop"),
    ]
    assert all(item.keys() == {"apiVersion", "kind", "metadata", "spec"} for item in documents)
    assert gitless("export", "ks", "--all", "-A", "-o", "json").document["objects"] == documents


def test_an_object_goes_only_where_somebody_says_yes(
    gitless: Gitless, server: MemoryApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = StringIO("n\ny\n")
    monkeypatch.setattr(answers, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", answers)

    refused = gitless("delete", "source", "oci", "apps", "-n", "shop")
    agreed = gitless("delete", "source", "oci", "apps", "-n", "shop")

    assert (refused.code, refused.out) == (9, "")
    assert "Kustomizations that use it will fail until it is back: shop/apps" in refused.err
    assert "nothing was deleted" in refused.err
    assert "Delete OCIRepository.source.toolkit.fluxcd.io shop/apps in memory? [y/N]" in agreed.err
    assert (agreed.code, agreed.out) == (0, "Deleted OCIRepository.source.toolkit.fluxcd.io shop/apps\n")
    assert len([name for name, _ in server.requests if name == "delete"]) == 1


def test_an_object_that_was_replaced_meanwhile_is_not_deleted(gitless: Gitless, server: MemoryApiServer) -> None:
    def replace(operation: str, _subject: str) -> None:
        if operation == "delete":
            raise ClusterError("it is another object by now", code="cluster.stale")

    server.before = replace

    found = gitless("delete", "ks", "apps", "-s")

    assert (found.code, found.out) == (6, "")
    assert server.read(KUSTOMIZATIONS, "flux-system", "apps") is not None


def test_followed_events_are_a_line_each(
    gitless: Gitless, server: MemoryApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"e{number}", "namespace": "shop"},
            "involvedObject": {"kind": "Kustomization", "namespace": "shop", "name": "apps"},
            "type": "Warning",
            "reason": "BuildFailed",
            "message": f"bad\x1b[2J {number}",
        }
        server.create(EVENTS, body, manager="test")
    follow = events.follow_events
    monkeypatch.setattr(events, "follow_events", lambda *given: islice(follow(*given), 2))

    text = gitless("events", "-n", "shop", "--for", "ks", "--watch")
    as_json = gitless("events", "-A", "--for", "ks", "--watch", "-o", "json")

    assert text.code == 0
    assert text.out.splitlines()[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert [line.split("  ")[-1].strip() for line in text.out.splitlines()[1:]] == [
        "bad\\u001b[2J 1",
        "bad\\u001b[2J 2",
    ]
    assert "Kustomization/apps.shop" in text.out
    assert [json.loads(line)["message"] for line in as_json.out.splitlines()] == ["bad\x1b[2J 1", "bad\x1b[2J 2"]


def test_logs_are_shown_as_flux_shows_them(gitless: Gitless, server: MemoryApiServer) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "puller",
            "namespace": "flux-system",
            "labels": {"app.kubernetes.io/name": "gitless-puller"},
        },
        "spec": {"containers": [{"name": "puller", "image": "x"}]},
    }
    server.create(ResourceType("v1", "Pod", "pods", namespaced=True), body, manager="test")
    about = {"controllerKind": "Kustomization", "namespace": "shop", "name": "apps"}
    entry = {"level": "error", "ts": "2026-11-25T18:00:00Z", "msg": "no\x1b[2J", **about}
    server.log("flux-system", "puller", "puller", json.dumps(entry), "starting")

    text = gitless("logs", "-n", "shop", "--since-time", "2026-01-01T00:00:00Z")
    as_json = gitless("logs", "-A", "--kind", "ks", "--level", "error", "-o", "json")

    assert text.out == "2026-11-25T18:00:00Z error Kustomization/apps.shop - no\\u001b[2J\nstarting\n"
    assert gitless("logs").out == "starting\n"
    assert as_json.document == {
        "time": "2026-11-25T18:00:00Z",
        "level": "error",
        "kind": "Kustomization",
        "namespace": "shop",
        "name": "apps",
        "message": "no\x1b[2J",
        "error": "",
        "revision": "",
        "pod": "puller",
    }


@pytest.mark.parametrize(
    "line", ["tree ks apps", "events", "export ks apps", "delete ks apps -s", "trace ks/apps", "logs"]
)
def test_a_cluster_that_does_not_answer_is_one_error(gitless: Gitless, server: MemoryApiServer, line: str) -> None:
    def fail(_operation: str, _subject: str) -> None:
        raise ClusterError("no answer within 30 s", code="cluster.unreachable")

    server.before = fail

    found = gitless(*line.split(), "--log-format", "json")

    assert (found.code, found.out) == (6, "")
    assert json.loads(found.err)["code"] == "cluster.unreachable"


def test_a_cluster_without_fluxs_kinds_says_how_to_get_them(
    gitless: Gitless, server: MemoryApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "resource_type", lambda *_: None)

    found = gitless("tree", "ks", "nobody")

    assert found.code == 6
    assert "memory serves no Kustomization of kustomize.toolkit.fluxcd.io/v1" in found.err
    assert "gitless install" in found.err
