"""An application that is delivered by plans: released, applied once, and the next release at hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.model.manifests import ObjectId
from pipeline.testing.cluster import MemoryCluster
from tests.command_line import Outcome

Gitless = Callable[..., Outcome]

REPOSITORY = "oci-layout:out/shop-app"
SETTINGS = ObjectId("", "ConfigMap", "shop", "settings")
OLD = ObjectId("", "ConfigMap", "shop", "old")
SKIP = "--insecure-skip-verification"
HIDDEN = "hunter"


class Shop:
    """An application in a layout folder, released and applied once, with the next release at hand."""

    def __init__(self, gitless: Gitless, cluster: MemoryCluster) -> None:
        self.gitless = gitless
        self.cluster = cluster

    def run(self, *arguments: str, code: int = 0) -> Outcome:
        outcome = self.gitless(*arguments)
        assert outcome.code == code, outcome.err
        return outcome

    def release(self, tag: str, *objects: dict[str, Any]) -> None:
        """Package and sign."""
        shutil.rmtree("shop-app", ignore_errors=True)
        Path("shop-app").mkdir()
        for number, body in enumerate(objects):
            Path(f"shop-app/{number}.yaml").write_text(json.dumps(body))
        self.run("package", "shop-app", f"{REPOSITORY}:{tag}", "--results-dir", "results")
        self.run("sign", json.loads(Path("results/package.json").read_text())["digestUrl"], "--key", "cosign.key")

    def plan(self, *options: str, reference: str = f"{REPOSITORY}:next", code: int = 0) -> Outcome:
        trust = () if SKIP in options else ("--key", "cosign.pub")
        return self.run("plan", "live", reference, "-n", "shop", *trust, "--save", "plan.json", *options, code=code)

    def apply(self, *options: str, code: int = 0) -> Outcome:
        trust = () if {SKIP, "--key"} & set(options) else ("--key", "cosign.pub")
        return self.run("apply", "--plan", "plan.json", *trust, *options, code=code)

    def writes(self) -> list[tuple[str, str]]:
        return [item for item in self.cluster.requests if item[0] in {"apply", "delete", "save_inventory"}]


def config(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"password": value}}


def meta(object_id: ObjectId, **more: object) -> dict[str, Any]:
    return {"name": object_id.name, "namespace": object_id.namespace, **more}


def delete(cluster: MemoryCluster, object_id: ObjectId) -> None:
    body = cluster.bodies()[object_id]
    kind = cluster.resource_type(body["apiVersion"], body["kind"])
    assert kind is not None
    cluster.delete(kind, object_id, uid=body["metadata"]["uid"])


OLD_CONFIG, NEW_CONFIG = config("old", a="1"), config("new", a="1")
