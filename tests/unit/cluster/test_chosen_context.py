from typing import Any

import pytest

from pipeline.clusters.kubernetes.chosen_context import complaint

CLUSTER = {"name": "c", "cluster": {"server": "https://127.0.0.1:6443"}}
USER = {"name": "u", "user": {"token": "t"}}


@pytest.mark.parametrize("server", ["https://a.example", "http://[::1]:80", "https://a.example:6443/base/path"])
def test_a_whole_context_is_fine(server: str) -> None:
    cluster = {"name": "c", "cluster": {"server": server}}

    assert complaint({"cluster": "c", "user": "u", "namespace": "shop"}, cluster, USER) is None
    assert complaint({"cluster": "c"}, cluster, None) is None
    assert complaint({"cluster": "c", "user": None, "namespace": None}, cluster, None) is None


@pytest.mark.parametrize(
    ("context", "cluster", "user", "says"),
    [
        ({"cluster": "c", "user": "u", "namespace": 7}, CLUSTER, USER, "its namespace is 7"),
        ({"cluster": "c", "user": "u", "namespace": "Bad Name"}, CLUSTER, USER, "its namespace is 'Bad Name'"),
        ({"cluster": 3}, CLUSTER, None, "its cluster is 3"),
        ({"cluster": "gone", "user": "u"}, None, USER, "there is no cluster 'gone'"),
        ({"cluster": "c", "user": "gone"}, CLUSTER, None, "there is no user 'gone'"),
        ({"cluster": "c"}, {"name": "c", "cluster": {}}, None, "cluster 'c' has no server"),
        ({"cluster": "c"}, {"name": "c", "cluster": {"server": ""}}, None, "cluster 'c' has no server"),
        ({"cluster": "c"}, {"name": "c", "cluster": {"server": 7}}, None, "a server that is no text"),
        ({"cluster": "c"}, {"name": "c", "cluster": "x"}, None, "is no mapping"),
        ({"cluster": "c"}, {"name": "c", "cluster": {"server": "https://[::1"}}, None, "is no address"),
        ({"cluster": "c"}, {"name": "c", "cluster": {"server": "a.example"}}, None, "expected an address such as"),
        ({"cluster": "c"}, {"name": "c", "cluster": {"server": "https://a:99999"}}, None, "is no address"),
    ],
)
def test_what_is_wrong_is_told_in_one_phrase(
    context: dict[str, Any], cluster: dict[str, Any] | None, user: dict[str, Any] | None, says: str
) -> None:
    assert says in (complaint(context, cluster, user) or "")


def test_a_password_in_a_server_is_not_shown() -> None:
    told = complaint({"cluster": "c"}, {"name": "c", "cluster": {"server": "ftp://me:hunter2@a.example"}}, None)

    assert told is not None
    assert "hunter2" not in told
