import pytest

from pipeline.model.flux.api import DEPLOYMENTS, SECRETS
from pipeline.model.installation.requirements import is_supported, right


@pytest.mark.parametrize(
    ("version", "supported"),
    [("v1.37.2", True), ("v1.31.0-gke.100", True), ("1.31", True), ("v1.30.9", False), ("v2.0.0", True), ("dev", None)],
)
def test_versions_are_compared_as_numbers(version: str, supported: bool | None) -> None:  # noqa: FBT001
    assert is_supported(version) is supported


def test_rights_are_named_as_kubectl_names_them() -> None:
    assert right("create", DEPLOYMENTS) == "create deployments.apps"
    assert right("get", SECRETS) == "get secrets"
