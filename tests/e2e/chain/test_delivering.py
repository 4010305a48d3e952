"""The whole chain on the example application: what it promises to whoever runs it every day."""

from __future__ import annotations

import base64
import json
from importlib import resources
from pathlib import Path

import jsonschema_rs
import pytest

from tests.e2e.chain.conftest import KEY_PASSWORD, SECRET, Document, Project

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool]

KINDS = "deployments,services,configmaps,secrets,jobs,networkpolicies,horizontalpodautoscalers,campaigns"
OVERLAY = "environments/staging/kustomization.yaml"


def written(shop: Project) -> dict[str, str]:
    """What only changes when somebody writes; controllers' reports about an object's status leave it alone."""
    items = {**shop.objects(KINDS), "inventory": stored_inventory(shop)}
    return {name: _stamp(item) for name, item in items.items()}


def _stamp(item: Document) -> str:
    metadata = item["metadata"]
    if "status" not in item:
        version: str = metadata["resourceVersion"]
        return version
    writes = [entry for entry in metadata["managedFields"] if entry.get("subresource") != "status"]
    return json.dumps([writes, metadata["uid"], metadata.get("generation")])


def stored_inventory(shop: Project) -> Document:
    found: Document = json.loads(
        shop.kubectl("get", "configmap", f"gitless-inventory-{shop.name}", "-ojson", "--show-managed-fields")
    )
    return found


def test_the_example_becomes_ready_stays_untouched_changes_by_one_field_and_loses_what_is_removed(
    shop: Project,
) -> None:
    shop.run()
    ready = {
        item["metadata"]["name"]: item["status"].get("readyReplicas", 0)
        for item in shop.objects("deployments").values()
    }
    assert ready == {"api": 1, "cache": 1, "frontend": 1}

    before = written(shop)
    again = shop.run()
    assert "Nothing to do: all 15 objects are as desired." in again.out
    assert written(shop) == before

    shop.edit(OVERLAY, r"1\.4\.0", "1.5.0")
    digest_url = shop.publish()
    shown = shop.gitless("diff", "live", digest_url, *shop.place, "-o", "json", "--exit-code")
    assert shown.code == 3, shown
    jsonschema_rs.validate(_schema("diff-result.v1.json"), shown.document)
    (change,) = shown.document["changes"]
    (field,) = change["fields"]
    assert (change["kind"], change["name"]) == ("Deployment", "frontend")
    assert field["path"] == "spec.template.spec.containers[name=frontend].image"
    assert shop.run().code == 0
    image = "{.spec.template.spec.containers[0].image}"
    assert shop.kubectl("get", "deployment", "frontend", f"-ojsonpath={image}").endswith("frontend:1.5.0")

    shop.edit("base/kustomization.yaml", r".*network-policy\.yaml\n", "")
    assert "pruned     NetworkPolicy.networking.k8s.io" in shop.run().out
    assert "NetworkPolicy/api" not in shop.objects("networkpolicies")
    assert shop.verify().code == 0


def test_the_chain_says_no_secret_however_much_it_is_asked_to_say(shop: Project) -> None:
    for number, format_option in enumerate(("--output", "--log-format"), 1):
        shop.run("--results-dir", f"results{number}", "-v", format_option, "json")
        shop.edit("base/kustomization.yaml", r"password=\S+", f"password={SECRET}{'-' * number}")
    shown = shop.gitless("diff", "live", "environments/staging", *shop.place, "--full", "-v")
    files = [path.read_text() for path in shop.folder.glob("results*/*.json")]

    assert len(files) >= 12
    assert "password" in shown.out, "the test is about a changed value"
    for value in (SECRET + "-" * count for count in range(3)):
        encoded = base64.b64encode(value.encode()).decode()
        for text in (*shop.said, *files):
            assert value not in text
            assert encoded not in text
            assert KEY_PASSWORD not in text


def _schema(name: str) -> Document:
    text = (Path(str(resources.files("pipeline.schemas"))) / name).read_text()
    found: Document = json.loads(text)
    return found
