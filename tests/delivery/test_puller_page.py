import re
from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.model.flux.kustomization import read_kustomization
from pipeline.model.flux.oci_repository import read_oci_repository
from pipeline.model.trust.policy_reading import read_trust_policy
from tests.delivery.schema_table import PAGE

TEXT = (PAGE.parent / "puller.md").read_text()


def documents() -> Iterator[dict[str, Any]]:
    for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL):
        yield from yaml.safe_load_all(block)


def test_the_documented_objects_say_what_the_puller_understands() -> None:
    found = list(documents())

    assert {body["kind"] for body in found} == {"OCIRepository", "Kustomization", "ConfigMap"}
    for body in found:
        if body["kind"] == "ConfigMap":
            continue
        spec = (read_oci_repository if body["kind"] == "OCIRepository" else read_kustomization)(body)
        assert spec.interval >= 60


def test_the_documented_trust_policy_can_be_read() -> None:
    for body in (body for body in documents() if body["kind"] == "ConfigMap"):
        data = body["data"]
        policy = read_trust_policy(yaml.safe_load(data["policy.yaml"]), source="the page", read_file=data.__getitem__)
        assert not policy.is_empty
