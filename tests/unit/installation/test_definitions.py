from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pipeline.errors import RefusedError
from pipeline.model.flux.definitions import DEFINITIONS, KUSTOMIZATION, OCI_REPOSITORY
from pipeline.model.flux.kustomization import read_kustomization
from pipeline.model.flux.oci_repository import read_oci_repository
from pipeline.model.installation.standing import Rival, keep_definition, missing_fields, refuse_rivals
from tests.flux_objects import (
    FULL_KUSTOMIZATION,
    FULL_SOURCE,
    KUSTOMIZATION_STATUS,
    SOURCE_STATUS,
    kustomization,
)

BOTH_CLUSTERS = {"secretRef": {"name": "a", "key": "b"}, "configMapRef": {"name": "c"}}
"""What no object may have at once, for every field to be there."""


def schema(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    (version,) = definition["spec"]["versions"]
    found: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def paths(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field with its schema; ``[]`` for what is in a list."""
    for name, inner in (node.get("properties") or {}).items():
        place = f"{path}.{name}" if path else name
        yield place, inner
        yield from paths(inner, place)
    if "items" in node:
        yield f"{path}[]", node["items"]
        yield from paths(node["items"], f"{path}[]")


def paths_of(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{path}.{key}" if path else key
            yield from paths_of(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield f"{path}[]"
        for inner in value:
            yield from paths_of(inner, f"{path}[]")


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition["spec"]["names"]["kind"])
def test_every_field_is_described_and_has_a_type(definition: Mapping[str, Any]) -> None:
    for path, inner in paths(schema(definition)):
        assert inner["type"], path
        if path != "metadata" and not path.endswith("[]"):
            assert inner["description"].endswith("."), path


@pytest.mark.parametrize(
    ("definition", "spec", "status"),
    [
        (OCI_REPOSITORY, FULL_SOURCE["spec"], SOURCE_STATUS),
        (
            KUSTOMIZATION,
            FULL_KUSTOMIZATION["spec"] | {"kubeConfig": BOTH_CLUSTERS},
            KUSTOMIZATION_STATUS,
        ),
    ],
    ids=["OCIRepository", "Kustomization"],
)  # fmt: skip
def test_the_examples_with_every_field_leave_none_out(
    definition: Mapping[str, Any], spec: Mapping[str, Any], status: Mapping[str, Any]
) -> None:
    known = {path for path, _ in paths(schema(definition)) if path.startswith(("spec.", "status."))}
    used = set(paths_of({"spec": spec, "status": status}))
    assert known - used == set()


def test_what_the_definitions_take_can_be_read() -> None:
    assert read_oci_repository(FULL_SOURCE).verify is not None
    assert read_kustomization(FULL_KUSTOMIZATION).deletion_policy == "WaitForTermination"


def test_a_health_check_without_a_version_is_of_a_workload() -> None:
    body = kustomization("shop")
    body["spec"]["healthChecks"] = [{"kind": "Deployment", "name": "web"}]
    (check,) = read_kustomization(body).health_checks
    assert (check.api_version, check.namespace) == ("apps/v1", "shop")


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition["spec"]["names"]["kind"])
def test_status_is_a_subresource_and_the_stored_version_is_the_served_one(definition: Mapping[str, Any]) -> None:
    (version,) = definition["spec"]["versions"]
    assert (version["name"], version["served"], version["storage"]) == ("v1", True, True)
    assert version["subresources"] == {"status": {}}
    assert definition["metadata"]["name"] == f"{definition['spec']['names']['plural']}.{definition['spec']['group']}"


def foreign(*versions: str, part_of: str = "flux") -> dict[str, Any]:
    """A definition of somebody else's that has our fields in each version."""
    return {
        "metadata": {"name": OCI_REPOSITORY["metadata"]["name"], "labels": {"app.kubernetes.io/part-of": part_of}},
        "spec": {
            "versions": [
                {"name": name, "served": True, "schema": {"openAPIV3Schema": schema(OCI_REPOSITORY)}}
                for name in versions
            ]
        },
    }


def test_flux_own_definition_is_left_alone_where_it_serves_the_version() -> None:
    assert keep_definition(foreign("v1beta2", "v1")) == "flux brought it, and it serves v1"


def test_one_without_the_version_is_refused_with_its_versions() -> None:
    with pytest.raises(RefusedError, match="in v1beta1, v1beta2, and not in v1") as refused:
        keep_definition(foreign("v1beta1", "v1beta2"))
    assert "upgrade Flux" in str(refused.value.hint)


def test_fields_that_an_older_definition_lacks_are_named() -> None:
    live = foreign("v1")
    spec = dict(schema(OCI_REPOSITORY)["properties"]["spec"])
    verify = dict(spec["properties"]["verify"])
    verify["properties"] = {k: v for k, v in verify["properties"].items() if k != "trustedRootSecretRef"}
    spec["properties"] = {k: v for k, v in spec["properties"].items() if k != "proxySecretRef"} | {"verify": verify}
    live["spec"]["versions"][0]["schema"] = {
        "openAPIV3Schema": {"properties": {"spec": spec, "status": schema(OCI_REPOSITORY)["properties"]["status"]}}
    }

    assert set(missing_fields(live)) == {"spec.proxySecretRef", "spec.verify.trustedRootSecretRef"}
    assert "spec.proxySecretRef" in keep_definition(live)


def test_rivals_are_named() -> None:
    refuse_rivals(())
    with pytest.raises(RefusedError, match="flux-system/kustomize-controller"):
        refuse_rivals((Rival("flux-system", "kustomize-controller"),))
