from __future__ import annotations

from typing import Any

from pipeline.model.manifests import Body
from pipeline.puller.keys import Key
from pipeline.puller.store import ObjectStore

KEY = Key("Kustomization", "shop", "web")


def _body(version: int, **rest: object) -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": "web", "resourceVersion": str(version), "managedFields": [{}]}
    return {"kind": "Kustomization", "metadata": metadata, **rest}


def _store() -> tuple[ObjectStore, list[tuple[Body | None, Body | None]]]:
    store = ObjectStore("Kustomization")
    seen: list[tuple[Body | None, Body | None]] = []
    store.on_change(lambda _key, before, after: seen.append((before, after)))
    return store, seen


def test_an_older_version_never_replaces_a_newer_one() -> None:
    store, seen = _store()
    store.put(_body(7, spec="new"))
    store.put(_body(5, spec="old"))

    found = store.get(KEY)
    assert found is not None
    assert found["spec"] == "new"
    assert len(seen) == 1


def test_a_late_answer_does_not_bring_a_deleted_object_back() -> None:
    store, _ = _store()
    store.put(_body(5))
    store.remove(KEY, 9)
    store.put(_body(8))

    assert store.get(KEY) is None
    store.put(_body(12))
    assert store.get(KEY) is not None


def test_an_old_deletion_does_not_remove_the_object_that_came_after_it() -> None:
    store, _ = _store()
    store.put(_body(12))
    store.remove(KEY, 9)

    assert store.get(KEY) is not None


def test_handlers_are_told_of_before_and_after() -> None:
    store, seen = _store()
    store.put(_body(1, spec="a"))
    store.put(_body(2, spec="b"))
    store.remove(KEY)

    assert [(b and b["spec"], a and a["spec"]) for b, a in seen] == [(None, "a"), ("a", "b"), ("b", None)]


def test_a_whole_list_removes_what_it_does_not_have() -> None:
    store, seen = _store()
    store.put(_body(1))
    store.replace_all([])

    assert store.keys() == ()
    assert seen[-1][1] is None


def test_managed_fields_are_not_kept() -> None:
    store, _ = _store()
    store.put(_body(1))

    found = store.get(KEY)
    assert found is not None
    assert "managedFields" not in found["metadata"]
