"""Both definitions on a real API server: what they take, what they refuse and how, and how kubectl shows them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import ObjectId
from pipeline.ports import ApiServer
from tests.flux_objects import (
    FULL_KUSTOMIZATION,
    FULL_SOURCE,
    KUSTOMIZATION_STATUS,
    SOURCE_STATUS,
    kustomization,
    source,
)
from tests.integration.installation.conftest import Kubectl, yaml

pytestmark = pytest.mark.cluster


def changed(body: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with another value at the dotted path; ``None`` removes it."""
    copy = deepcopy(dict(body))
    *parents, last = path.split(".")
    here: Any = copy
    for part in parents:
        here = here[int(part)] if part.isdecimal() else here.setdefault(part, {})
    if value is None:
        del here[last]
    else:
        here[last] = value
    return copy


@pytest.mark.parametrize(
    ("body", "status"),
    [(FULL_SOURCE, SOURCE_STATUS), (FULL_KUSTOMIZATION, KUSTOMIZATION_STATUS)],
    ids=["OCIRepository", "Kustomization"],
)
def test_every_field_comes_back_as_it_was_written(
    served: ApiServer, namespace: str, body: dict[str, Any], status: dict[str, Any]
) -> None:
    kind = OCI_REPOSITORIES if body["kind"] == "OCIRepository" else KUSTOMIZATIONS
    placed = changed(body, "metadata.namespace", namespace)

    created = served.create(kind, placed, manager="flux")
    assert created["spec"] == body["spec"]
    assert created["status"] == {"observedGeneration": -1}

    object_id = ObjectId(kind.group, kind.kind, namespace, "full")
    patched = served.merge_patch(
        kind, object_id, {"status": status}, manager="gotk-kustomize-controller", subresource="status"
    )
    assert patched is not None
    assert patched["status"] == status
    assert patched["metadata"]["generation"] == 1


def test_what_is_not_said_gets_the_defaults_of_flux(served: ApiServer, namespace: str) -> None:
    made = served.create(OCI_REPOSITORIES, source(namespace), manager="flux")
    assert made["spec"] == {
        "url": "oci://registry.test/shop", "interval": "1m", "provider": "generic", "timeout": "60s",
    }  # fmt: skip

    applied = served.create(KUSTOMIZATIONS, kustomization(namespace), manager="flux")
    assert applied["spec"]["force"] is False


ONE_OF_BOTH = "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef"
REFUSED: list[tuple[str, str, object, str]] = [
    ("source", "spec.url", "https://registry.test/shop", "spec.url"),
    ("source", "spec.url", None, "spec.url"),
    ("source", "spec.interval", None, "spec.interval"),
    ("source", "spec.interval", "5", "spec.interval"),
    ("source", "spec.interval", "1d", "spec.interval"),
    ("source", "spec.timeout", "1h", "spec.timeout"),
    ("source", "spec.provider", "oracle", "spec.provider"),
    ("source", "spec.secretRef", {}, "spec.secretRef.name"),
    ("source", "spec.layerSelector", {"operation": "move"}, "spec.layerSelector.operation"),
    ("source", "spec.verify", {"provider": "gpg"}, "spec.verify.provider"),
    ("source", "spec.verify", {"matchOIDCIdentity": [{"issuer": "x"}]}, "spec.verify.matchOIDCIdentity[0].subject"),
    ("source", "spec.suspend", "yes", "spec.suspend"),
    ("kustomization", "spec.interval", None, "spec.interval"),
    ("kustomization", "spec.prune", None, "spec.prune"),
    ("kustomization", "spec.sourceRef", None, "spec.sourceRef"),
    ("kustomization", "spec.sourceRef.kind", "HelmChart", "spec.sourceRef.kind"),
    ("kustomization", "spec.sourceRef.name", None, "spec.sourceRef.name"),
    ("kustomization", "spec.timeout", "soon", "spec.timeout"),
    ("kustomization", "spec.retryInterval", "-1s", "spec.retryInterval"),
    ("kustomization", "spec.deletionPolicy", "Keep", "spec.deletionPolicy"),
    ("kustomization", "spec.targetNamespace", "", "spec.targetNamespace"),
    ("kustomization", "spec.targetNamespace", "x" * 64, "spec.targetNamespace"),
    ("kustomization", "spec.namePrefix", "", "spec.namePrefix"),
    ("kustomization", "spec.nameSuffix", "x" * 201, "spec.nameSuffix"),
    ("kustomization", "spec.dependsOn", [{"namespace": "apps"}], "spec.dependsOn[0].name"),
    ("kustomization", "spec.healthChecks", [{"kind": "Deployment"}], "spec.healthChecks[0].name"),
    ("kustomization", "spec.healthCheckExprs", [{"apiVersion": "v1"}], "spec.healthCheckExprs[0].current"),
    ("kustomization", "spec.patches", [{"target": {}}], "spec.patches[0].patch"),
    ("kustomization", "spec.images", [{"newTag": "1"}], "spec.images[0].name"),
    ("kustomization", "spec.buildMetadata", ["everything"], "spec.buildMetadata[0]"),
    ("kustomization", "spec.postBuild", {"substitute": {"a": 1}}, "spec.postBuild.substitute.a"),
    ("kustomization", "spec.postBuild", {"substituteStrategy": "Never"}, "spec.postBuild.substituteStrategy"),
    ("kustomization", "spec.postBuild", {"substituteFrom": [{"kind": "Pod", "name": "x"}]},
     "spec.postBuild.substituteFrom[0].kind"),
    ("kustomization", "spec.decryption", {"provider": "vault"}, "spec.decryption.provider"),
    ("kustomization", "spec.ignore", [{"target": {"kind": "Deployment"}}], "spec.ignore[0].paths"),
    ("kustomization", "spec.kubeConfig", {}, ONE_OF_BOTH),
    ("kustomization", "spec.kubeConfig", {"secretRef": {"name": "a"}, "configMapRef": {"name": "b"}},
     ONE_OF_BOTH),
]  # fmt: skip


