"""The manifests in ``examples/puller`` are taken by the API server as they are, and by the puller as they are meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import wiring
from pipeline.model.flux.kustomization import read_kustomization
from pipeline.model.flux.oci_repository import read_oci_repository
from pipeline.model.health.expressions import HealthRules
from pipeline.model.trust.policy_reading import read_trust_policy
from pipeline.ports import ApiServer
from tests.integration.installation.conftest import Kubectl

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "puller"
FILES = sorted(FOLDER.glob("*.yaml"))


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


@pytest.mark.cluster
@pytest.mark.tool
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_api_server_takes_every_example(served: ApiServer, kubectl: Kubectl, namespace: str, file: Path) -> None:
    placed = [{**body, "metadata": {**body["metadata"], "namespace": namespace}} for body in documents(file)]
    text = yaml.safe_dump_all(body for body in placed if body["kind"] != "Namespace")

    done = kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)

    assert done.stdout.count("serverside-applied (server dry run)") == sum(
        body["kind"] != "Namespace" for body in placed
    )
    assert "unknown field" not in done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_puller_understands_every_example(file: Path) -> None:
    expressions = wiring.expressions()
    for body in documents(file):
        if body["kind"] == "OCIRepository":
            assert read_oci_repository(body).url.startswith("oci://ghcr.io/acme/")
        elif body["kind"] == "ConfigMap" and "policy.yaml" in body["data"]:
            document = yaml.safe_load(body["data"]["policy.yaml"])
            wiring.check_trust_policy(read_trust_policy(document, source=file.name, read_file=None))
        elif body["kind"] == "Kustomization":
            spec = read_kustomization(body)
            HealthRules(spec.health_expressions, expressions).check()
            for dependency in spec.depends_on:
                expressions.check(dependency.ready_expr or "true", ("self", "dep"))


def test_every_kustomization_has_its_source_among_the_examples() -> None:
    bodies = [body for file in FILES for body in documents(file)]
    sources = {
        (body["metadata"]["namespace"], body["metadata"]["name"]) for body in bodies if body["kind"] == "OCIRepository"
    }

    wanted = {
        (spec.source.namespace, spec.source.name)
        for spec in (read_kustomization(body) for body in bodies if body["kind"] == "Kustomization")
    }

    assert wanted == sources
