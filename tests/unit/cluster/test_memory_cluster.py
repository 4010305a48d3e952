import pytest

from pipeline.errors import FieldConflictError
from pipeline.testing.cluster import MemoryCluster

BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}


def test_a_field_of_another_manager_conflicts_until_forced() -> None:
    cluster = MemoryCluster()
    cluster.apply_as("kubectl-edit", {**BODY, "data": {"color": "red"}})

    with pytest.raises(FieldConflictError) as caught:
        cluster.apply({**BODY, "data": {"color": "blue"}})
    answer = cluster.apply({**BODY, "data": {"color": "blue"}}, force=True)

    assert caught.value.conflicts == (("kubectl-edit", ".data.color"),)
    assert answer["data"] == {"color": "blue"}
    assert [entry["manager"] for entry in answer["metadata"]["managedFields"]] == ["gitless"]


def test_the_same_value_is_owned_together_and_stays_when_one_lets_go() -> None:
    cluster = MemoryCluster()
    cluster.apply_as("other", {**BODY, "data": {"color": "red"}})
    cluster.apply({**BODY, "data": {"color": "red", "size": "xl"}})

    answer = cluster.apply(BODY)

    assert answer["data"] == {"color": "red"}


def test_the_hook_sees_every_call_before_it_happens() -> None:
    cluster = MemoryCluster()

    def fail(operation: str, subject: str) -> None:
        raise RuntimeError(f"{operation} {subject}")

    cluster.before = fail

    with pytest.raises(RuntimeError, match="apply ConfigMap default/a"):
        cluster.apply(BODY)
    assert len(cluster.bodies()) == 1
