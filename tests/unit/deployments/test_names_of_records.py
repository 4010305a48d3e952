import pytest

from pipeline.model.deployments.naming import cluster_of, deployed_tag


def test_a_tag_of_records_names_its_cluster() -> None:
    assert cluster_of(deployed_tag("production")) == "production"


@pytest.mark.parametrize("tag", ["production", "my-deployed-production", "1.0.0"])
def test_other_tags_name_none(tag: str) -> None:
    assert cluster_of(tag) is None
