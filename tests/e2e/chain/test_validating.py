"""Validation as the last door: what a job fetched in order to apply it goes through the gates too."""

from __future__ import annotations

import pytest
import yaml

from tests.e2e.chain.conftest import Project

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

REFUSED = 9


def demand(project: Project, **validation: object) -> None:
    """Write the settings with a validation block, or without."""
    file = project.folder / "gitless.yaml"
    settings = yaml.safe_load(file.read_text())
    settings.pop("validation", None)
    file.write_text(yaml.safe_dump(settings | ({"validation": validation} if validation else {})))


def broken(project: Project) -> dict[str, object]:
    return {**project.settings(), "dta": {"misspelt": "x"}}


def test_a_job_that_only_applies_validates_what_it_fetched(project: Project) -> None:
    project.write(broken(project))
    project.publish("--results-dir", "results")
    demand(project, gates=["schema"])

    refused = project.gitless("run", "--target", "staging", "--from", "apply", "--results-dir", "results")

    assert refused.code == REFUSED, refused
    assert "manifests.yaml\n  8: error schema-unknown-field" in refused.out
    assert "did you mean data?" in refused.out
    assert project.objects() == {}


def test_what_is_fine_is_validated_once_and_applied(project: Project) -> None:
    demand(project, gates=["schema", "cel", "lint"], kubernetes="1.37")
    project.write(project.settings())

    outcome = project.run("-o", "json")

    assert [stage["stage"] for stage in outcome.document["stages"]] == [
        "build", "validate", "package", "sign", "diff", "apply", "verify",
    ]  # fmt: skip
    assert set(project.objects()) == {"ConfigMap/settings"}


def test_definitions_can_be_taken_from_the_cluster(project: Project) -> None:
    crd = {
        "group": f"{project.name}.example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA}}],
    }
    name = f"widgets.{project.name}.example.com"
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": crd}
    (project.folder / "crd.yaml").write_text(yaml.safe_dump(definition | {"metadata": {"name": name}}))
    project.kubectl("apply", "-f", str(project.folder / "crd.yaml"))
    try:
        metadata = {"name": "a", "namespace": project.name}
        widget = {"apiVersion": f"{project.name}.example.com/v1", "kind": "Widget", "metadata": metadata}
        project.write({**widget, "spec": {"siez": 1}})

        outcome = project.gitless("validate", "manifests", "--gate", "schema", "--crd", "cluster")
    finally:
        project.kubectl("delete", "crd", name)

    assert outcome.code == REFUSED, outcome
    assert "spec.siez is no field of this kind; the API server would drop it" in outcome.out
    assert "did you mean size?" in outcome.out


_SCHEMA = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
}