@pytest.mark.parametrize(("what", "path", "value", "named"), REFUSED)
def test_the_server_names_the_field_that_makes_no_sense(
    served: ApiServer, kubectl: Kubectl, namespace: str, what: str, path: str, value: object, named: str
) -> None:
    del served
    body = source(namespace) if what == "source" else kustomization(namespace)

    refused = kubectl("create", "-f", "-", stdin=yaml(changed(body, path, value)), succeeds=False)

    assert refused.returncode != 0
    assert named in refused.stderr


def test_unknown_fields_are_named(served: ApiServer, kubectl: Kubectl, namespace: str) -> None:
    del served
    refused = kubectl(
        "create", "-f", "-", stdin=yaml(changed(source(namespace), "spec.branch", "main")), succeeds=False
    )
    assert 'unknown field "spec.branch"' in refused.stderr


def test_kubectl_shows_the_columns_of_flux(served: ApiServer, kubectl: Kubectl, namespace: str) -> None:
    served.create(OCI_REPOSITORIES, source(namespace), manager="flux")
    served.create(KUSTOMIZATIONS, kustomization(namespace), manager="flux")

    sources = kubectl("-n", namespace, "get", "ocirepo").stdout.splitlines()
    kustomizations = kubectl("-n", namespace, "get", "ks").stdout.splitlines()

    assert sources[0].split() == ["NAME", "URL", "READY", "STATUS", "AGE"]
    assert sources[1].split()[:2] == ["shop", "oci://registry.test/shop"]
    assert kustomizations[0].split() == ["NAME", "AGE", "READY", "STATUS"]
    names = kubectl("-n", namespace, "get", "fluxcd", "-o", "name").stdout.split()
    assert names == ["kustomization.kustomize.toolkit.fluxcd.io/shop", "ocirepository.source.toolkit.fluxcd.io/shop"]


@pytest.mark.parametrize(
    "path",
    ["ocirepository.spec.ref.semver", "ocirepository.status.artifact", "kustomization.spec.postBuild.substituteFrom",
     "kustomization.status.inventory.entries"],
)  # fmt: skip
def test_kubectl_explains_every_field(served: ApiServer, kubectl: Kubectl, path: str) -> None:
    del served
    group = "source" if path.startswith("oci") else "kustomize"
    told = kubectl("explain", path, f"--api-version={group}.toolkit.fluxcd.io/v1").stdout
    assert "DESCRIPTION:" in told
    assert "<empty>" not in told
