"""Asking a reconciler for things by Flux's objects, and waiting for what it says: the same for ours and for Flux's."""

from __future__ import annotations

import http.client
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.artifacts import Published, Publisher
from tests.platform.access import Access

Body = dict[str, Any]

SECONDS = float(os.environ.get("GITLESS_TEST_SECONDS", "40"))
REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
OWNER = "kustomize.toolkit.fluxcd.io"
_PATCH = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"

# Kind: group and version, plural, and whether it is in a namespace.
_KINDS: Mapping[str, tuple[str, str, bool]] = {
    "OCIRepository": ("source.toolkit.fluxcd.io/v1", "ocirepositories", True),
    "Kustomization": ("kustomize.toolkit.fluxcd.io/v1", "kustomizations", True),
    "Namespace": ("v1", "namespaces", False),
    "ConfigMap": ("v1", "configmaps", True),
    "Secret": ("v1", "secrets", True),
    "Service": ("v1", "services", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
    "Event": ("v1", "events", True),
    "Deployment": ("apps/v1", "deployments", True),
    "Job": ("batch/v1", "jobs", True),
    "Role": ("rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings", True),
    "Lease": ("coordination.k8s.io/v1", "leases", True),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "Widget": ("test.gitless.dev/v1", "widgets", True),
}


@dataclass
class World:
    """One namespace on an API server, and one registry."""

    access: Access
    registry: str
    namespace: str
    logs: Callable[[], str] = field(default=lambda: "")

    # The registry

    def publish(self, files: Mapping[str, str | bytes], *, name: str = "app", tag: str = "v1") -> Published:
        """Push files under a repository that is this namespace's alone."""
        return Publisher(self.registry).push(f"{self.namespace}/{name}", files, tag=tag)

    # Objects

    def path(self, kind: str, name: str = "", namespace: str = "") -> str:
        """Where the API server has it."""
        version, plural, namespaced = _KINDS[kind]
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        place = f"/namespaces/{namespace or self.namespace}" if namespaced else ""
        return f"{root}{place}/{plural}" + (f"/{name}" if name else "")

    def put(self, body: Body, *, manager: str = "test") -> Body:
        """Apply it, whoever has its fields."""
        metadata = {"namespace": self.namespace, **body["metadata"]}
        version = body.get("apiVersion") or _KINDS[body["kind"]][0]
        path = self.path(body["kind"], metadata["name"], metadata["namespace"])
        document = {**body, "apiVersion": version, "metadata": metadata}
        query = f"?fieldManager={manager}&force=true"
        return self._ask("PATCH", path + query, document, content_type=_APPLY)

    def patch(self, kind: str, name: str, patch: Body, *, subresource: str = "", manager: str = "test") -> Body:
        """JSON merge patch."""
        path = self.path(kind, name) + (f"/{subresource}" if subresource else "")
        return self._ask("PATCH", f"{path}?fieldManager={manager}", patch, content_type=_PATCH)

    def get(self, kind: str, name: str, namespace: str = "") -> Body | None:
        """The object, or ``None``."""
        status, answer = self.access.request("GET", self.path(kind, name, namespace))
        if status == http.client.NOT_FOUND:
            return None
        assert status == http.client.OK, answer
        found: Body = answer
        return found

    def list(self, kind: str, selector: str = "") -> list[Body]:
        """Those in the namespace."""
        items: list[Body] = self._ask("GET", f"{self.path(kind)}?labelSelector={selector}")["items"]
        return items

    def delete(self, kind: str, name: str, *, wait: bool = True) -> None:
        """Delete it, and wait until it is gone."""
        self._ask("DELETE", self.path(kind, name))
        if wait:
            self.gone(kind, name)

    def _ask(self, method: str, path: str, body: object = None, *, content_type: str = "application/json") -> Body:
        status, answer = self.access.request(method, path, body, content_type=content_type)
        assert 200 <= status < 300, (method, path, answer)
        result: Body = answer
        return result

    # What is asked for

    def source(self, name: str = "app", **spec: Any) -> Body:  # noqa: ANN401 - any JSON
        """Create or change an OCIRepository; of the repository of that name and tag ``v1`` unless ``spec`` differs."""
        url = f"oci://{self.registry}/{self.namespace}/{name}"
        whole = {"interval": "1h", "url": url, "ref": {"tag": "v1"}, "insecure": True, **spec}
        return self.put({"kind": "OCIRepository", "metadata": {"name": name}, "spec": _given(whole)})

    def kustomization(self, name: str = "app", *, source: str = "app", **spec: Any) -> Body:  # noqa: ANN401 - any JSON
        """Create or change a Kustomization of that source."""
        reference = {"kind": "OCIRepository", "name": source}
        whole = {
            "interval": "1h",
            "retryInterval": "2s",
            "timeout": "30s",
            "prune": True,
            "targetNamespace": self.namespace,
            "sourceRef": reference,
            **spec,
        }
        return self.put({"kind": "Kustomization", "metadata": {"name": name}, "spec": _given(whole)})

    def deliver(self, files: Mapping[str, str | bytes], name: str = "app", **spec: Any) -> Body:  # noqa: ANN401 - any JSON
        """Publish, create source and Kustomization, and wait until it is applied."""
        published = self.publish(files, name=name)
        self.source(name)
        self.kustomization(name, source=name, **spec)
        return self.applied(name, published.digest)

    def update(self, files: Mapping[str, str | bytes], name: str = "app") -> Published:
        """Publish anew under the same tag, and have the source looked at."""
        published = self.publish(files, name=name)
        self.request("OCIRepository", name)
        return published

    def request(self, kind: str, name: str) -> str:
        """Ask for a reconciliation now."""
        token = uuid.uuid4().hex
        self.patch(kind, name, {"metadata": {"annotations": {REQUESTED_AT: token}}})
        return token

    def reconcile(self, kind: str, name: str = "app") -> Body:
        """Ask for a reconciliation now, and wait until it is over."""
        token = self.request(kind, name)

        def is_over(body: Body) -> bool:
            status = body.get("status") or {}
            decided = condition(body, "Ready").get("status") in {"True", "False"}
            return status.get("lastHandledReconcileAt") == token and decided and not is_busy(body)

        return self.until(kind, name, is_over, "the reconciliation that was asked for")

    def abandon(self) -> None:
        """Take the Kustomizations and sources away and leave their objects, whether or not anybody reconciles."""
        for kind in ("Kustomization", "OCIRepository"):
            for item in self.list(kind):
                path = self.path(kind, item["metadata"]["name"])
                # Its reconciler may be at it as well, so that either finds nothing any more.
                bare = {"metadata": {"finalizers": None}, "spec": {"suspend": True}}
                self.access.request("PATCH", path, bare, content_type=_PATCH)
                self.access.request("DELETE", path)

    # What came of it

    def until(
        self, kind: str, name: str, holds: Callable[[Body], bool], what: str, *, seconds: float = SECONDS
    ) -> Body:
        """The object once that holds of it."""
        end = time.monotonic() + seconds
        while True:
            body = self.get(kind, name)
            if body is not None and holds(body):
                return body
            if time.monotonic() > end:
                seen = json.dumps((body or {}).get("status"), indent=1)
                raise AssertionError(f"{kind} {name}: waited for {what}\n{seen}\n{self.logs()[-6000:]}")
            time.sleep(0.1)

    def gone(self, kind: str, name: str, *, seconds: float = SECONDS) -> None:
        """Wait until it is not there."""
        end = time.monotonic() + seconds
        while (body := self.get(kind, name)) is not None:
            assert time.monotonic() < end, (f"{kind} {name} is still there", body, self.logs()[-6000:])
            time.sleep(0.1)

    def there(self, kind: str, name: str) -> Body:
        """Wait until it is there."""
        return self.until(kind, name, lambda body: True, "its creation")

    def ready(self, kind: str, name: str = "app") -> Body:
        """The object once it is ready, for the generation that it has."""
        return self.until(kind, name, is_ready, "Ready")

    def failed(self, kind: str, name: str = "app", reason: str = "") -> Body:
        """The object once it is not ready for that reason, for the generation that it has."""

        def is_refused(body: Body) -> bool:
            ready = condition(body, "Ready")
            return ready.get("status") == "False" and reason in {"", ready["reason"]} and _is_current(body, ready)

        return self.until(kind, name, is_refused, f"Ready to be False ({reason})")

    def applied(self, name: str = "app", digest: str = "") -> Body:
        """The Kustomization once it is ready with that manifest digest."""

        def holds(body: Body) -> bool:
            return is_ready(body) and str(body["status"].get("lastAppliedRevision")).endswith(digest)

        return self.until("Kustomization", name, holds, f"Ready at {digest}")


def condition(body: Body, kind: str) -> Body:
    """A condition of the object; empty where it has none of that type."""
    found = (entry for entry in (body.get("status") or {}).get("conditions") or () if entry["type"] == kind)
    return next(found, {})


def is_ready(body: Body) -> bool:
    """Whether it is ready for the generation that it has."""
    ready = condition(body, "Ready")
    return ready.get("status") == "True" and _is_current(body, ready) and not is_busy(body)


def is_busy(body: Body) -> bool:
    """Whether it says that it is being reconciled."""
    return condition(body, "Reconciling").get("status") == "True"


def inventory(body: Body) -> set[str]:
    """The ids in a Kustomization's inventory."""
    return {entry["id"] for entry in ((body.get("status") or {}).get("inventory") or {}).get("entries") or ()}


def config_map(name: str = "settings", **data: str) -> str:
    """A manifest without a namespace."""
    return manifest("ConfigMap", name, data=data or {"color": "blue"})


def manifest(kind: str, name: str, *, labels: Mapping[str, str] | None = None, **rest: Any) -> str:  # noqa: ANN401
    """Any manifest, as YAML."""
    metadata = {"name": name, **({"labels": dict(labels)} if labels else {})}
    text: str = yaml.safe_dump({"apiVersion": _KINDS[kind][0], "kind": kind, "metadata": metadata, **rest})
    return text


def _given(spec: Mapping[str, Any]) -> Body:
    return {key: value for key, value in spec.items() if value is not None}


def _is_current(body: Body, ready: Body) -> bool:
    return bool(ready.get("observedGeneration", 0) == body["metadata"]["generation"])
